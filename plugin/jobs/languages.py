"""The languages that texts come in: a catalog each, a JSON file in ``resources/i18n``.

A catalog has four parts: ``texts`` of dialogs; ``messages`` and ``reports``, which come with their
values written into them and are known again by the words around the values; and ``pieces``, words
that these take in. English is the key: what is not translated stays as it is.
"""

import json
import os
import re

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(_PACKAGE, "resources", "i18n")


def written_in(language):
    """The code of the language that texts come in: that of a catalog, or English, ``"en"``."""
    return next((name.replace("_", "-") for name, _ in _catalogs(language)), "en")


def read_catalog(language):
    """The parts of a language's catalog; an empty dict if there is none."""
    for _, path in _catalogs(language):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    return {}


def codes():
    """The codes of all languages that texts come in."""
    return ["en", *sorted(_files())]


def is_spoken(language):
    """Whether texts come in a language, in whatever way it is written."""
    is_english = not language or re.split(r"[-_.@]", language.lower())[0] in ("en", "c")
    return is_english or bool(_catalogs(language))


def _files():
    """Name of every catalog, such as ``zh_CN``."""
    names = os.listdir(FOLDER) if os.path.isdir(FOLDER) else []
    return [name[: -len(".json")] for name in names if name.endswith(".json")]


def _catalogs(language):
    known = {name.lower(): name for name in _files()}
    names = (known[name] for name in _names(language.lower()) if name in known)
    return [(name, os.path.join(FOLDER, name + ".json")) for name in names]


def _names(language):
    """Names of catalogs that serve a language, in small letters, the closest first."""
    parts = re.split(r"[-_.@]", language)
    if parts[0] == "zh":  # Traditional Chinese is another script
        simplified = {"", "cn", "sg", "hans"}
        return ("zh_cn",) if set(parts[1:]) & simplified or len(parts) == 1 else ()
    known = [part for part in parts if part.isalpha()]
    return tuple(dict.fromkeys(["_".join(known[:2]), *known[:1]]))

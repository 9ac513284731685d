"""Texts in the user's language, from a catalog of translations.

A catalog is a JSON file in ``resources/i18n`` with four parts: ``texts`` of dialogs; ``messages`` and
``reports``, which come with their values written into them and are known again by the words around
the values; and ``pieces``, words that these take in. English is the key: what is not translated stays
as it is.
"""

import functools
import json
import os
import re

from .text_patterns import patterns

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(_PACKAGE, "resources", "i18n")
_JOINTS = (": ", ". ", ", ")  # where a progress or an error is put together
_DEEPEST = 4


class Catalog:
    """Translations into one language.

    Parameters
    ----------
    texts, messages, pieces : dict, optional
        Translation by English text.
    """

    def __init__(self, texts=None, messages=None, pieces=None):
        self._texts, self._messages = texts or {}, messages or {}
        self._whole = {**(pieces or {}), **self._messages, **self._texts}
        self._patterns = patterns(self._messages)
        self._pieces = patterns(pieces or {})
        self.message = functools.lru_cache(maxsize=512)(self._translate_message)

    def text(self, english):
        """A text of a dialog in this language."""
        return self._texts.get(english) or self._whole.get(english) or english

    def _translate_message(self, said):
        """A message of a tool in this language, its values as they are."""
        if not said:
            return said
        return self._one(said, self._patterns) or self._in_parts(said) or said

    def _one(self, said, patterns, depth=0):
        if self._whole.get(said) or depth > 2 * _DEEPEST:
            return self._whole.get(said)
        for pattern in patterns:
            values = pattern.values(said)
            if values is not None:
                joined = any(": " in value for value in values.values())
                parts = self._in_parts(said, depth + 1, is_strict=True) if joined else None
                return parts or pattern.fill(values, lambda piece: self._piece(piece, depth + 1))
        return None

    def _piece(self, said, depth):
        """Words that a message took in; anything else, such as a name, stays as it is."""
        bare = said.strip()
        if not bare or depth > _DEEPEST:
            return said
        found = self._one(bare, self._pieces, depth) or self._one(bare, self._patterns, depth)
        return found or said

    def _in_parts(self, said, depth=0, is_strict=False):
        """Messages that were put together, such as ``Fold 1 of 3: Epoch 2 of 9``.

        If it is strict, all parts must be known.
        """
        if depth > _DEEPEST:
            return None
        for joint in _JOINTS:
            place = said.find(joint)
            while place > 0:
                head = said[: place + (joint == ". ")]
                first = self._one(head, self._patterns, depth + 1) or self._one(head, self._pieces)
                tail = said[place + len(joint) :]
                if first:
                    rest = self._one(tail, self._patterns, depth + 1) or self._in_parts(
                        tail, depth + 1
                    )
                    if rest or not is_strict:
                        return first + ("" if joint == ". " else joint) + (rest or tail)
                place = said.find(joint, place + 1)
        return None


@functools.lru_cache(maxsize=4)
def catalog(language):
    """The catalog of a language; an empty one if there is none.

    Parameters
    ----------
    language : str
        As QGIS names it, such as ``"zh_CN"``, ``"zh-Hans"`` or ``"de"``.
    """
    parts = read_catalog(language)
    return Catalog(*(parts.get(part) for part in ("texts", "messages", "pieces")))


def written_in(language):
    """The code of the language that texts come in: that of a catalog, or English, ``"en"``."""
    return next((name.replace("_", "-") for name, _ in _catalogs(language)), "en")


def read_catalog(language):
    """The parts of a language's catalog; an empty dict if there is none."""
    for _, path in _catalogs(language):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    return {}


def spoken():
    """The codes of all languages that texts come in."""
    return ["en", *sorted(_files())]


def is_spoken(language):
    """Whether texts come in a language, in whatever way it is written."""
    return re.split(r"[-_.@]", language.lower())[0] in ("en", "c", "") or bool(_catalogs(language))


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

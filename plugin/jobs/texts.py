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

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(_PACKAGE, "resources", "i18n")
_SLOT = re.compile(r"\{(\w+)\}")
_JOINTS = (": ", ". ", ", ")  # where a progress or an error is put together
_DEEPEST = 4
_END = re.compile(r"(?<=[.:;?!])\s+")  # of a sentence, or of a part of one
_TWO_SENTENCES = re.compile(r"[.?!:] [A-Z]")
# Letters around a name that tell for sure whose words they are, alone and in a sentence of ours.
_CLEAR, _SOME, _NEVER = 12, 6, 1000
_UNITS = {"dB", "GB", "MB", "MiB", "GiB", "km", "kB", "min", "mm", "px", "to"}
_LISTS = ("; ", ", ", "\n")
_SENTENCE_ENDS = (".", "?", "!", ":")


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
        self._patterns = _patterns(self._messages)
        self._pieces = _patterns(pieces or {})
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


class Pages:
    """Translations of reports, whose paragraphs are sentences put together.

    Parameters
    ----------
    translations : dict
        Translation by English text.
    """

    def __init__(self, translations=None):
        self._whole = {english: words for english, words in (translations or {}).items() if words}
        self._patterns = _patterns(self._whole)
        self.text = functools.lru_cache(maxsize=4096)(self._translate_text)
        self.word = functools.lru_cache(maxsize=4096)(self._translate_word)

    def _translate_text(self, said):
        """A title or paragraph in this language, sentence by sentence; values stay as they are."""
        known = self._known(said)
        if not known and not said.endswith(_SENTENCE_ENDS):
            known = self._listed(said, 0, any)
        return known or "\n".join(self._sentences(line) for line in said.split("\n"))

    def _translate_word(self, said):
        """What stands in a table or on an axis; a name of the user's stays as it is."""
        known = self._known(said, _CLEAR) or self._known(said.replace("\n", " "), _NEVER)
        return known or (self.text(said) if _TWO_SENTENCES.search(said) else said)

    def _sentences(self, line):
        if not self._whole:
            return line
        ends = [*(end.start() for end in _END.finditer(line)), len(line)]
        said, place = "", 0
        while place < len(line):
            ahead = [end for end in ends if end > place]
            parts = ((end, self._known(line[place:end])) for end in reversed(ahead))
            end, words = next(filter(lambda part: part[1], parts), (ahead[0], None))
            gap = "" if said[-1:] > "\u2fff" or not said else " "
            said += gap + (words or line[place:end])
            place = end + len(line[end:]) - len(line[end:].lstrip())
        return said

    def _known(self, said, letters=_SOME, depth=0):
        """The translation of one sentence or word; None if it is not ours.

        Where names stand between few of our letters, the whole may be a name: "Gulf of Mexico".
        """
        exact = self._whole.get(said) or self._whole.get(said[:1].upper() + said[1:])
        if exact or depth > _DEEPEST:
            return exact
        listed = self._listed(said, depth)
        if listed:
            return listed
        for pattern in self._patterns:
            values = pattern.values(said, self._whole)
            if values is None or any(map(_TWO_SENTENCES.search, values.values())):
                continue
            known = {name: self._known(value, _CLEAR, depth + 1) for name, value in values.items()}
            is_ours = all(known[name] or not _is_word(values[name]) for name in values)
            if is_ours or pattern.weight >= letters:
                return pattern.fill({name: known[name] or values[name] for name in values}, str)
        return self._chained(said) or self._measured(said)

    def _measured(self, said):
        """A word of ours with its value: "macro F1 0.93", "accuracy 91.7 to 95.1 %"."""
        for cut in (place for place, letter in enumerate(said) if letter == " "):
            known = None if _is_word(said[cut:]) else self._whole.get(said[:cut])
            if known:
                return known + said[cut:]
        return None

    def _chained(self, said):
        """Two of our texts with nothing between them."""
        bare = said.rstrip(".")
        for cut in range(1, len(bare)):
            if bare[cut:] in self._whole and bare[:cut] in self._whole:
                end = "。" if len(bare) < len(said) else ""
                return self._whole[bare[:cut]] + self._whole[bare[cut:]] + end
        return None

    def _listed(self, said, depth, enough=all):
        """A list of our own words and of numbers; None if there is any other word in it."""
        for joint in _LISTS:
            if joint in said:
                parts = said.split(joint)
                known = [self._known(part, _NEVER, depth + 1) for part in parts]
                if enough(words or not _is_word(part) for part, words in zip(parts, known)):
                    return joint.join(words or part for part, words in zip(parts, known))
        return None


def _is_word(value):
    """Whether a value may be a name: it says more than numbers with their units."""
    return any(word not in _UNITS for word in re.findall(r"[^\W\d_]{2,}", value))


class _Pattern:
    """A text with slots, found in what was said by the words between its values."""

    def __init__(self, english, translated):
        parts = _SLOT.split(english)
        self._words, self._names = parts[::2], parts[1::2]
        self._translated = translated
        self.weight = sum(map(len, self._words))

    def values(self, said, pieces=()):
        """Value by name of its slot, or None if something else was said.

        Of two slots with nothing between them, the second has the longest of the pieces.
        """
        first, last = self._words[0], self._words[-1]
        stop = len(said) - len(last)
        if stop < len(first) or not (said.startswith(first) and said.endswith(last)):
            return None
        values, place = [], len(first)
        for words, after in zip(self._words[1:-1], [*self._words[2:-1], ""]):
            end = said.find(after, place, stop) if after else stop
            found = said.find(words, place, stop) if words else _cut(said, place, end, pieces)
            if found < 0:
                return None
            values.append(said[place:found])
            place = found + len(words)
        return dict(zip(self._names, [*values, said[place:stop]]))

    def fill(self, values, translate):
        """The translation with the values; slots with a name take in pieces."""
        return _SLOT.sub(
            lambda slot: (
                values.get(slot[1], "") if slot[1].isdigit() else translate(values.get(slot[1], ""))
            ),
            self._translated,
        )


def _cut(said, place, end, pieces):
    """Where the longest of the pieces begins that ends at a place."""
    return next((cut for cut in range(place, end) if said[cut:end] in pieces), place)


def _patterns(translations):
    """Patterns of all translated texts with slots; those with most words first."""
    patterns = [
        _Pattern(*pair) for pair in translations.items() if pair[1] and _SLOT.search(pair[0])
    ]
    return sorted(patterns, key=lambda pattern: -pattern.weight)


@functools.lru_cache(maxsize=4)
def catalog(language):
    """The catalog of a language; an empty one if there is none.

    Parameters
    ----------
    language : str
        As QGIS names it, such as ``"zh_CN"``, ``"zh-Hans"`` or ``"de"``.
    """
    parts = _read(language)
    return Catalog(*(parts.get(part) for part in ("texts", "messages", "pieces")))


@functools.lru_cache(maxsize=4)
def pages(language):
    """The translations of reports into a language, as `catalog` takes it; none if there is none."""
    parts = _read(language).values()
    return Pages({english: words for part in parts for english, words in part.items()})


def written_in(language):
    """The code of the language that texts come in: that of a catalog, or English, ``"en"``."""
    return next((name.replace("_", "-") for name, _ in _catalogs(language)), "en")


def _read(language):
    for _, path in _catalogs(language):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    return {}


def _catalogs(language):
    paths = ((name, os.path.join(FOLDER, name + ".json")) for name in _names(language))
    return [(name, path) for name, path in paths if os.path.isfile(path)]


def _names(language):
    """Names of catalogs that serve a language, the closest first."""
    parts = re.split(r"[-_.@]", language)
    if parts[0] == "zh":  # Traditional Chinese is another script
        simplified = {"", "CN", "SG", "Hans"}
        return ("zh_CN",) if set(parts[1:]) & simplified or len(parts) == 1 else ()
    known = [part for part in parts if part.isalpha()]
    return tuple(dict.fromkeys(["_".join(known[:2]), *known[:1]]))

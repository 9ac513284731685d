"""Reports in the user's language: paragraphs, tables and figures, with names that stay as they are."""

import functools
import re

from .text_patterns import patterns
from .texts import read_catalog

_DEEPEST = 4
_END = re.compile(r"(?<=[.:;?!])\s+")  # of a sentence, or of a part of one
_TWO_SENTENCES = re.compile(r"[.?!:] [A-Z]")
# Letters around a name that tell for sure whose words they are, alone and in a sentence of ours.
_CLEAR, _SOME, _NEVER = 12, 6, 1000
_UNITS = {"dB", "GB", "MB", "MiB", "GiB", "km", "kB", "min", "mm", "px", "to"}
_LISTS = ("; ", ", ", "\n")
_SENTENCE_ENDS = (".", "?", "!", ":")


class Pages:
    """Translations of reports, whose paragraphs are sentences put together.

    Parameters
    ----------
    translations : dict
        Translation by English text.
    """

    def __init__(self, translations=None):
        self._whole = {english: words for english, words in (translations or {}).items() if words}
        self._patterns = patterns(self._whole)
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


@functools.lru_cache(maxsize=4)
def pages(language):
    """The translations of reports into a language, as `catalog` takes it; none if there is none."""
    parts = read_catalog(language).values()
    return Pages({english: words for part in parts for english, words in part.items()})

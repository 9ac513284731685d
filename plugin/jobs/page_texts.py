"""Messages and reports in the user's language: sentences and words, with names that stay."""

import functools
import re

from .languages import read_catalog
from .text_patterns import patterns

_DEEPEST, _MOST_PARTS, _FARTHEST = 3, 12, 6
_LONGEST, _LONGEST_WORD = 3000, 200  # letters; longer texts are nobody's sentence or name
_END = re.compile(r"(?<=[.:;?!])\s+")  # of a sentence, or of a part of one
_TWO_SENTENCES = re.compile(r"[.?!] +[A-Z\d“\"]|: [A-Z]")
# Letters around a name that tell for sure whose words they are, alone and in a sentence of ours.
_CLEAR, _SOME, _NEVER = 12, 6, 1000
_UNITS = {
    "dB", "GB", "MB", "MiB", "GiB", "km", "kB", "min", "mm", "px", "Mpx", "to", "e", "h", "m", "s",
    "x",
}  # fmt: skip
_LISTS = ("; ", ", ", "\n")
_SENTENCE_ENDS = (".", "?", "!", ":")
_QUOTED = re.compile('“[^“”]*”|"[^"]*"')
_HELD = "\ue000"  # stands for a name while the words around it are looked up; its number follows
_PLACE = re.compile(_HELD + r"(\d+)" + _HELD)


class Pages:
    """Translations of reports, whose paragraphs are sentences put together.

    Parameters
    ----------
    translations : dict
        Translation by English text.
    """

    def __init__(self, translations=None):
        known = (translations or {}).items()
        self._whole = {_plain(english): words for english, words in known if words}
        self._patterns = patterns(self._whole)
        self._ours = {quoted for english in self._whole for quoted in _QUOTED.findall(english)}
        self.text = functools.lru_cache(maxsize=4096)(self._translate_text)
        self.word = functools.lru_cache(maxsize=4096)(self._translate_word)

    def _translate_text(self, said):
        """A title or paragraph in this language, sentence by sentence; values stay as they are."""
        if not self._whole or len(said) > _LONGEST:
            return said
        bare, held = self._hold(_plain(said))
        known = self._known(bare)
        if not known and not bare.endswith(_SENTENCE_ENDS) and ": " not in bare:
            known = self._listed(bare, 0, any)
        return _give_back(known or "\n".join(map(self._sentences, bare.split("\n"))), held)

    def _translate_word(self, said):
        """What stands in a table or on an axis; a name of the user's stays as it is."""
        if not self._whole or not _is_word(said):
            return self._whole.get(_plain(said), said)
        if _TWO_SENTENCES.search(said):
            return self.text(said)
        if max(map(len, said.split("\n"))) > _LONGEST_WORD:
            return said
        bare, held = self._hold(_plain(said))
        known = self._known(bare, _CLEAR) or self._known(bare.replace("\n", " "), _NEVER)
        if not known and "\n" in said:
            return "\n".join(map(self.word, said.split("\n")))
        return _give_back(known, held) if known else said

    def _hold(self, said):
        """A text with the names between quotes held back, and these."""
        held = []

        def place(quoted):
            if quoted[0] in self._ours:
                return quoted[0]
            held.append(quoted[0][1:-1])
            return f"{quoted[0][0]}{_HELD}{len(held) - 1}{_HELD}{quoted[0][-1]}"

        return _QUOTED.sub(place, said), held

    def _sentences(self, line):
        ends = [*(end.start() for end in _END.finditer(line)), len(line)]
        said, place = "", 0
        while place < len(line):
            ahead = [end for end in ends if end > place][:_FARTHEST]
            parts = ((end, self._clause(line[place:end])) for end in reversed(ahead))
            end, words = next(filter(lambda part: part[1], parts), (ahead[0], None))
            gap = "" if said[-1:] > "\u2fff" or not said else " "
            said += gap + (words or line[place:end])
            place = end + len(line[end:]) - len(line[end:].lstrip())
        return said

    def _clause(self, said):
        """The translation of a sentence, or of what stands before a colon."""
        before = self._known(said[:-1]) if said.endswith(":") else None
        return before + "：" if before else self._known(said)

    def _known(self, said, letters=_SOME, depth=0):
        """The translation of one sentence or word; None if it is not ours.

        Where names stand between few of our letters, the whole may be a name: "Gulf of Mexico".
        """
        exact = self._exact(said)
        if exact or depth > _DEEPEST:
            return exact
        return (
            self._listed(said, depth)
            or self._matched(said, letters, depth)
            or self._chained(said)
            or self._measured(said)
        )

    def _exact(self, said):
        """A whole text of ours, at the beginning of a sentence or inside one."""
        for way in (said, said[:1].upper() + said[1:], said[:1].lower() + said[1:]):
            if way in self._whole:
                return self._whole[way]
        return None

    def _matched(self, said, letters, depth):
        for pattern in self._patterns:
            values = pattern.values(said, self._is_piece)
            if values is None or any(map(_TWO_SENTENCES.search, values.values())):
                continue
            known = {name: self._value(name, values[name], depth + 1) for name in values}
            is_ours = all(known[name] or not _is_word(values[name]) for name in values)
            clear = pattern.weight + sum(
                len(values[n]) for n in known if known[n] and not n.isdigit()
            )
            if is_ours or clear >= letters:
                return pattern.fill({name: known[name] or values[name] for name in values})
        return None

    def _value(self, name, said, depth):
        """The translation of what stands in a slot; one word in a slot without a name is a name."""
        bare = said.strip()
        if name.isdigit() and (not _is_word(bare) or " " not in bare):
            return None
        return self._known(bare, _CLEAR, depth)

    def _is_piece(self, said):
        return self._exact(said.strip()) is not None or (
            len(said) < _LONGEST_WORD and self._matched(said.strip(), _NEVER, _DEEPEST) is not None
        )

    def _named(self, said):
        """Words of ours around a name that is held back: 'the type "blast"'."""
        return self._matched(said, _NEVER, _DEEPEST) if _HELD in said else None

    def _measured(self, said):
        """A word of ours with its value: "macro F1 0.93", "0.3 (not given)"."""
        for cut in (place for place, letter in enumerate(said) if letter == " "):
            first, last = said[:cut], said[cut + 1 :]
            ours = None if _is_word(last) else self._exact(first) or self._named(first)
            if ours:
                return f"{ours} {last}"
            if not _is_word(first) and self._exact(last):
                return f"{first} {self._exact(last)}"
        return None

    def _chained(self, said):
        """A text of ours with its full stop, or two with nothing between them."""
        bare = said.rstrip(".")
        end = "。" if len(bare) < len(said) else ""
        if end and bare in self._whole:
            return self._whole[bare] + end
        for cut in range(1, len(bare)):
            if bare[cut:] in self._whole and bare[:cut] in self._whole:
                return self._whole[bare[:cut]] + self._whole[bare[cut:]] + end
        return None

    def _listed(self, said, depth, enough=all):
        """A list of our own words and of numbers; None if there is any other word in it."""
        for joint in _LISTS:
            parts = said.split(joint)
            if not 1 < len(parts) <= _MOST_PARTS:
                continue
            known = (self._known(part, _NEVER, depth + 1) for part in parts)
            said_in_parts = _all_or_none(parts, known) if enough is all else [*known]
            if said_in_parts and any(said_in_parts):
                return joint.join(words or part for part, words in zip(parts, said_in_parts))
        return None


def _all_or_none(parts, known):
    """The translations of all parts that are words; None as soon as one is not known."""
    found = []
    for part, words in zip(parts, known):
        if words is None and _is_word(part):
            return None
        found.append(words)
    return found


def _plain(said):
    return said.replace("\u00a0", " ")


def _give_back(said, held):
    return _PLACE.sub(lambda place: held[int(place[1])], said)


def _is_word(value):
    """Whether a value may be a name: it says more than numbers with their units."""
    return any(word not in _UNITS for word in re.findall(r"[^\W\d_]+", _PLACE.sub("", value)))


@functools.lru_cache(maxsize=4)
def pages(language):
    """The translations of reports into a language, as `texts.catalog` takes it; none if none is there.

    Of the dialogs' texts only labels belong there: a tag of a tool may be the name of a class.
    """
    known = dict(read_catalog(language))
    labels = known.pop("texts", {})
    known["labels"] = {english: words for english, words in labels.items() if english[:1].isupper()}
    return Pages({english: words for part in known.values() for english, words in part.items()})

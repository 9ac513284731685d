"""Texts with slots, known again by the words around their values."""

import re

SLOT = re.compile(r"\{(\w+)\}")


class Pattern:
    """A text with slots, found in what was said by the words between its values."""

    def __init__(self, english, translated):
        parts = SLOT.split(english)
        self._words, self._names = parts[::2], parts[1::2]
        self._translated = translated
        # A slot without a name at the end of a word is the s of many.
        before = zip(self._words, self._names)
        self._plurals = [words[-1:].islower() and name.isdigit() for words, name in before]
        self.weight = sum(map(len, self._words))

    def values(self, said, is_piece):
        """Value by name of its slot, or None if something else was said.

        Of two slots with nothing between them, the second has the longest text that is a piece.
        """
        first, last = self._words[0], self._words[-1]
        stop = len(said) - len(last)
        if stop < len(first) or not (said.startswith(first) and said.endswith(last)):
            return None
        values, place = [], len(first)
        for words, after in zip(self._words[1:-1], [*self._words[2:-1], ""]):
            end = said.find(after, place, stop) if after else stop
            found = said.find(words, place, stop) if words else _cut(said, place, end, is_piece)
            if found < 0:
                return None
            values.append(said[place:found])
            place = found + len(words)
        values.append(said[place:stop])
        if any(value not in ("", "s") for value, one in zip(values, self._plurals) if one):
            return None
        return dict(zip(self._names, values))

    def fill(self, values):
        """The translation with the values in its slots."""
        return SLOT.sub(lambda slot: values.get(slot[1], ""), self._translated)


def _cut(said, place, end, is_piece):
    """Where the longest piece begins that ends at a place."""
    starts = (cut for cut in range(place, end) if not said[cut].isalnum() and said[cut] not in ".%")
    return next((cut for cut in starts if is_piece(said[cut:end])), place)


def patterns(translations):
    """Patterns of all translated texts with slots; those with most words first."""
    found = [Pattern(*pair) for pair in translations.items() if pair[1] and SLOT.search(pair[0])]
    return sorted(found, key=lambda pattern: -pattern.weight)

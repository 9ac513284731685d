"""Texts with slots, known again by the words around their values."""

import re

SLOT = re.compile(r"\{(\w+)\}")


class Pattern:
    """A text with slots, found in what was said by the words between its values."""

    def __init__(self, english, translated):
        parts = SLOT.split(english)
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
        return SLOT.sub(
            lambda slot: (
                values.get(slot[1], "") if slot[1].isdigit() else translate(values.get(slot[1], ""))
            ),
            self._translated,
        )


def _cut(said, place, end, pieces):
    """Where the longest of the pieces begins that ends at a place."""
    return next((cut for cut in range(place, end) if said[cut:end] in pieces), place)


def patterns(translations):
    """Patterns of all translated texts with slots; those with most words first."""
    found = [Pattern(*pair) for pair in translations.items() if pair[1] and SLOT.search(pair[0])]
    return sorted(found, key=lambda pattern: -pattern.weight)

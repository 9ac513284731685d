"""Texts in the user's language: those of dialogs, and what a tool says while it works."""

import functools

from .languages import read_catalog
from .page_texts import Pages


class Catalog:
    """Translations into one language.

    Parameters
    ----------
    texts, messages, pieces : dict, optional
        Translation by English text.
    """

    def __init__(self, texts=None, messages=None, pieces=None):
        self._whole = {**(pieces or {}), **(messages or {}), **(texts or {})}
        self._messages = Pages(self._whole)

    def text(self, english):
        """A text of a dialog in this language."""
        return self._whole.get(english) or english

    def message(self, said):
        """A message of a tool in this language, its values as they are."""
        return self._messages.text(said) if said else said


@functools.lru_cache(maxsize=4)
def catalog(language):
    """The catalog of a language; an empty one if there is none.

    Parameters
    ----------
    language : str
        As QGIS names it, such as ``"zh_CN"``, ``"zh-Hans"`` or ``"de"``.
    """
    parts = read_catalog(language)
    messages = {**parts.get("reports", {}), **parts.get("messages", {})}
    return Catalog(parts.get("texts"), messages, parts.get("pieces"))

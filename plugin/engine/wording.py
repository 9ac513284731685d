"""The language in which a job's report is written.

The engine says everything in English; QGIS translates what arrives there. A report does not pass
through QGIS, so its texts are translated as they are put on the page.
"""

from contextlib import contextmanager

from ..jobs.languages import written_in
from ..jobs.page_texts import pages

_now, _names = "", frozenset()


@contextmanager
def spoken(language):
    """Write the reports of a job in a language, named as `texts.catalog` takes it."""
    global _now, _names
    before, (_now, _names) = (_now, _names), (language, frozenset())
    try:
        yield
    finally:
        _now, _names = before


def keep(names):
    """Keep names of the user's, such as those of classes and bands, as they are from now on."""
    global _names
    _names |= {str(name) for name in names}


def language():
    """The code of the language of the report, for a page: ``"en"``, ``"zh-CN"``."""
    return written_in(_now)


def say(text):
    """A title, sentence or paragraph in the language of the report; its values stay."""
    return text if text in _names else pages(_now).text(str(text))


def word(text):
    """What stands in a table or on an axis, where names of the user's stand too."""
    text = str(text)
    places = [
        0,
        *(place + 1 for place, letter in enumerate(text) if letter in " \n"),
        len(text) + 1,
    ]
    for cut in places:
        first, last = text[: max(cut - 1, 0)], text[cut:]
        if last in _names:
            return _beside(first, text[len(first) : cut]) + last
        if first in _names:
            return first + text[len(first) : cut] + _beside(last)
    return pages(_now).word(text)


def _beside(text, gap=""):
    """What stands before or after a name: a number, or words of ours."""
    return (word(text) if text else "") + gap

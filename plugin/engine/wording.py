"""The language in which a job's report is written.

The engine says everything in English; QGIS translates what arrives there. A report does not pass
through QGIS, so its texts are translated as they are put on the page.
"""

from contextlib import contextmanager

from ..jobs.page_texts import pages
from ..jobs.texts import written_in

_now = ""


@contextmanager
def spoken(language):
    """Write the reports of a job in a language, named as `texts.catalog` takes it."""
    global _now
    before, _now = _now, language
    try:
        yield
    finally:
        _now = before


def language():
    """The code of the language of the report, for a page: ``"en"``, ``"zh-CN"``."""
    return written_in(_now)


def say(text):
    """A title, sentence or paragraph in the language of the report; its values stay."""
    return pages(_now).text(str(text))


def word(text):
    """What stands in a table or on an axis, where names of the user's stand too."""
    return pages(_now).word(str(text))

"""The language in which a job's report is written.

The engine says everything in English; QGIS translates what arrives there. A report does not pass
through QGIS, so its texts are translated as they are put on the page.
"""

import re
from contextlib import contextmanager

from ..jobs.languages import written_in
from ..jobs.page_texts import pages

_GAP = re.compile(r"[ \n]")
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
    _names |= {str(name) for name in names if name}


def language():
    """The code of the language of the report, for a page: ``"en"``, ``"zh-CN"``."""
    return written_in(_now)


def say(text):
    """A title, sentence or paragraph in the language of the report; its values stay."""
    return text if text in _names else pages(_now).text(str(text))


def word(text):
    """What stands in a table or on an axis, where names of the user's stand too.

    A name may have a number or words of ours before or after it.
    """
    text = str(text)
    if text in _names:
        return text
    for gap in _GAP.finditer(text) if _names else ():
        first, last = text[: gap.start()], text[gap.end() :]
        if last in _names:
            return word(first) + gap[0] + last
        if first in _names:
            return first + gap[0] + word(last)
    return pages(_now).word(text)

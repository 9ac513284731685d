"""Where the documentation explains an error, and who is told of one."""

import re
from html import escape

from .translation import tr

PAGE = "https://github.com/deep-geology/deep-geology/blob/main/docs/troubleshooting.md"
# Sections of that page by words of an error, the first that fits; else the data are the cause.
_SECTIONS = (
    ("the-engine", r"\bengine|\bpip\b|proxy|libraries|Python|Prepare|download"),
    ("while-a-tool-runs", r"memory|graphics card|device|CUDA|disk|space|ended by|checkpoint"),
)
_DATA = "data"

# Called with the algorithm's id, what was found, and the address that explains it; the desktop's
# listener brings it to the main thread itself.
LISTENERS = []


def address(error):
    """The address of the section that explains an error.

    Parameters
    ----------
    error : JobError

    Returns
    -------
    str
    """
    said = re.sub(r'"[^"]*"', "", f"{error.found} {error.remedy}")  # names tell nothing
    found = (name for name, words in _SECTIONS if re.search(words, said, re.IGNORECASE))
    return f"{PAGE}#{next(found, _DATA)}"


def explain(algorithm, error, found, feedback):
    """Tell the log, and who listens, where an error is explained.

    QGIS 3.36 and newer make the line in the log a link; a button in the dialog opens it everywhere.

    Parameters
    ----------
    algorithm : str
        The algorithm's id.
    error : JobError
    found : str
        What was found, in the user's language.
    feedback : QgsProcessingFeedback
    """
    place = address(error)
    text = f"{tr('When something does not work')}: {place}"
    if hasattr(feedback, "pushFormattedMessage"):
        words = escape(tr("When something does not work"))
        feedback.pushFormattedMessage(f'<a href="{escape(place)}">{words}</a>', text)
    else:
        feedback.pushInfo(text)
    for listener in LISTENERS:
        listener(algorithm, found, place)

"""The errors that a user may see, in the words they see."""

import re

# A value of a script may be a whole book; a path is seldom as long as this.
_LONG_VALUE = re.compile(r'"([^"]{300})[^"]{100,}"')


class JobError(Exception):
    """A job cannot be done: what was found, and what the user can do about it.

    Parameters
    ----------
    found : str
        What is the value and which rule it breaks, with the user's own names in it.
    remedy : str
        One instruction that mends it.
    trace : str
        A technical trace for the log, never shown as the message.
    """

    def __init__(self, found, remedy="", trace=""):
        super().__init__(found, remedy)
        self.found = _LONG_VALUE.sub(r'"\1 ..."', found)
        self.remedy = remedy
        self.trace = trace

    def __str__(self):
        return f"{self.found} {self.remedy}".strip()


class Stopped(Exception):
    """The job was cancelled by the user."""

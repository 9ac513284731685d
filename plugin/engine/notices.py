"""Sentences for the log from depths that no progress reaches, such as a halved batch."""

import sys

_heard = {"say": None, "told": set()}


def send_to(say):
    """Let all that follows be told to `say`, a callable that takes a text; each text once."""
    _heard.update(say=say, told=set())


def tell(text):
    """Tell a sentence to the log of the job that is at work, if it was not told before."""
    if text in _heard["told"]:
        return
    _heard["told"].add(text)
    if _heard["say"] is None:
        print(text, file=sys.stderr)
    else:
        _heard["say"](text)

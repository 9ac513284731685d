"""Sentences for the log from depths that no progress reaches, such as a halved batch."""

import sys

_heard = {"say": None, "warn": None, "told": set()}


def send_to(say, warn=None):
    """Let all that follows be told to callables that take a text; each text once.

    Parameters
    ----------
    say, warn : callable
        Takes notes, and warnings; warnings are notes if `warn` is not given.
    """
    _heard.update(say=say, warn=warn or say, told=set())


def tell(text):
    """Tell a sentence to the log of the job that is at work, if it was not told before."""
    _send("say", text)


def warn(text):
    """Warn the user of the job that is at work, if it was not told before."""
    _send("warn", text)


def _send(kind, text):
    if text in _heard["told"]:
        return
    _heard["told"].add(text)
    if _heard[kind] is None:
        print(text, file=sys.stderr)
    else:
        _heard[kind](text)

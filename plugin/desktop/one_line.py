"""Texts for QGIS's message bar, which is one line high: what is longer is in the tooltip."""

import re
import unicodedata

LONGEST = 80  # letters beside two buttons, in a window that is 1360 pixels wide


def create_message(bar, title, text):
    """A message for a bar, not shown yet; its tooltip has the whole text.

    Parameters
    ----------
    bar : QgsMessageBar
    title, text : str

    Returns
    -------
    QgsMessageBarItem
    """
    message = bar.createMessage(title, one_line(text))
    message.setToolTip(text)
    return message


def one_line(text):
    """The first sentences of a text that fit into a line, with the names of files for their paths."""
    short = re.sub(r'"[^"]*[\\/]([^"\\/]+)[\\/]?"', r'"\1"', text)
    first, *others = re.split(r"(?<=[.!?]) +|(?<=。) *(?=.)", short)
    if _width(first) > LONGEST:
        return _cut(first)
    for sentence in others:
        joined = short[: short.index(sentence, len(first)) + len(sentence)]
        if _width(joined) > LONGEST:
            break
        first = joined
    return first


def _cut(text):
    """As much of a text as fits, with whole words where it has such."""
    end = next(n for n in range(len(text) + 1) if _width(text[: n + 1]) >= LONGEST)
    head, space, _ = text[:end].rpartition(" ")
    return (head if space and len(head) > end / 2 else text[:end]) + "…"


def _width(text):
    """Letters, of which Chinese ones are twice as wide."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)

"""The help of an algorithm: it reads well as HTML in the dialog and as plain text elsewhere."""

import os

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QUrl

from ..plugin.jobs.declare import declared
from .parameters import explanation
from .translation import tr

PICTURES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "resources", "help")


def short_help(job, about, example, following=(), picture=""):
    """What an algorithm does, what it needs, what it gives, and an example.

    QGIS makes a paragraph of every line in the dialog; ``qgis_process help`` prints the lines.

    Parameters
    ----------
    job : type
        The job's dataclass.
    about : str
    example : str
        As `console_example` makes it.
    following : sequence of str
        Names of the tools that one may want next.
    picture : str
        A line with a picture, as `help_picture` makes it.

    Returns
    -------
    str
    """
    parts = declared(job)
    asked = [part for part in parts if part.is_input and not part.advanced]
    given = [part for part in parts if not part.is_input]
    lines = [about, picture] if picture else [about]
    lines += ["", tr("Inputs:"), *map(_line, asked), "", tr("Outputs:")]
    lines += [*map(_line, given), ""]
    if following:
        lines += [tr("Next:"), tr("{}.").format(tr(", ").join(map(tr, following))), ""]
    lines += [tr("In the Python console of QGIS:"), example]
    return "\n".join(lines)


def help_picture(job_name):
    """A line that shows what a tool makes, in the desktop's dialogs; else, or without one, empty."""
    path = os.path.join(PICTURES, job_name + ".png")
    if QgsApplication.platform() != "desktop" or not os.path.isfile(path):
        return ""
    return f'<img src="{bytes(QUrl.fromLocalFile(path).toEncoded()).decode()}">'


def console_example(name, parameters):
    """Two lines that run an algorithm when they are pasted into QGIS's Python console.

    A file's name stands for its full path.

    >>> print(console_example("describemodel", {"MODEL": "rocks.safetensors"}))
    import processing
    processing.run("deepgeology:describemodel", {"MODEL": "rocks.safetensors"})
    """
    values = ", ".join(f'"{key}": {_quoted(value)}' for key, value in parameters.items())
    return f'import processing\nprocessing.run("deepgeology:{name}", {{{values}}})'


def _quoted(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _line(part):
    name, words = part.name.upper(), tr(part.label)
    if not part.help:
        return tr("{} ({}).").format(words, name)
    return tr("{} ({}): {}").format(words, name, explanation(part))

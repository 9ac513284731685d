"""Translate what a user reads into the language of QGIS."""

from qgis.core import QgsApplication

from ..plugin.jobs.errors import JobError
from ..plugin.jobs.texts import catalog


def language():
    """The language of QGIS, such as ``"zh_CN"``; that of reports too."""
    return QgsApplication.locale()


def tr(text):
    """Translate a text of the plugin; English where the catalog has none."""
    return catalog(language()).text(text)


def said(text):
    """Translate a message that a tool or the engine has put together; its values stay."""
    return catalog(language()).message(text)


def error_text(error):
    """What an error says, translated: what was found, and the remedy."""
    if not isinstance(error, JobError):
        return said(str(error))
    return " ".join(filter(None, (said(error.found), said(error.remedy))))

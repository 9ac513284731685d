"""Translate what a user reads."""

from qgis.PyQt.QtCore import QCoreApplication


def tr(text):
    """Translate a text of the plugin; its context in the translation files is DeepGeology."""
    return QCoreApplication.translate("DeepGeology", text)

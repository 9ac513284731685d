"""What a model is, in QGIS's message bar, with buttons for what can be done with it."""

from qgis.PyQt.QtWidgets import QPushButton

from ...algorithms.model_facts import facts, title
from ...algorithms.model_tools import tools_for
from ...algorithms.translation import tr
from .dialogs import open_tool


def show_model(bar, path, card):
    """Show a model.

    Parameters
    ----------
    bar : QgsMessageBar
    path : str
    card : ModelCard

    Returns
    -------
    QgsMessageBarItem
    """
    known = facts(card)
    text = tr("A model for {}").format(tr(card.task)) + (f": {known}." if known else ".")
    message = bar.createMessage(title(path), text)
    for tool in tools_for(card):
        _add_button(message, bar, tool.displayName(), tool.name(), path)
    _add_button(message, bar, tr("Describe model"), "describemodel", path)
    bar.pushWidget(message)
    return message


def _add_button(message, bar, text, name, path):
    button = QPushButton(text + "…", message)

    def open_it():
        bar.popWidget(message)
        open_tool(name, {"MODEL": path})

    button.clicked.connect(open_it)
    message.layout().addWidget(button)

"""What a model is, in QGIS's message bar, with buttons for what can be done with it."""

from qgis.PyQt.QtWidgets import QMenu, QPushButton

from ...algorithms.model_facts import facts, title
from ...algorithms.model_tools import tools_for
from ...algorithms.translation import tr
from .dialogs import closing, open_tool
from .one_line import create_message


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
    text, known = tr("A model for {}").format(tr(card.task)), facts(card)
    text = tr("{}. {}.").format(text, known) if known else tr("{}.").format(text)
    message = create_message(bar, title(path), text)
    _add_tools(message, bar, tools_for(card), path)
    describe = QPushButton(tr("Describe model…"), message)
    describe.clicked.connect(_opening(message, bar, "describemodel", path))
    message.layout().addWidget(describe)
    bar.pushWidget(message)
    return message


def _add_tools(message, bar, tools, path):
    """One button whose menu has the tools that take the model."""
    button, menu = QPushButton(tr("Use in"), message), QMenu(message)
    for tool in tools:
        opens = menu.addAction(tool.icon(), tool.displayName() + "…")
        opens.triggered.connect(_opening(message, bar, tool.name(), path))
    button.setMenu(menu)
    if tools:
        message.layout().addWidget(button)


def _opening(message, bar, name, path):
    return closing(bar, message, lambda: open_tool(name, {"MODEL": path}))

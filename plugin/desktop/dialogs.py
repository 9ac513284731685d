"""Open the dialog of a tool, and close the message whose button did it."""

from qgis.PyQt.QtCore import Qt, QTimer


def open_tool(name, parameters=None, parent=None):
    """Open the dialog of an algorithm; it stays open beside QGIS's main window.

    Parameters
    ----------
    name : str
        Of the provider's algorithm, such as ``"describemodel"``.
    parameters : dict, optional
        What is filled in.
    parent : QWidget, optional
        The window that it belongs to, if not QGIS's.

    Returns
    -------
    QDialog
    """
    import processing

    dialog = processing.createAlgorithmDialog("deepgeology:" + name, parameters or {})
    if parent is not None:
        dialog.setParent(parent, dialog.windowFlags())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    return dialog


def closing(bar, message, act):
    """A slot for a button of a message: it closes the message, then acts.

    Both come after the click, since closing deletes the button. Somebody must hold `bar`: else
    Python takes bar, message and slot for garbage, and QGIS crashes at the click.

    Parameters
    ----------
    bar : QgsMessageBar
    message : QgsMessageBarItem
    act : callable

    Returns
    -------
    callable
    """

    def close_and_act():
        bar.popWidget(message)
        act()

    return lambda *_: QTimer.singleShot(0, close_and_act)

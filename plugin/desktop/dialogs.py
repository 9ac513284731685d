"""Open the dialog of a tool."""

from qgis.PyQt.QtCore import Qt


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

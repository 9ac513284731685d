"""What the sample project has to show: groups of layers to go to, and reports to open."""

import os

from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QMenu, QPushButton

from ...algorithms.translation import tr

_MARGIN = 1.15  # the message bar covers the upper edge of the map


def add_sights(message, canvas, groups):
    """Give a message a button whose menu goes to groups of layers.

    Parameters
    ----------
    message : QgsMessageBarItem
    canvas : QgsMapCanvas
    groups : sequence of str
        Names of groups in the project, the samples left out.
    """
    actions = [(name, lambda *_, name=name: go_to(canvas, name, groups)) for name in groups]
    _add_menu(message, tr("Go to"), actions)


def add_reports(message, reports):
    """Give a message a button whose menu opens reports and the folder of the first of them.

    Parameters
    ----------
    message : QgsMessageBarItem
    reports : dict
        Path by title; those that are not there are left out.
    """
    there = [(title, path) for title, path in reports.items() if os.path.exists(path)]
    if there:
        there.append((tr("Folder with all files"), os.path.dirname(there[0][1])))
    actions = [(title, lambda *_, path=path: _open(path)) for title, path in there]
    _add_menu(message, tr("Reports"), actions)


def go_to(canvas, name, groups):
    """Show one of some groups alone, unfolded, with the map in the reference system of its layers."""
    root = QgsProject.instance().layerTreeRoot()
    for group in filter(None, map(root.findGroup, groups)):
        group.setItemVisibilityChecked(group.name() == name)
        unfold(group, group.name() == name)
    layers = _layers(root.findGroup(name))
    if layers:
        QgsProject.instance().setCrs(layers[0].crs())
        canvas.setDestinationCrs(layers[0].crs())
        canvas.setExtent(_extent(canvas, layers))
        canvas.refresh()


def unfold(group, is_unfolded=True):
    """Unfold a group and the legends of its layers, or fold them."""
    for node in (group, *group.findLayers()):
        # A new node says that it is unfolded, although the panel shows it folded.
        node.setExpanded(not is_unfolded)
        node.setExpanded(is_unfolded)


def _layers(group):
    return [node.layer() for node in group.findLayers() if node.layer()] if group else []


def _extent(canvas, layers):
    extent, settings = QgsRectangle(), canvas.mapSettings()
    for layer in layers:
        extent.combineExtentWith(settings.layerExtentToOutputExtent(layer, layer.extent()))
    extent.scale(_MARGIN)
    return extent


def _add_menu(message, text, actions):
    if not actions:
        return
    button, menu = QPushButton(text, message), QMenu(message)
    for title, act in actions:
        menu.addAction(title).triggered.connect(act)
    button.setMenu(menu)
    message.layout().addWidget(button)


def _open(path):
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))

"""The layers of one run in a group of their own in QGIS's layer panel."""

import time
from collections import deque

from qgis.core import QgsProcessingContext, QgsProcessingLayerPostProcessorInterface

# QGIS keeps no reference to a Python post-processor; it is needed until the layer is loaded.
_KEPT = deque(maxlen=1000)
# QGIS 3.32 puts layers into a group by its name.
_PLACE = "deep_geology_place"
_RUN = "deep_geology_run"
_HAS_GROUPS = hasattr(QgsProcessingContext.LayerDetails, "groupName")


def group_on_load(context, results, title):
    """Let QGIS put the layers of a run into a group, if it loads more than one.

    Parameters
    ----------
    context : QgsProcessingContext
    results : dict
        Outputs of the run by name, styles set.
    title : str
        Of the algorithm; the time of day is added, so that every run has its own group.
    """
    loaded = [
        value
        for value in results.values()
        if isinstance(value, str) and value and context.willLoadLayerOnCompletion(value)
    ]
    name = f"{title} {time.strftime('%H:%M:%S')}" if len(loaded) > 1 else ""
    for place, layer_id in enumerate(loaded):
        details = context.layerToLoadOnCompletionDetails(layer_id)
        if not _HAS_GROUPS:
            grouper = _Grouper(details.postProcessor(), name, place)
            _KEPT.append(grouper)
            details.setPostProcessor(grouper)
        elif name:
            details.groupName = name


def run_group(root, name, index):
    """The group of a run; it is made if it is not there.

    Parameters
    ----------
    root : QgsLayerTree
    name : str
    index : int
        Where it is made, from above.

    Returns
    -------
    QgsLayerTreeGroup
    """
    group = root.findGroup(name)
    if group is None:
        group = root.insertGroup(index, name)
        group.setCustomProperty(_RUN, True)
    return group


class _Grouper(QgsProcessingLayerPostProcessorInterface):
    """Lets a layer be styled, then moves it into the group, where it lies.

    QGIS puts a new layer beside the current one, which may lie in any group: that of this run, of
    one before it, or one of the user's. The group of a run is made at the top of the layer tree.

    Parameters
    ----------
    before : QgsProcessingLayerPostProcessorInterface or None
        What the layer went through without the group.
    name : str
        Of the group; empty for a layer that needs none.
    place : int
        In the group, from above: layers come in any order.
    """

    def __init__(self, before, name, place):
        super().__init__()
        self._before, self._name, self._place = before, name, place

    def postProcessLayer(self, layer, context, feedback):
        if self._before is not None:
            self._before.postProcessLayer(layer, context, feedback)
        project = context.project()
        node = project.layerTreeRoot().findLayer(layer.id()) if project and layer else None
        if node is not None:
            self._move(project.layerTreeRoot(), node)

    def _move(self, root, node):
        group = run_group(root, self._name, 0) if self._name else None
        parent, index = _outside(node)
        if group is None and node.parent() == parent:
            return
        moved, old = node.clone(), node.parent()
        moved.setCustomProperty(_PLACE, self._place)
        if group is None:
            parent.insertChildNode(index, moved)
        else:
            group.insertChildNode(_index_in(group, self._place, node), moved)
        old.removeChildNode(node)  # last: QGIS drops a layer that is nowhere in the tree


def _index_in(group, place, node):
    """Where a layer goes in the group by its place; its node may still lie there."""
    nodes = group.children()
    above = sum(int(one.customProperty(_PLACE, 0)) < place for one in nodes if one != node)
    return above + (node in nodes and nodes.index(node) < above)


def _outside(node):
    """Where a layer lies, outside of the groups of runs: the group, and the place in it."""
    parent = node.parent()
    while parent.customProperty(_RUN):
        node, parent = parent, parent.parent()
    return parent, parent.children().index(node)

"""The layers of one run in a group of their own in QGIS's layer panel."""

import time
from collections import deque

from qgis.core import QgsProcessingContext, QgsProcessingLayerPostProcessorInterface

# QGIS keeps no reference to a Python post-processor; it is needed until the layer is loaded.
_KEPT = deque(maxlen=1000)
# QGIS 3.32 puts layers into a group by its name.
_PLACE = "deep_geology_place"
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
    if len(loaded) < 2:
        return
    name = f"{title} {time.strftime('%H:%M:%S')}"
    for place, layer_id in enumerate(loaded):
        details = context.layerToLoadOnCompletionDetails(layer_id)
        if _HAS_GROUPS:
            details.groupName = name
        else:
            grouper = _Grouper(details.postProcessor(), name, place)
            _KEPT.append(grouper)
            details.setPostProcessor(grouper)


class _Grouper(QgsProcessingLayerPostProcessorInterface):
    """Lets a layer be styled, then moves it into the group, where it lies.

    Parameters
    ----------
    before : QgsProcessingLayerPostProcessorInterface or None
        What the layer went through without the group.
    name : str
        Of the group.
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
        if node is None:
            return
        parent = node.parent()
        group = parent.findGroup(self._name)
        if group is None:
            group = parent.insertGroup(parent.children().index(node), self._name)
        moved = node.clone()
        moved.setCustomProperty(_PLACE, self._place)
        above = [int(one.customProperty(_PLACE, 0)) < self._place for one in group.children()]
        group.insertChildNode(sum(above), moved)
        parent.removeChildNode(node)

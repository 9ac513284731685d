"""A ready-made model, as the toolbox lists it and as its dialog shows it."""

import os

from qgis.core import QgsProcessingModelAlgorithm, QgsProcessingParameterNumber
from qgis.PyQt.QtGui import QIcon

from .translation import tr
from .versions import FROM_PARAMETER

_RESOURCES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "resources")
_CREATOR = "ALG_CREATOR"  # QGIS's name for the part of a model's help that no one translates


class ReadyModel(QgsProcessingModelAlgorithm):
    """A ready-made model in the user's language; its id is its English name.

    Parameters
    ----------
    name : str
        Of its file.
    tool : str
        Whose icon it has.
    """

    def __init__(self, name="", tool=""):
        super().__init__()
        self._file, self._tool = name, tool
        self.is_read = bool(name) and self.fromFile(os.path.join(_RESOURCES, "models3", name))
        if self.is_read:
            self._translate()

    def createInstance(self):
        return ReadyModel(self._file, self._tool)

    def displayName(self):
        return tr(self.name())

    def icon(self):
        return QIcon(self.svgIconPath())

    def svgIconPath(self):
        return os.path.join(_RESOURCES, "icons", self._tool + ".svg")

    def tags(self):
        """What finds a tool of a step finds the model too."""
        steps = self.childAlgorithms().values()
        found = (tag for step in steps if step.algorithm() for tag in step.algorithm().tags())
        return list(dict.fromkeys(found))

    def is_complete(self):
        """Whether it was read and the algorithms of all its steps are there."""
        steps = self.childAlgorithms().values()
        return self.is_read and all(step.algorithm() is not None for step in steps)

    def _translate(self):
        self.setGroup(tr(self.group()))
        told = self.helpContent()
        told = {key: text if key == _CREATOR else tr(text) for key, text in told.items()}
        self.setHelpContent(told)
        for step in self.childAlgorithms().values():
            step.setDescription(tr(step.description()))
            self.setChildAlgorithm(step)  # makes the outputs anew, so it comes before their help
        for parameter in self.parameterDefinitions():
            parameter.setHelp(told.get(parameter.name(), ""))
            if not parameter.isDestination():
                parameter.setDescription(tr(parameter.description()))
                parameter.setMetadata(self._widget(parameter))
        self._name_outputs()

    def _name_outputs(self):
        """Name outputs as the tools do that make them; QGIS would leave them without a name."""
        for child, step in self.childAlgorithms().items():
            tool = step.algorithm()
            for name, output in step.modelOutputs().items() if tool is not None else ():
                made = tool.parameterDefinition(output.childOutputName())
                text = f"{made.description()}: {tool.displayName()}"
                ours = f"{child}:{name}"
                self.parameterDefinition(ours).setDescription(text)
                if self.outputDefinition(ours) is not None:
                    self.outputDefinition(ours).setDescription(text)

    def _widget(self, parameter):
        """What makes the widget of an input: that of the tool which takes its value."""
        for step in self.childAlgorithms().values():
            for name, sources in step.parameterSources().items():
                if any(_is_of(source, parameter) for source in sources) and step.algorithm():
                    asked = step.algorithm().parameterDefinition(name)
                    if asked is not None and asked.type() == parameter.type():
                        return _limited(asked.metadata(), parameter)
        return _plain_number(parameter)


def _is_of(source, parameter):
    return source.source() == FROM_PARAMETER and source.parameterName() == parameter.name()


def _limited(metadata, parameter):
    """A tool's widget with the choices of a model, which may be fewer."""
    known = metadata.get("widget_wrapper") or {}
    if "values" not in known:
        return metadata or _plain_number(parameter)
    kept = [
        pair for pair in zip(known["values"], known["meanings"]) if pair[0] in parameter.options()
    ]
    values, meanings = map(list, zip(*kept))
    return {**metadata, "widget_wrapper": {**known, "values": values, "meanings": meanings}}


def _plain_number(parameter):
    """Two decimals: six zeros say nothing."""
    if isinstance(parameter, QgsProcessingParameterNumber):
        return {"widget_wrapper": {"decimals": 2}}
    return parameter.metadata()

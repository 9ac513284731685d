"""Find what dialogs, menus and lists of the plugin show."""

import ast
import html
import re
import sys

from source import ROOT
from trees import Module, name_of

sys.path.insert(0, str(ROOT))
from plugin.jobs import JOBS, model_card
from plugin.jobs.declare import declared

# What is read of a ready-made model: its name and group, the labels of its inputs, its help.
_MODEL_LABEL = re.compile(r'name="(?:model_name|model_group|description)" value="([^"]+)"')
_MODEL_HELP = re.compile(r'<Option type="Map" name="help">(.*?)\n  </Option>', re.DOTALL)
_HELP_TEXT = re.compile(r'name="(?!ALG_CREATOR)[^"]+" value="([^"]+)"')
TITLES = ("title", "about", "group_title")
# Texts that are translated where they are shown: (file, call, places of its arguments).
SHOWN_LATER = (("plugin/desktop/samples.py", "Step", (0, 1)),)


def dialog_texts():
    """All texts of dialogs, menus and lists.

    Returns
    -------
    set of str
    """
    texts = {*_job_texts(), *_tasks(), *_model_texts()}
    for folder in ("algorithms", "plugin"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "engine" not in path.relative_to(ROOT).parts:
                texts.update(_file_texts(Module(path)))
    return texts - {""}


def _job_texts():
    for job in JOBS.values():
        yield job.__doc__.strip()
        for part in declared(job):
            yield from (part.label, part.help, part.unit)
            yield from (words for _, words in part.options)


def _tasks():
    """What models are for; a card names it in English."""
    names = ("CLASSIFICATION", "PIXELS", "DETECTION", "SEISMIC", "SERIES", "UPSCALING")
    return [getattr(model_card, name) for name in (*names, "GENERATION")]


def _model_texts():
    """Texts of the ready-made models, as they are written in their files."""
    for path in sorted((ROOT / "resources" / "models3").glob("*.model3")):
        text = path.read_text(encoding="utf-8")
        told = "".join(_MODEL_HELP.findall(text))
        yield from map(html.unescape, _MODEL_LABEL.findall(text) + _HELP_TEXT.findall(told))


def _file_texts(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and module.path.parent.name == "algorithms":
            yield from _titles(node, module)
        if isinstance(node, ast.Call) and name_of(node.func) == "tr":
            yield from _constants(node.args[0], module)
        for path, call, places in SHOWN_LATER:
            is_call = isinstance(node, ast.Call) and name_of(node.func) == call
            if is_call and module.path == ROOT / path:
                yield from (text for p in places for text in _constants(node.args[p], module))


def _titles(node, module):
    for line in node.body:
        name = name_of(line.targets[0]) if isinstance(line, ast.Assign) else ""
        if name in TITLES:
            yield _constants(line.value, module)[0]
        elif name == "keywords":
            yield from (word.value for word in line.value.elts)


def _constants(node, module):
    """The texts of an argument, whether written there or as constants of the file."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.BinOp):
        left, right = _constants(node.left, module), _constants(node.right, module)
        return [one + other for one in left for other in right]
    if isinstance(node, ast.IfExp):
        return _constants(node.body, module) + _constants(node.orelse, module)
    if isinstance(node, ast.Subscript):
        return _constants(node.value, module)
    if isinstance(node, (ast.Tuple, ast.Dict)):
        values = getattr(node, "elts", None) or node.values
        return [text for value in values for text in _constants(value, module)]
    if isinstance(node, ast.Name) and node.id in module.constants:
        return _constants(module.constants[node.id], module)
    if isinstance(node, ast.Name) and node.id in ("known", "sentence"):
        table = {"known": "_FILTERS", "sentence": "NO_ENGINE"}[node.id]
        return _constants(module.constants[table], module)
    return []

"""What Qt 6 and QGIS 4 ask of every file that runs inside QGIS, held over the syntax trees."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOREIGN = {"PyQt4", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip"}
GONE = {"exec_", "print_", "QRegExp", "QDesktopWidget", "QTextCodec", "toTime_t", "MidButton"}
TYPES_OF_FIELDS = "algorithms/versions.py"  # the one place that names QVariant's types
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.LShift, ast.RShift)


def files():
    """The package without the engine, and what else the desktop runs."""
    found = [ROOT / "__init__.py", *(ROOT / "algorithms").rglob("*.py")]
    found += [p for p in (ROOT / "plugin").rglob("*.py") if "engine" not in p.parts]
    return [*found, *(ROOT / "docs").glob("*.py"), *(ROOT / "resources" / "models3").glob("*.py")]


def findings(text, place=""):
    """What Qt 6 does not take in a file, as line and reason."""
    tree = ast.parse(text)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    known = names_of_qgis(tree)
    for node in ast.walk(tree):
        for reason in reasons(node, parents, known, place):
            yield getattr(node, "lineno", 0), reason


def names_of_qgis(tree):
    """What a file imports from QGIS and Qt."""
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    nodes = [n for n in nodes if (n.module or "").split(".")[0] == "qgis"]
    return {alias.asname or alias.name for node in nodes for alias in node.names}


def reasons(node, parents, known, place):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [alias.name for alias in node.names]
        modules = names if isinstance(node, ast.Import) else [node.module or ""]
        if not getattr(node, "level", 0) and {name.split(".")[0] for name in modules} & FOREIGN:
            yield "Qt is imported from qgis.PyQt only"
        if "QVariant" in names and place != TYPES_OF_FIELDS:
            yield f"types of fields come from {TYPES_OF_FIELDS}"
    if getattr(node, "attr", getattr(node, "id", "")) in GONE:
        yield "is gone in Qt 6"
    if isinstance(node, ast.Attribute) and is_member(node, parents, known):
        yield f"{ast.unparse(node)} has no scope, as Class.Enum.Member has"
    if is_reckoned(node, known):
        yield f"{ast.unparse(node)} counts with an enum or flags"


def is_member(node, parents, known):
    """Whether a name such as ``Qt.AlignLeft`` is used as a value."""
    if not (isinstance(node.value, ast.Name) and node.value.id in known):
        return False
    if not node.attr[0].isupper() or node.attr.isupper() or node.value.id == "QVariant":
        return False
    parent = parents[node]
    if isinstance(parent, ast.Attribute):
        return False  # Qt.AlignmentFlag.AlignLeft
    if isinstance(parent, ast.Call) and (parent.func is node or is_looked_into(parent)):
        return False
    return not (isinstance(parent, ast.Assign) and is_scope(parent, parents))


def is_looked_into(call):
    """Whether a call asks for a member of an enum by its name."""
    return getattr(call.func, "id", "") in ("getattr", "hasattr")


def is_scope(assigned, parents):
    """Whether an assigned name is used only with a member behind it, as in ``_FILE.Folder``."""
    (target,) = assigned.targets
    tree = assigned
    while tree in parents:
        tree = parents[tree]
    uses = [
        n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == getattr(target, "id", "")
    ]
    uses = [n for n in uses if isinstance(n.ctx, ast.Load)]
    return bool(uses) and all(isinstance(parents[n], ast.Attribute) for n in uses)


def is_reckoned(node, known):
    """Whether an enum is made a number, or counted with."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "int":
        return any(is_scoped(part, known) for part in node.args)
    if isinstance(node, ast.BinOp):
        sides = node.left, node.right
        plain = any(isinstance(side, ast.Constant) for side in sides)
        return any(is_scoped(side, known) for side in sides) and (
            isinstance(node.op, OPERATORS) or plain
        )
    return False


def is_scoped(node, known):
    """Whether a value is ``Class.Enum.Member`` or the flags of an object."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") in ("flags", "features", "capabilities")
    value = getattr(node, "value", None)
    deep = isinstance(node, ast.Attribute) and isinstance(value, ast.Attribute)
    return deep and isinstance(value.value, ast.Name) and value.value.id in known


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in files()])
def test_file_is_ready_for_qt_6(path):
    place = path.relative_to(ROOT).as_posix()
    found = [
        f"{place}:{line}: {reason}" for line, reason in findings(path.read_text("utf-8"), place)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "from PyQt5.QtCore import Qt",
        "import sip",
        "from qgis.PyQt.QtCore import QVariant",
        "from qgis.PyQt.QtCore import Qt\nx = Qt.AlignLeft",
        "from qgis.core import QgsProcessing\ny = [QgsProcessing.TypeVector]",
        "from qgis.core import Qgis\n_LEVEL = Qgis.Warning\nsay(_LEVEL)",
        "from qgis.PyQt.QtWidgets import QDialog\nQDialog().exec_()",
        "from qgis.core import Qgis\nn = int(Qgis.MessageLevel.Warning)",
        "from qgis.core import Qgis\nn = 1 + Qgis.MessageLevel.Warning",
        "n = int(parameter.flags())",
        "n = parameter.flags() & 4",
    ],
)
def test_what_qt_6_does_not_take_is_found(line):
    assert list(findings(line))


def test_what_qt_6_takes_is_left_alone():
    text = (
        "from qgis.PyQt.QtCore import Qt\nfrom qgis.core import Qgis, QgsColorRampShader\n"
        "_LEVEL = Qgis.MessageLevel\na = _LEVEL.Warning\nb = Qt.AlignmentFlag.AlignLeft\n"
        "c = QgsColorRampShader.ColorRampItem(1, 2)\nd = parameter.flags() | b\ndialog.exec()\n"
    )
    assert list(findings(text)) == []

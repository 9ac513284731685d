"""Find what only the reports say: titles, sentences, names of columns, and words in figures."""

import ast
import re

from source import Source
from trees import FIELD, has_words, name_of, own

ROOMS = re.compile(
    "report|figures|pictures|plot|page|verdict|repeating|markup|_result$|baselines|card$|device|judging|guard|fingerprints|^catalog$|crops|checking|asking|references|excitation"
)
# Elsewhere: functions that give what a report says, and the words that name a report.
_GIVES = re.compile("facts|said|_blur$")
_NAMES = {"title", "subtitle"}
# Arguments, calls and constants that hold no words for a reader.
_STYLE = {
    "alpha", "aspect", "axis", "cmap", "color", "colors", "density", "dtype", "ec", "edgecolor",
    "edgecolors", "encoding", "facecolor", "fc", "fmt", "fontstyle", "fontweight", "ha", "kind",
    "interpolation", "layout", "linestyle", "loc", "ls", "marker", "newline", "origin", "rotation",
    "rotation_mode", "shading", "style", "textcoords", "va", "weight", "where", "which", "xscale", "xycoords", "yscale", "zorder",
}  # fmt: skip
_CODE = {"getattr", "hasattr", "split", "rsplit", "startswith", "endswith", "compile"}
_CODE |= {"data_uri", "get_cmap", "save", "to_bytes", "set_xscale", "set_yscale", "shown_reference"}
_COLORS = {"Blues", "Oranges"}
_CONSTANTS = re.compile("FONTS|STYLE|POLICY|_PAGE|_MAP$|__all__")
# Single small words are keys, except in figures and where a report shows them.
_WORDS_IN = {"set_xlabel", "set_ylabel", "set_title", "set_label", "text", "annotate", "facts"}
_WORDS_IN |= {"table", "legend", "set_xticks", "set_yticks", "label", "set"}


def report_texts():
    """All texts of reports, and the pieces that they take in.

    Returns
    -------
    tuple of set of str
        As `messages.messages` gives them.
    """
    source = Source()
    found, words = set(), set()
    for module in source.modules:
        for node, function, is_word in _told(module):
            said = {text.strip() for text in source.texts(node, function, module)}
            (words if is_word else found).update(said)
    return {
        *filter(_is_shown, found),
        *(text for text in words if _is_shown(text) or re.fullmatch("[a-z]{3,}", text)),
    }, {text.strip() for text in source.pieces if _is_shown(text.strip())}


def _told(module):
    """What a file may say in a report, as `_shown` gives it."""
    functions = {id(function.node): function for function in module.functions}
    if "engine" not in module.path.parts:
        return
    if ROOMS.search(module.path.stem):
        is_drawn = bool(re.search("figures|pictures|plot|crops", module.path.stem))
        yield from _shown(module.tree, None, functions, is_drawn)
        return
    for function in module.functions:
        if _GIVES.search(function.node.name):
            yield from _shown(function.node, function, functions)
        for node in own(function.node):
            for named in _named(node):
                yield named, function, False


def _named(node):
    """The title or subtitle that a part of a function gives to a report."""
    if isinstance(node, ast.keyword) and node.arg in _NAMES:
        return [node.value]
    if isinstance(node, ast.Assign) and name_of(node.targets[0]) in _NAMES:
        return [node.value]
    if isinstance(node, ast.Call) and re.search("^write_.*report$", name_of(node.func)):
        return [given for given in node.args if _is_text(given)]
    return []


def _shown(node, function, functions, is_word=False):
    """Texts, the outermost of each, with their function and whether they are shown as they are."""
    for child in _children(node):
        inside = functions.get(id(child), function)
        if isinstance(child, ast.JoinedStr) or _is_text(child) or _is_sum(child):
            yield child, inside, is_word
        else:
            is_call = isinstance(child, ast.Call)
            shown = is_call and name_of(child.func) in _WORDS_IN
            shown = shown or (isinstance(child, ast.keyword) and child.arg in _WORDS_IN)
            shown = shown or isinstance(child, (ast.Return, ast.IfExp))
            passes_on = not isinstance(child, (ast.Call, ast.Subscript))
            yield from _shown(child, inside, functions, shown or (is_word and passes_on))


def _children(node):
    """The parts of an expression or a statement where words for a reader may stand."""
    if isinstance(node, (ast.Compare, ast.Import, ast.ImportFrom, ast.arguments)):
        return
    if isinstance(node, ast.Assign) and _CONSTANTS.search(name_of(node.targets[0])):
        return
    skipped = set()
    if isinstance(node, ast.Call) and name_of(node.func) in _CODE:
        return
    if isinstance(node, ast.Subscript):
        skipped.add(id(node.slice))
    if isinstance(node, ast.Dict):
        skipped.update(id(key) for key in node.keys if not _is_title(key))
    for child in ast.iter_child_nodes(node):
        is_doc = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_style = isinstance(child, ast.keyword) and child.arg in _STYLE
        if not (is_doc or is_style or id(child) in skipped):
            yield child


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_title(node):
    return _is_text(node) and (node.value[:1].isupper() or " " in node.value)


def _is_sum(node):
    """Whether an expression puts texts together, and no numbers or lists."""
    is_sum = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)
    parts = (node.left, node.right) if is_sum else ()
    return any(_is_text(p) or isinstance(p, ast.JoinedStr) or _is_sum(p) for p in parts)


def _is_shown(text):
    """Whether a text is words for a reader, and no key, color, tag or name of a file."""
    bare = FIELD.sub("", text)
    is_code = re.search(r"[<>]|^#|\w_\w|^\.|^\w+/\w+$|[;:]\s?\w+-\w+:", bare)
    is_code = is_code or text in _COLORS
    return has_words(text, 2) and not is_code and (" " in text or text[:1].isupper())

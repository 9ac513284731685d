"""Find what the plugin and its engine say while they work: errors, notes, warnings, stages."""

import ast
import re

from source import Source
from trees import has_words, name_of

# Name of a call: the places of the arguments that a user reads.
SAID = {
    "JobError": (0, 1),
    "EngineGone": (0, 1),
    "NotKnownError": (0,),
    "RefusalError": (0, 1),
    "_NotWrittenError": (0, 1),
    "note": (0,),
    "warning": (0,),
    "pushInfo": (0,),
    "pushWarning": (0,),
    "said": (0,),
    "progress": (1,),
    "_progress": (1,),
    "stage": (1,),
    "tell": (1,),
    "part": (2,),
}
KEYWORDS = ("found", "remedy", "text", "name")
# What only reports say stands in a part of its own.
_REPORTS = re.compile("report|figures|pictures|markup|repeating|page")
# Tables of messages that are picked at run time.
TABLES = (
    ("pip_errors.py", "_MEANINGS"),
    ("engine_log.py", "EXIT_CODES"),
    ("selection.py", "_NAMES"),
)


def messages():
    """All messages and all pieces that they take in.

    Returns
    -------
    tuple of set of str
        Texts with slots such as ``{0}``, for any value, and ``{what}``, for a piece.
    """
    source = Source()
    parts = _names_of_parts(source)
    found = set(_fold_names(source))
    for call, function, module in source.calls():
        name = name_of(call.func)
        places = SAID.get(name, (1,) if name in parts else ())
        for place in places:
            found.update(_said_at(source, call, place, function, module))
        if places:
            for word in call.keywords:
                if word.arg in KEYWORDS:
                    found.update(source.texts(word.value, function, module))
    found.update(_gathered(source))
    found = {text for text in found if has_words(text, 3)}
    pieces = {text.strip() for text in source.pieces if _is_piece(text.strip())}
    return found, {*pieces, *_tables(source)} - found


def _said_at(source, call, place, function, module):
    if call.args and isinstance(call.args[0], ast.Starred):
        return source.pairs(call.args[0].value, function, module, place)
    if place < len(call.args):
        return source.texts(call.args[place], function, module)
    return []


def _gathered(source):
    """Whole sentences that functions give back or put in lists: they are told later."""
    for module in source.modules:
        if not _REPORTS.search(module.path.stem):
            for function in module.functions:
                for node in ast.walk(function.node):
                    for kept in _kept(node):
                        yield from filter(_is_sentence, source.texts(kept, function, module))


def _kept(node):
    """What a part of a function gives back, appends, or hands to a class."""
    if isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
        return [node.value, *getattr(node.value, "elts", ())]
    if isinstance(node, ast.Call):
        name = name_of(node.func)
        if name == "append" or name[:1].isupper():
            return [*node.args, *(word.value for word in node.keywords)]
        if name == "extend":
            return [given.elt for given in node.args if isinstance(given, ast.GeneratorExp)]
    return getattr(node, "elts", ()) if isinstance(node, ast.List) else ()


def _is_sentence(text):
    is_whole = text.endswith(".") and re.match(r'[A-Z{"]', text) is not None
    return is_whole and text.count(" ") > 2 and has_words(text, 8)


def _names_of_parts(source):
    """Names of variables that hold a part of the progress, and are called as it."""
    names = set()
    for module in source.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Call, ast.Tuple)):
                values = getattr(node.value, "elts", [node.value])
                if any(name_of(getattr(value, "func", None)) == "part" for value in values):
                    targets = getattr(node.targets[0], "elts", node.targets)
                    names |= {name_of(target) for target in targets}
    return names


def _fold_names(source):
    """The names that `Progress.folds` gives."""
    for module in source.modules:
        for function in module.functions:
            if function.node.name == "folds" and module.path.name == "progress.py":
                for node in ast.walk(function.node):
                    if isinstance(node, ast.JoinedStr):
                        yield from source.texts(node, function, module)


def _tables(source):
    for module in source.modules:
        for name, table in TABLES:
            if module.path.name != name:
                continue
            for node in ast.walk(module.constants[table]):
                if isinstance(node, ast.Tuple) and not isinstance(node.elts[0], ast.Tuple):
                    # The first of three is a pattern of what others print.
                    told = ast.Tuple(node.elts[-2:], ast.Load())
                    yield from source.elements(told, None, module)


def _is_piece(text):
    """Whether a text is words, and no name of a file, parameter or unit."""
    return bool(re.search("[a-z]{3}", text)) and not re.search(r"\w/|\.\w|^deepgeology$", text)

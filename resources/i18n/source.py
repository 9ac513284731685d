"""The shipped code: what a call means, and what an expression can say."""

import ast
import itertools
from pathlib import Path

from trees import (
    FIELD,
    MARK,
    SLOT,
    Module,
    assignments,
    bound,
    combined,
    has_words,
    name_of,
    numbered,
    own,
    returned,
)

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("algorithms", "plugin")
_FEW = 3
_PASSED_ON = {"strip", "rstrip", "lstrip", "replace", "capitalize", "lower"}
_OUR_WORDS = {"label", "unit", "title"}  # attributes that hold texts of a dialog


class Source:
    """All shipped code.

    `pieces` fills as texts are looked at: words that other texts take in.
    """

    def __init__(self):
        paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
        self.modules = [Module(path) for path in paths]
        self.pieces = set()
        self._by_name, self._calls, self._inside, self._known = {}, {}, set(), {}
        for module in self.modules:
            for function in module.functions:
                self._by_name.setdefault(function.node.name, []).append(function)
            for call, function in module.calls:
                self._calls.setdefault(name_of(call.func), []).append((call, function, module))

    def calls(self):
        """Every call as (call, the function it stands in, its file)."""
        return itertools.chain.from_iterable(self._calls.values())

    def texts(self, expression, function, module):
        """What an expression can say: texts with slots, none if nothing is known of it."""
        return [numbered(text) for text in self._say(expression, function, module) or ()]

    def elements(self, expression, function, module):
        """What the elements of an expression can say, as `texts` gives it."""
        return [numbered(text) for text in self._elements(expression, function, module)]

    def pairs(self, expression, function, module, place):
        """What an element of a tuple can say, where a call takes ``*expression``."""
        return [numbered(text) for text in self._at(expression, function, module, place)]

    def _say(self, node, function, module):
        key = (id(node), id(function))
        if key in self._known:
            return self._known[key]
        if key in self._inside:
            return None
        self._inside.add(key)
        try:
            method = getattr(self, "_say_" + type(node).__name__.lower(), None)
            said = method(node, function, module) if method else None
        finally:
            self._inside.discard(key)
        self._known[key] = None if said is None else list(dict.fromkeys(said))
        return self._known[key]

    def _say_constant(self, node, function, module):
        return [node.value] if isinstance(node.value, str) else None

    def _say_joinedstr(self, node, function, module):
        parts = []
        for value in node.values:
            if isinstance(value, ast.Constant):
                parts.append([value.value])
            else:
                parts.append(self._slot(value, function, module))
        return combined(parts)

    def _say_binop(self, node, function, module):
        if not isinstance(node.op, ast.Add):
            return None
        sides = [self._say(side, function, module) for side in (node.left, node.right)]
        if sides == [None, None]:
            return None
        return combined([side or [MARK * 2] for side in sides])

    def _say_ifexp(self, node, function, module):
        return self._any((node.body, node.orelse), function, module)

    def _say_boolop(self, node, function, module):
        return self._any(node.values, function, module)

    def _say_name(self, node, function, module):
        if function is None or node.id not in bound(function.node):
            value = module.constants.get(node.id)
            return None if value is None else self._say(value, None, module)
        said = self._assigned(node.id, function, module)
        if node.id in function.names:
            said += self._fed(function, node.id)
        return said if set(said) - {MARK * 2} else None

    def _say_attribute(self, node, function, module):
        if node.attr in _OUR_WORDS:
            return [f"{MARK}{node.attr}{MARK}"]
        if name_of(node.value) != "self" or function is None or function.owner is None:
            return None
        makers = [f for f in module.functions if f.owner is function.owner]
        makers = [f for f in makers if f.node.name == "__init__"]
        return self._any_of_self(node.attr, makers, module)

    def _say_subscript(self, node, function, module):
        return self._table(node.value, function, module)

    def _say_call(self, node, function, module):
        name, base = name_of(node.func), getattr(node.func, "value", None)
        if name == "format" and base is not None:
            said = self._say(base, function, module) or []
            return [FIELD.sub(MARK * 2, text) for text in said] or None
        if name in _PASSED_ON and base is not None:
            return self._say(base, function, module)
        if name == "get" and base is not None:
            return self._table(base, function, module, node.args[1:])
        said = []
        for called in self._called(node, function, module):
            for given in returned(called.node):
                said += self._say(given, called, called.module) or [MARK * 2]
        return said if any(has_words(text) or not text for text in said) else None

    def _any(self, nodes, function, module):
        said = [self._say(node, function, module) for node in nodes]
        return None if not any(said) else [text for some in said for text in some or [MARK * 2]]

    def _any_of_self(self, attribute, makers, module):
        said = []
        for maker in makers:
            for target, value in assignments(maker.node):
                if isinstance(target, ast.Attribute) and target.attr == attribute:
                    said += self._say(value, maker, module) or []
        return said or None

    def _assigned(self, name, function, module):
        said = []
        for target, value in assignments(function.node):
            if isinstance(target, ast.Name) and target.id == name:
                said += self._say(value, function, module) or [MARK * 2]
        for node in own(function.node):
            named = getattr(getattr(node, "target", None), "id", None) == name
            if isinstance(node, (ast.For, ast.comprehension)) and named:
                said += self._elements(node.iter, function, module)
            elif isinstance(node, ast.AugAssign) and named and isinstance(node.op, ast.Add):
                more = self._say(node.value, function, module) or [MARK * 2]
                said += combined([said or [MARK * 2], more])
        return said

    def _fed(self, function, name):
        """What calls anywhere give a function as one of its arguments."""
        called = function.node.name
        if called == "__init__":
            called = function.owner.name
        elif len(self._by_name[called]) > 1 and function.owner is not None:
            return []
        place, said = function.names.index(name), []
        for call, caller, module in self._calls.get(called, ()):
            if call.args and any(isinstance(a, ast.Starred) for a in call.args[: place + 1]):
                continue
            if len(self._by_name.get(called, ())) > 1 and module is not function.module:
                continue
            given = call.args[place : place + 1]
            given += [word.value for word in call.keywords if word.arg == name]
            for value in given:
                said += self._say(value, caller, module) or []
        return said

    def _called(self, call, function, module):
        """The functions that a call may mean, if there is no doubt."""
        name = name_of(call.func)
        known = self._by_name.get(name, [])
        here = [f for f in known if f.module is module]
        return here if len(here) == 1 else known if len(known) == 1 else []

    def _table(self, node, function, module, more=()):
        values = list(more)
        if isinstance(node, ast.Name):
            node = module.constants.get(node.id)
        if isinstance(node, ast.Dict):
            values += node.values
        elif isinstance(node, (ast.Tuple, ast.List)):
            values += node.elts
        return self._any(values, function, module) if values else None

    def _elements(self, node, function, module):
        if isinstance(node, (ast.List, ast.Tuple)):
            return self._any(node.elts, function, module) or []
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self._say(node.elt, function, module) or []
        if isinstance(node, ast.BinOp):
            sides = (node.left, node.right)
            return [t for side in sides for t in self._elements(side, function, module)]
        if isinstance(node, ast.Name) and function is not None:
            return self._collected(node.id, function, module)
        said = []
        if isinstance(node, ast.Call):
            for called in self._called(node, function, module):
                said += self._given_out(called)
            if name_of(node.func) in ("filter", "list", "tuple", "sorted"):
                said += [t for a in node.args for t in self._elements(a, function, module)]
        return said

    def _collected(self, name, function, module):
        said = []
        for target, value in assignments(function.node):
            if getattr(target, "id", None) == name and not isinstance(value, ast.Name):
                said += self._elements(value, function, module)
        for node in own(function.node):
            is_append = isinstance(node, ast.Call) and name_of(node.func) == "append"
            if is_append and getattr(node.func.value, "id", None) == name:
                said += self._say(node.args[0], function, module) or []
        return said

    def _given_out(self, function):
        key = ("out", id(function.node))
        if key in self._inside:
            return []
        self._inside.add(key)
        said = []
        for node in own(function.node):
            if isinstance(node, ast.Yield) and node.value is not None:
                said += self._say(node.value, function, function.module) or []
        for given in returned(function.node):
            said += self._elements(given, function, function.module)
        self._inside.discard(key)
        return said

    def _at(self, node, function, module, place):
        """One place of a tuple that an expression gives."""
        if isinstance(node, (ast.Tuple, ast.List)):
            inside = node.elts[place : place + 1]
            return self._any(inside, function, module) or []
        if isinstance(node, ast.IfExp):
            sides = (node.body, node.orelse)
            return [t for side in sides for t in self._at(side, function, module, place)]
        if isinstance(node, ast.Name):
            value = module.constants.get(node.id)
            return [] if value is None else self._at(value, None, module, place)
        said = []
        if isinstance(node, ast.Call):
            for called in self._called(node, function, module):
                for given in returned(called.node):
                    said += self._at(given, called, called.module, place)
        return said

    def _slot(self, formatted, function, module):
        """What a value in an f-string can say; a slot with a name takes in `pieces`."""
        node = formatted.value
        said = None
        if formatted.format_spec is None:
            said = self._say(node, function, module)
        if not said:
            return [MARK * 2]
        if len(said) == 1 and SLOT.fullmatch(said[0]):
            return said
        is_given = isinstance(node, ast.Name) and function and node.id in function.names
        written_out = (ast.Name, ast.IfExp, ast.BoolOp, ast.Constant)
        if len(said) <= _FEW and isinstance(node, written_out) and not is_given:
            return said
        if not any(has_words(text) for text in said):
            return [MARK * 2]
        self.pieces.update(numbered(text) for text in said if has_words(text))
        name = name_of(getattr(node, "func", node)) or "words"
        return [f"{MARK}{name.strip('_') or 'words'}{MARK}"]

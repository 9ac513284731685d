"""Syntax trees of the shipped code, and texts with slots."""

import ast
import functools
import itertools
import re
from dataclasses import dataclass

MOST = 12  # alternatives of one text; more become a slot
MARK = "\0"  # a slot is written MARK name MARK until all is known
SLOT = re.compile(f"{MARK}(\\w*){MARK}")
FIELD = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Function:
    """A function, with the class and the file that it stands in."""

    node: ast.AST
    module: object
    owner: object = None

    @property
    def names(self):
        """Names of its parameters, without self."""
        arguments = self.node.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        return names[1:] if self.owner is not None and names[:1] in (["self"], ["cls"]) else names


class Module:
    """One file: its tree, its constants, and every call with the function it stands in."""

    def __init__(self, path):
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.constants, self.functions, self.calls = {}, [], []
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.constants[node.targets[0].id] = node.value
        self._visit(self.tree, None, None)

    def _visit(self, node, function, owner):
        for child in ast.iter_child_nodes(node):
            inside, its_owner = function, owner
            if isinstance(child, ast.ClassDef):
                inside, its_owner = None, child
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inside = Function(child, self, owner)
                self.functions.append(inside)
            elif isinstance(child, ast.Call):
                self.calls.append((child, function))
            self._visit(child, inside, its_owner)


def name_of(node):
    """The last name of an expression: ``c`` of ``a.b.c``; an empty text if it has none."""
    return getattr(node, "id", None) or getattr(node, "attr", None) or ""


def has_words(text, letters=2):
    """Whether a text says something beside its slots."""
    return len(re.findall(r"[A-Za-z]", FIELD.sub("", SLOT.sub("", text)))) >= letters


def numbered(text):
    """A text with its slots as ``{0}``, ``{1}`` and, where they take in pieces, by name."""
    counts, plain = {}, itertools.count()

    def written(match):
        name = match.group(1)
        if not name:
            return f"{{{next(plain)}}}"
        counts[name] = counts.get(name, 0) + 1
        return f"{{{name}{counts[name] if counts[name] > 1 else ''}}}"

    return SLOT.sub(written, text)


def combined(parts):
    """Every combination of alternatives; with too many, those with most become slots."""
    while True:
        count = 1
        for part in parts:
            count *= len(part)
        if count <= MOST:
            return ["".join(words) for words in itertools.product(*parts)]
        most = max(range(len(parts)), key=lambda place: len(parts[place]))
        parts[most] = [MARK * 2]


@functools.cache
def own(node):
    """All nodes of a function, without those of functions in it."""
    nodes = []
    for child in ast.iter_child_nodes(node):
        nodes.append(child)
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            nodes += own(child)
    return nodes


@functools.cache
def bound(node):
    names = {n.id for n in own(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {argument.arg for argument in ast.walk(node) if isinstance(argument, ast.arg)}


def returned(node):
    return [n.value for n in own(node) if isinstance(n, ast.Return) and n.value is not None]


def assignments(node):
    """Every (target, value); tuples are taken apart."""
    for one in own(node):
        if not isinstance(one, ast.Assign):
            continue
        for target in one.targets:
            if isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                yield from zip(target.elts, one.value.elts)
            else:
                yield target, one.value

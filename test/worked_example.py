"""The worked example of docs/extend.md, put into a copy of the package as a reader would."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "extend.md"
BLOCK = re.compile(
    r'^```\w+ title="(?P<place>[^":]+)(?P<add>: add)?"\n(?P<text>.*?)^```$', re.M | re.S
)
COPIED = ("plugin", "algorithms", "test", "resources/icons", "resources/models")
NAMED = ("__init__.py", "pyproject.toml")


def blocks():
    """Every titled block of the page: file, whether lines are added to it, text."""
    found = BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
    return [(one["place"], bool(one["add"]), one["text"]) for one in found]


def follow(folder):
    """Copy the package into a folder, and do there what the page says."""
    skip = shutil.ignore_patterns("__pycache__", "*.part", "data", "benchmarks")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    for name in NAMED:
        shutil.copy(ROOT / name, folder / name)
    for place, is_added, text in blocks():
        path = folder / place
        path.write_text(added(path.read_text("utf-8"), text) if is_added else text, "utf-8")
    return folder


def added(before, text):
    """Put the imports of a block before the first import, and the rest behind its first line."""
    imports = re.findall(r"^from \..*\n", text, re.M)
    opening, *lines = [
        line for line in text.splitlines(True) if line not in imports and line.strip()
    ]
    if before.count("\n" + opening) != 1:
        raise ValueError(f'"{opening.strip()}" is not once in the file.')
    after = before.replace("\n" + opening, "\n" + opening + "".join(lines))
    first = re.search(r"^from \.", after, re.M).start() if imports else 0
    return after[:first] + "".join(imports) + after[first:]

"""A page of the site for every tool, from what the tool itself declares.

Labels, help, units, defaults and bounds come from the job's dataclass; title, description, words
for the search and the example from the algorithm's class, which is read without QGIS.
"""

import ast
import importlib.util
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from plugin.jobs import JOBS  # noqa: E402
from plugin.jobs.declare import declared, processing_name  # noqa: E402

GROUPS = (
    "Engine and models", "Image classification", "Maps from labels", "Object detection",
    "Trust and explanation", "Seismic grids", "GAN upscaling",
)  # fmt: skip
KINDS = {
    "raster": "raster layer", "rasters": "one or several raster layers",
    "raster_or_images": "raster layer, or a folder of images in the parameter with `_FOLDER`",
    "bands": "band numbers", "stack_bands": "band numbers, such as `1,2,5-7`",
    "features": "vector layer", "catalog": "layer of points, or table", "attribute": "field",
    "folder": "folder", "file": "file", "model_file": "model file", "images": "folder of images",
    "text": "text", "integer": "whole number", "number": "number", "choice": "choice",
    "boolean": "yes or no", "extent": "extent", "moment": "date and time (UTC)",
    "new_raster": "raster layer", "new_features": "vector layer or table",
    "new_folder": "folder", "new_file": "file", "result_number": "number",
    "result_text": "text",
}  # fmt: skip


def algorithm(job_name):
    """What an algorithm's class says of itself: title, about, keywords, example, group_title."""
    known = {"group_title": "Image classification", "example": {}, "keywords": ()}
    tree = ast.parse((ROOT / "algorithms" / f"{job_name}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
                    known[part.targets[0].id] = _plain(part.value)
    return known


def _plain(node):
    try:
        return ast.literal_eval(node)
    except ValueError:  # not a plain value, and of no use here
        return None


def _module(path):
    """A file of the QGIS side that imports nothing, without its package."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NEXT = _module("algorithms/next_tools.py").NEXT


def in_groups():
    """Jobs by the title of their group, both in their order."""
    groups = {title: [] for title in GROUPS}
    for name in JOBS:
        groups.setdefault(algorithm(name)["group_title"], []).append(name)
    return {title: names for title, names in groups.items() if names}


def index_page():
    """Markdown of the list of all tools."""
    lines = ["# All tools", "", "Every tool is a Processing algorithm: the same in the toolbox, in",
             "a model, in a batch, from the Python console and from `qgis_process`.", ""]  # fmt: skip
    for title, names in in_groups().items():
        lines += [f"## {title}", ""]
        for name in names:
            sentence = JOBS[name].__doc__.strip().splitlines()[0]
            lines.append(f"- [{algorithm(name)['title']}]({processing_name(name)}.md): {sentence}")
        lines.append("")
    return "\n".join(lines)


def ready_models():
    """Markdown of the list of the ready-made models, from their files."""
    lines = []
    for path in sorted((ROOT / "resources" / "models3").glob("*.model3")):
        options = ElementTree.parse(path).getroot().iter("Option")
        known = {option.get("name"): option.get("value") for option in options}
        lines += [f"**{known['model_name']}** (`{path.name}`)", f":   {known['ALG_DESC']}", ""]
    return "\n".join(lines)


def page(job_name):
    """Markdown of the page of a tool."""
    known, parts = algorithm(job_name), declared(JOBS[job_name])
    inputs = [part for part in parts if part.is_input and not part.advanced]
    advanced = [part for part in parts if part.is_input and part.advanced]
    outputs = [part for part in parts if not part.is_input]
    tool = processing_name(job_name)
    lines = [
        f"# ![](icons/{job_name}.svg){{ .tool }} {known['title']}", "",
        _escaped(known["about"]), "",
        f"*In the toolbox:* Deep Geology → {known['group_title']}. *Its id:* `deepgeology:{tool}`.",
        "", *_picture(tool, known["title"]),
        *_section("Inputs", inputs), *_section("Advanced", advanced),
        *_section("Outputs", outputs), *_examples(job_name, known), *_following(job_name),
        f"*Found by:* {', '.join(known['keywords'])}.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _picture(tool, title):
    if not (ROOT / "docs" / "pictures" / f"dialog_{tool}.png").exists():
        return []
    return [f"![The dialog of {title}](../pictures/dialog_{tool}.png)", ""]


def _section(title, parts):
    if not parts:
        return []
    lines = [f"## {title}", ""]
    for part in parts:
        unit = f" ({part.unit})" if part.unit else ""
        lines.append(f"`{part.name.upper()}` {part.label}{unit}")
        said = [_escaped(part.help)] if part.help else []
        said.append(f"*{_facts(part)}*{{ .facts }}")
        lines += [f":   {said[0]}", "", *(f"    {words}\n" for words in said[1:])]
        lines += [f"    - `{value}`: {_escaped(words)}" for value, words in part.options]
        lines.append("")
    return lines


def _escaped(text):
    """A text in which Markdown finds no signs of its own."""
    return re.sub(r"([*_<>`\[\]])", r"\\\1", text)


def _facts(part):
    facts = [KINDS[part.kind]]
    if part.kind == "new_file":
        facts = [f"file (.{part.extension})"]
    if part.kind == "features" and part.geometry != ("any",):
        facts = [f"vector layer of {' or '.join(part.geometry)}s"]
    if part.task:
        facts.append(f"for {part.task}")
    if part.default is not None and part.default != "" and part.is_input:
        facts.append(f"default {_value(part.default)}{', as if not set' * part.unset}")
    if part.minimum is not None and part.maximum is not None:
        facts.append(f"{part.minimum:,} to {part.maximum:,}")
    elif part.minimum is not None:
        facts.append(f"at least {part.minimum:,}")
    elif part.maximum is not None:
        facts.append(f"at most {part.maximum:,}")
    if part.optional:
        facts.append("optional")
    return "; ".join(facts)


def _value(value):
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _examples(job_name, known):
    tool, example = processing_name(job_name), known["example"] or {}
    values = json.dumps(example, indent=4, ensure_ascii=False).replace("true", "True")
    words = " ".join(f"{key}={_word(value)}" for key, value in _single(example))
    lines = [
        "## Examples", "", "In the Python console of QGIS:", "", "```python",
        "import processing", "", f'processing.run("deepgeology:{tool}", {values})', "```", "",
        "In a terminal:", "", "```sh", f"qgis_process run deepgeology:{tool} -- {words}", "```", "",
    ]  # fmt: skip
    if job_name not in ("prepare_engine", "download_engine"):
        asked = {"do": job_name, "values": {key.lower(): value for key, value in example.items()}}
        lines += ["Without QGIS, as a job file for `python -m plugin.engine run job.json`:", ""]
        lines += ["```json", json.dumps(asked, indent=4, ensure_ascii=False), "```", ""]
    return lines


def _single(example):
    """Pairs for the command line, where a list is the same name again and again."""
    for key, value in example.items():
        for one in value if isinstance(value, list) else [value]:
            yield key, one


def _word(value):
    text = str(value)
    return f"'{text}'" if set(text) & set(" ()^|;&*") else text


def _following(job_name):
    names = NEXT.get(job_name, ())
    if not names:
        return []
    links = [f"[{algorithm(name)['title']}]({processing_name(name)}.md)" for name in names]
    return ["## Next", "", ", ".join(links) + ".", ""]

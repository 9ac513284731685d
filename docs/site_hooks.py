"""What MkDocs does beside its own work: the tools' pages, and a menu that skips missing pages."""

import sys
from pathlib import Path

from mkdocs.structure.files import File

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import tool_pages  # noqa: E402

TOOLS = "All tools"


def on_config(config):
    """Put the tools into the menu, and take out pages that are not written yet."""
    made = {"changelog.md", "tools/index.md"}
    menu = _there(config.nav, made)
    for entry in menu:
        if TOOLS in entry:
            entry[TOOLS] = ["tools/index.md", *_tools()]
    config.nav = menu
    return config


def _tools():
    for title, names in tool_pages.in_groups().items():
        yield {title: [f"tools/{tool_pages.processing_name(name)}.md" for name in names]}


def _there(entries, made):
    """The entries of a menu whose page exists."""
    kept = []
    for entry in entries:
        if isinstance(entry, dict):
            title, target = next(iter(entry.items()))
            if isinstance(target, list):
                entry = {title: _there(target, made)}
            elif not _is_there(target, made):
                continue
        elif not _is_there(entry, made):
            continue
        kept.append(entry)
    return kept


def _is_there(target, made):
    return target in made or (HERE / target).is_file()


def on_files(files, config):
    """Add the pages that are made, and the tools' icons."""
    made = {"tools/index.md": tool_pages.index_page()}
    for name in tool_pages.JOBS:
        made[f"tools/{tool_pages.processing_name(name)}.md"] = tool_pages.page(name)
        icon = ROOT / "resources" / "icons" / f"{name}.svg"
        files.append(File.generated(config, f"tools/icons/{name}.svg", abs_src_path=str(icon)))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    made["changelog.md"] = changelog.replace("](docs/", "](")  # from the repository's root
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Put lists that are made where a page asks for them."""
    return markdown.replace("{{ ready_models }}", tool_pages.ready_models())

"""The documentation: a page for every tool, no dead link, nothing fetched from elsewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from plugin.jobs import JOBS
from plugin.jobs.declare import declared, processing_name

ROOT = Path(__file__).resolve().parent.parent
MKDOCS = ROOT / ".build" / "docs" / "bin" / "mkdocs"
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
NOT_FETCHED = {"canonical", "next", "prev", "alternate"}


class Page(HTMLParser):
    """Links and ids of a page, and what it fetches."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.fetched = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.ids.update(filter(None, (known.get("id"), known.get("name"))))
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])
        place = known.get(FETCHED.get(tag, ""))
        if place and known.get("rel") not in NOT_FETCHED:
            self.fetched.append(place)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built with warnings as errors: its folder, and page by path."""
    if not MKDOCS.exists():
        pytest.fail("MkDocs is missing: run `make docs-tools`.")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [str(MKDOCS), "build", "-q", "-d", str(folder)], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    pages = folder.rglob("*.html")
    return folder, {path: Page(path.read_text(encoding="utf-8")) for path in pages}


def test_every_tool_has_its_page_with_all_its_parameters(site):
    folder, _ = site
    index = (folder / "tools" / "index.html").read_text(encoding="utf-8")
    for name, job in JOBS.items():
        place = f"{processing_name(name)}.html"
        text = (folder / "tools" / place).read_text(encoding="utf-8")
        missing = [p.name for p in declared(job) if f"<code>{p.name.upper()}</code>" not in text]
        assert (missing, f'href="{place}"' in index) == ([], True), name


def test_every_link_and_every_picture_is_there(site):
    folder, pages = site
    dead = []
    for path, page in pages.items():
        for link in [*page.links, *page.fetched]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            known = pages.get(target)
            if not target.is_file() or (
                parts.fragment and known and parts.fragment not in known.ids | {"__skip"}
            ):
                dead.append(f"{path.relative_to(folder)}: {link}")
    assert dead == []


def test_a_page_fetches_nothing_from_elsewhere(site):
    folder, pages = site
    from_far = [f for page in pages.values() for f in page.fetched if "//" in f]
    for sheet in folder.rglob("*.css"):
        from_far += re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]+", sheet.read_text("utf-8"))
    assert from_far == []


def test_the_menu_leaves_out_only_pages_that_are_not_written(site):
    folder, _ = site
    home = (folder / "index.html").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        place = page.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        assert f'href="{place}"' in home or place == "index.html", place


def test_every_reference_in_a_text_is_given_below():
    for page in (ROOT / "docs").rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        used = set(re.findall(r"(?<!^)\[\^(\w+)\]", text, re.MULTILINE))
        assert used == set(re.findall(r"^\[\^(\w+)\]:", text, re.MULTILINE)), page.name


def test_examples_of_the_command_line_name_known_tools():
    sys.path.insert(0, str(ROOT / "docs"))
    from tool_pages import page

    for name in JOBS:
        assert f"deepgeology:{processing_name(name)} --" in page(name)


def test_every_way_through_the_toolbox_names_a_group_of_it():
    sys.path.insert(0, str(ROOT / "docs"))
    from tool_pages import GROUPS

    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    ways = [
        re.findall(r"Deep Geology (?:→|>) ([\w ]+) (?:→|>)", p.read_text("utf-8")) for p in pages
    ]
    named = {group for way in ways for group in way}
    assert named and named <= {*GROUPS, "Ready-made models"}


def test_the_page_on_installing_names_the_folder_of_the_engine(monkeypatch):
    from plugin.jobs.home import home

    monkeypatch.delenv("DEEPGEOLOGY_HOME", raising=False)
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert f"`{os.path.basename(home())}`" in page


def test_what_comes_without_a_hash_is_said_where_hashes_are_promised():
    for place in ("docs/threat_model.md", "docs/offline.md", "metadata.txt", "CHANGELOG.md"):
        text = " ".join((ROOT / place).read_text(encoding="utf-8").split())
        assert "CUDA on Windows" in text, place


def test_growth_with_the_raster_is_told_whole_and_alike_in_both_places():
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    section = page.split("## Growth with the raster")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in readme if line.startswith("| *Classify pixels*, 32,768")]
    percents = r"[+-]\d+ %"
    assert set(re.findall(percents, row)) == set(re.findall(percents, "\n".join(table))) != set()

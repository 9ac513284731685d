"""The zip that users install keeps the rules of QGIS's plugin repository."""

import configparser
import json
import re
import subprocess
import sys
import zipfile

import pytest

from make_package import NAME, make_package

LARGEST_BYTES = 25_000_000
FORBIDDEN_ENDS = (".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".pyc", ".pkl", ".pth", ".pt")
REQUIRED = "name description version qgisMinimumVersion author email about tracker repository"
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}"
    r"|glpat-[\w-]{20}|xox[abp]-\w{10}|://(?!name:password@)[^/\s:@{}]+:[^/\s:@{}]+@"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder / NAME


@pytest.fixture(scope="module")
def metadata(unpacked):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(unpacked / "metadata.txt", encoding="utf-8")
    return parser["general"]


def test_package_is_small_enough_for_the_plugin_repository(package):
    assert package.stat().st_size < LARGEST_BYTES


def test_package_has_one_folder_and_nothing_forbidden_in_it(package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {NAME}
    parts = {part for name in names for part in name.split("/") if part}
    assert not [part for part in parts if part.startswith(".") or part == "__pycache__"]
    assert not [part for part in parts if part.lower().endswith(FORBIDDEN_ENDS)]


def test_package_leaves_out_what_only_developers_need(unpacked):
    left_out = (
        "test",
        "demo",
        "docs",
        "Makefile",
        "pyproject.toml",
        "CONTRIBUTING.md",
        "mkdocs.yml",
    )
    assert not [name for name in left_out if (unpacked / name).exists()]


def test_package_holds_what_a_user_needs(unpacked):
    needed = ("__init__.py", "metadata.txt", "LICENSE", "README.md", "CHANGELOG.md")
    needed += ("resources/engine/requirements.lock", "resources/CREDITS.md")
    assert [name for name in needed if not (unpacked / name).is_file()] == []


def test_metadata_is_complete(metadata, unpacked):
    assert [key for key in REQUIRED.split() if not metadata.get(key, "").strip()] == []
    assert metadata["hasProcessingProvider"] == "yes"
    assert metadata["qgisMinimumVersion"] == "3.22"
    assert metadata["qgisMaximumVersion"] == "4.99"
    assert "supportsQt6" not in metadata
    assert (unpacked / metadata["icon"]).is_file()


def test_changelog_tells_of_this_version(metadata, unpacked):
    changelog = (unpacked / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[?{re.escape(metadata['version'])}\]?\b", changelog, re.MULTILINE)


def test_links_of_the_readme_are_in_the_repository():
    from make_package import ROOT

    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (ROOT / target).exists(), f"{document.name} links to {target}"


def test_bandit_finds_nothing_in_the_package(unpacked):
    command = [sys.executable, "-m", "bandit", "-r", str(unpacked), "-f", "json", "-q"]
    report = json.loads(subprocess.run(command, capture_output=True, text=True).stdout)
    assert report["metrics"]["_totals"]["loc"] > 1000
    assert report["errors"] == []
    assert [
        f"{r['filename']}:{r['line_number']} {r['issue_text']}" for r in report["results"]
    ] == []


def test_no_secret_is_in_the_package(unpacked):
    for path in unpacked.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", errors="ignore")
            assert not SECRETS.search(text), path


def test_every_waived_bandit_finding_says_why(unpacked):
    reason_here = re.compile(r"# nosec B\d{3}(, ?B\d{3})* - \w+")
    reason_above = re.compile(r"\s*# \w+.*\n.*# nosec B\d{3}")
    for path in unpacked.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for above, line in zip(["", *lines], lines):
            if "# nosec" in line:
                said = reason_here.search(line) or reason_above.match(f"{above}\n{line}")
                assert said, f"{path.name}: {line}"

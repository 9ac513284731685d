"""The zip that users install keeps the rules of QGIS's plugin repository."""

import configparser
import json
import re
import subprocess
import sys
import zipfile

import pytest
from detect_secrets import SecretsCollection
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import transient_settings

from make_package import NAME, make_package

LARGEST_BYTES = 25_000_000
FORBIDDEN_ENDS = (".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".pyc", ".pkl", ".pth", ".pt")
REQUIRED = "name description version qgisMinimumVersion author email about tracker repository"
PILLARS = {
    "maps and images": ("classification", "image", "map every pixel", "segmentation"),
    "objects": ("object detection", "crater", "landslide"),
    "seismic grids": ("seismic", "earthquake", "ETAS", "CSEP", "not a prediction"),
    "upscaling": ("GAN upscaling", "super resolution", "inferred"),
}
NO_TEXT = (".safetensors", ".jpg", ".tif", ".png")
# Hashes are full of chance; what is called a secret here has a form or a name.
DETECTORS = [
    kind.__name__
    for kind in get_mapping_from_secret_type_to_class().values()
    if "Entropy" not in kind.__name__
]


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
    parser = configparser.ConfigParser()  # as QGIS's plugin manager reads it
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


@pytest.mark.parametrize("pillar", PILLARS)
def test_metadata_speaks_of_every_part_of_the_plugin(metadata, pillar):
    said = " ".join(metadata[key] for key in ("description", "about", "tags")).lower()
    assert [word for word in PILLARS[pillar] if word.lower() not in said] == []


def test_metadata_tell_the_news_of_this_version(metadata, unpacked):
    text = (unpacked / "CHANGELOG.md").read_text(encoding="utf-8")
    version = metadata["version"]
    assert re.search(rf"^## \[?{re.escape(version)}\]?\b", text, re.MULTILINE)
    assert metadata["changelog"].splitlines()[0] == version
    newest = text.split("\n## ")[1]
    assert len(metadata["changelog"].splitlines()) - 1 == newest.count("\n- ") > 0
    words = set(re.findall(r"\w+", newest)) - {"unreleased"}
    assert words - set(re.findall(r"\w+", metadata["changelog"])) <= {"0", "1"}


def test_addresses_in_the_metadata_are_whole(metadata):
    for key in ("homepage", "repository", "tracker"):
        assert re.fullmatch(r"https://[\w.-]+\.[a-z]+/\S+", metadata[key]), key
    assert re.fullmatch(r"[\w.-]+@[\w-]+\.[\w.]+", metadata["email"])
    assert len(metadata["description"]) < 200 and "\n" not in metadata["description"]


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


def secrets_in(folder):
    """What detect-secrets finds in the files of a folder; the plugin repository runs it too."""
    found = SecretsCollection()
    with transient_settings({"plugins_used": [{"name": name} for name in DETECTORS]}):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in NO_TEXT:
                found.scan_file(str(path))
    return [f"{path}:{secret.line_number} {secret.type}" for path, secret in found]


def test_no_secret_is_in_the_package(unpacked):
    assert secrets_in(unpacked) == []


def test_a_secret_would_be_found(tmp_path):
    (tmp_path / "key.txt").write_text("-----BEGIN RSA PRIVATE" + " KEY-----\n")
    (tmp_path / "index.py").write_text('URL = "https://anna' + ':geheim99@index.org/simple"\n')
    (tmp_path / "token.py").write_text('token = "ghp_' + "a1B2c3D4e5F6g7H8i9J0" * 2 + '"\n')
    assert len({line.split(":")[0] for line in secrets_in(tmp_path)}) == 3


def test_every_waived_bandit_finding_says_why(unpacked):
    reason_here = re.compile(r"# nosec B\d{3}(, ?B\d{3})* - \w+")
    reason_above = re.compile(r"\s*# \w+.*\n.*# nosec B\d{3}")
    for path in unpacked.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for above, line in zip(["", *lines], lines):
            if "# nosec" in line:
                said = reason_here.search(line) or reason_above.match(f"{above}\n{line}")
                assert said, f"{path.name}: {line}"

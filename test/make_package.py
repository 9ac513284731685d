"""Make the zip that users install: the committed files, less what .gitattributes leaves out.

    python test/make_package.py FOLDER

The changelog of `metadata.txt`, which the plugin manager shows, is written here from CHANGELOG.md.
"""

import configparser
import re
import subprocess
import sys
import zipfile
from copy import copy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "deep_geology"


def version():
    """The plugin's version, as metadata.txt says it."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def make_package(folder):
    """Write ``deep_geology-VERSION.zip`` into a folder; give back its path."""
    path = Path(folder).resolve() / f"{NAME}-{version()}.zip"
    committed = path.with_suffix(".part")
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    archive = ["archive", "--format=zip", "-0", f"--prefix={NAME}/", "-o", str(committed)]
    subprocess.run([*git, *archive, "HEAD"], check=True)
    with zipfile.ZipFile(committed) as before:
        files = [(copy(entry), before.read(entry)) for entry in before.infolist()]
    with zipfile.ZipFile(path, "w") as after:
        for entry, content in _with_changelog(files):
            after.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    committed.unlink()
    return path


def _with_changelog(files):
    """The files of the zip, metadata.txt with the newest changes."""
    texts = {entry.filename: content for entry, content in files}
    news = changelog(texts[f"{NAME}/CHANGELOG.md"].decode("utf-8"))
    for entry, content in files:
        if entry.filename == f"{NAME}/metadata.txt":
            told = news.replace("%", "%%")  # QGIS reads it with Python's interpolation
            content = content.rstrip(b"\n") + f"\nchangelog={told}\n".encode()
        yield entry, content


def changelog(text):
    """The newest version of a changelog, in the form of metadata.txt: a line an entry.

    >>> print(changelog("# News\\n\\n## [0.2.0] - today\\n\\n### Added\\n\\n- One\\n  thing.\\n- Two.\\n"))
    0.2.0
     - Added: One thing.
     - Added: Two.
    """
    newest = re.split(r"^## ", text, flags=re.MULTILINE)[1]
    heading, *parts = re.split(r"^### ", newest, flags=re.MULTILINE)
    lines = [heading.split()[0].strip("[]")]
    for part in parts:
        kind, _, entries = part.partition("\n")
        for entry in re.split(r"^- ", entries, flags=re.MULTILINE)[1:]:
            lines.append(f" - {kind.strip()}: {' '.join(entry.split())}")
    return "\n".join(lines)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    made = make_package(sys.argv[1])
    print(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")

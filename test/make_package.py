"""Make the zip that users install: the committed files, less what .gitattributes leaves out.

python test/make_package.py FOLDER
"""

import configparser
import subprocess
import sys
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
    path = Path(folder) / f"{NAME}-{version()}.zip"
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    archive = ["archive", "--format=zip", "-9", f"--prefix={NAME}/", "-o", str(path.resolve())]
    subprocess.run([*git, *archive, "HEAD"], check=True)
    return path


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    made = make_package(sys.argv[1])
    print(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")

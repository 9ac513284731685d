"""What is written in the repository: no machine's own places, a help for every parameter."""

import re
import subprocess
from pathlib import Path

import pytest

from plugin.jobs import JOBS
from plugin.jobs.declare import declared

ROOT = Path(__file__).resolve().parent.parent
MACHINE_PATH = re.compile(r"""(?<![\w.~/:}])/(?:work|root|farm|home|Users)/[\w.-]+""")
TEXT_ENDS = {".py", ".md", ".toml", ".txt", ".in", ".lock", ".yml", ".qml", ".json", ""}


def tracked_texts():
    """The files that git keeps and people read."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    return [path for path in paths if path.suffix in TEXT_ENDS and path.is_file()]


def test_no_file_names_a_folder_of_one_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_texts()
        if path != Path(__file__)
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


@pytest.mark.parametrize("name", JOBS)
def test_every_parameter_has_a_label_and_a_help(name):
    parts = [part for part in declared(JOBS[name]) if not part.is_result]
    assert [part.name for part in parts if not part.label or not part.help.endswith(".")] == []


@pytest.mark.parametrize("name", JOBS)
def test_every_job_says_in_one_sentence_what_it_does(name):
    assert re.match(r"[A-Z].*\.$", JOBS[name].__doc__.splitlines()[0])

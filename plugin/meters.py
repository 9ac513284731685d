"""How far an installation is, in packages and bytes, read from what pip prints and writes."""

import os
import re

from .engine_packages import normalized
from .telling import size_text

_STEP = re.compile(r"Progress (\d+) of (\d+)$")
_NEW_FILE = re.compile(r"(Collecting|Processing|Downloading|Using cached) ")


class DownloadMeter:
    """Follows ``pip download --progress-bar raw`` over several calls.

    Parameters
    ----------
    tell : Teller
    span : tuple of float
        Start and stop of the downloads in the whole job's progress.
    packages : list of Package
        All that is going to be downloaded.
    """

    def __init__(self, tell, span, packages):
        self._tell = tell
        self._span = span
        self._total = sum(package.download for package in packages)
        self._count = len(packages)
        self._finished = self._finished_packages = 0
        self._before_file = self._in_file = 0
        self._name = ""

    def hear(self, line):
        """Take a line of pip; say whether it was a mere step of progress."""
        step = _STEP.match(line.strip())
        if step:
            self._in_file = int(step.group(1))
        elif _NEW_FILE.match(line.strip()):
            self._before_file += self._in_file
            self._in_file = 0
            self._name = _package_in(line) or self._name
        self._show()
        return bool(step)

    def finish(self, group):
        """A call of pip has brought these packages."""
        self._finished += sum(package.download for package in group)
        self._finished_packages += len(group)
        self._before_file = self._in_file = 0
        self._show()

    def _show(self):
        done = self._finished + self._before_file + self._in_file
        if self._total:
            fraction = min(done / self._total, 1.0)
            of_total = f"{size_text(min(done, self._total))} of {size_text(self._total)}"
        else:
            fraction = self._finished_packages / max(self._count, 1)
            of_total = size_text(done)
        start, stop = self._span
        packages = f"{self._finished_packages} of {self._count} packages"
        text = f"Downloading {self._name}: {of_total}, {packages}".replace(" :", ":")
        self._tell.progress(start + fraction * (stop - start), text)


def _package_in(line):
    found = re.search(r"(?:Collecting|Processing|Downloading|Using cached) (\S+)", line)
    if not found:
        return ""
    return normalized(re.split(r"[=<>;]|-\d", os.path.basename(found.group(1)))[0])


class InstallMeter:
    """Follows ``pip install`` by the packages that stand in the environment.

    Parameters
    ----------
    tell : Teller
    span : tuple of float
        Start and stop of the installation in the whole job's progress.
    packages : list of Package
        All that is going to be installed.
    site : str
        The environment's folder of packages.
    """

    def __init__(self, tell, span, packages, site):
        self._tell = tell
        self._span = span
        self._sizes = {package.name: package.installed for package in packages}
        self._site = site

    def look(self):
        """Count what is installed by now."""
        there = self._installed()
        done, total = sum(self._sizes[name] for name in there), sum(self._sizes.values())
        fraction = done / total if total else len(there) / max(len(self._sizes), 1)
        of_total = f"{size_text(done)} of {size_text(total)}, " if total else ""
        start, stop = self._span
        text = f"Installing: {of_total}{len(there)} of {len(self._sizes)} packages"
        self._tell.progress(start + fraction * (stop - start), text)

    def _installed(self):
        try:
            names = os.listdir(self._site)
        except OSError:
            return set()  # not made yet
        found = {normalized(n.split("-")[0]) for n in names if n.endswith(".dist-info")}
        return found & set(self._sizes)

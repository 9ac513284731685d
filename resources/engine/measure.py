"""Write sizes.json: what every package of the lock takes to download and to install.

``python measure.py linux=FOLDER windows=FOLDER macos=FOLDER`` with folders of wheels that
*Download engine packages* made; bytes, and the letters of the longest path in a package.
"""

import json
import os
import re
import sys
import zipfile


def measure(folder):
    """Sizes by package of a folder of wheels."""
    wheels = sorted(name for name in os.listdir(folder) if name.endswith(".whl"))
    return dict(_measure_wheel(os.path.join(folder, name)) for name in wheels)


def _measure_wheel(path):
    name = re.sub(r"[-_.]+", "-", os.path.basename(path).split("-")[0]).lower()
    with zipfile.ZipFile(path) as wheel:
        parts = wheel.infolist()
    return name, {
        "download": os.path.getsize(path),
        "installed": sum(part.file_size for part in parts),
        "longest": max(len(part.filename) for part in parts),
    }


if __name__ == "__main__":
    folders = dict(argument.split("=", 1) for argument in sys.argv[1:])
    sizes = {system: measure(folder) for system, folder in folders.items()}
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sizes.json")
    with open(target, "w", encoding="utf-8") as file:
        json.dump(sizes, file, indent=1)
        file.write("\n")

"""Run a Python module that ends when the process that started it ends.

``python leash.py MODULE ARGUMENTS...`` with standard input held open by the parent: when
QGIS is killed in the middle of an installation, its end of the pipe closes, and the
installation stops instead of going on beside the next one. Standard library, no package.
"""

import os
import runpy
import sys
import threading


def _end_with_parent():
    # Not sys.stdin: a thread that waits in it cannot be left behind when Python ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

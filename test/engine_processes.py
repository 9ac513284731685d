"""The engines that run on this computer."""

import os


def engines(parent=None):
    """Process ids of the engines that a process started; this one if not given."""
    parent = os.getpid() if parent is None else parent
    return [
        pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_ours(pid, parent)
    ]


def is_ours(pid, parent):
    """Whether a process is a living engine of a parent."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            state, parent_id = file.read().rsplit(") ", 1)[1].split()[:2]
    except OSError:
        return False  # it ended while we looked
    return b"plugin.engine" in words and int(parent_id) == parent and state != "Z"

"""The folder of Deep Geology on this computer: engine, logs, and the user's models."""

import os
import sys

_FOLDER_NAME = "DeepGeology"


def home():
    """The folder; it need not exist yet.

    It lies outside the plugin's folder, in ``DEEPGEOLOGY_HOME`` or the platform's folder for
    local data, so that an update of the plugin keeps it.
    """
    own = os.environ.get("DEEPGEOLOGY_HOME")
    if own:
        return os.path.abspath(os.path.expanduser(own))
    user = os.path.expanduser("~")
    if os.name == "nt":
        data = os.environ.get("LOCALAPPDATA") or os.path.join(user, "AppData", "Local")
    elif sys.platform == "darwin":
        data = os.path.join(user, "Library", "Application Support")
    else:
        data = os.environ.get("XDG_DATA_HOME") or os.path.join(user, ".local", "share")
    return os.path.join(data, _FOLDER_NAME)

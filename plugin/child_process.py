"""Start and end a child process that is independent of QGIS's own environment.

QGIS's Python, PROJ and GDAL settings are right for QGIS and wrong for any other Python.
The engine and pip are other processes: this file is the one place that starts them.
"""

import os
import signal

# The engine and pip are other processes; a list of words is started, never a shell.
import subprocess  # nosec B404

SCRUBBED_PREFIXES = ("PYTHON", "PIP_", "PROJ", "GDAL", "LD_", "DYLD_", "QGIS_")
SCRUBBED_NAMES = ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
IS_WINDOWS = os.name == "nt"
PIPE = subprocess.PIPE


def clean_environment(environment=None, windows=IS_WINDOWS):
    """An environment without what QGIS or its launcher put there for itself.

    Parameters
    ----------
    environment : mapping of str to str, optional
        What to clean; this process's own if not given.
    windows : bool
        Whether folders of QGIS are taken out of PATH: their libraries would be loaded
        instead of the engine's own.

    Returns
    -------
    dict of str to str
        A cleaned copy. Proxy settings, HOME, CUDA's variables and the rest stay.
    """
    environment = dict(os.environ if environment is None else environment)
    cleaned = {name: value for name, value in environment.items() if _is_kept(name)}
    if windows:
        root = environment.get("OSGEO4W_ROOT", "")
        for name in [name for name in cleaned if name.upper() == "PATH"]:
            cleaned[name] = _without_qgis(cleaned[name], root)
    return cleaned


def _is_kept(name):
    name = name.upper()
    return not name.startswith(SCRUBBED_PREFIXES) and name not in SCRUBBED_NAMES


def _without_qgis(path, root):
    """Drop QGIS's folders from a Windows PATH; `root` is where OSGeo4W lies, or ``""``."""
    words = [word for word in ("qgis", "osgeo4w", root.lower().rstrip("\\/")) if word]
    folders = path.split(";")
    return ";".join(f for f in folders if not any(word in f.lower() for word in words))


def start(command, **options):
    """Start a child in its own group, without a window, with a clean environment.

    Parameters
    ----------
    command : list of str
        Program and arguments.
    **options
        Further arguments of `subprocess.Popen`, such as ``stdin`` and ``cwd``.

    Returns
    -------
    subprocess.Popen

    Raises
    ------
    OSError
        If the program cannot be started.
    """
    options.setdefault("env", clean_environment())
    if IS_WINDOWS:
        options["creationflags"] = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    else:
        options["start_new_session"] = True
    # The command is a list that the plugin wrote itself; no shell reads it.
    return subprocess.Popen(command, **options)  # nosec B603


def answer_of(command, seconds, **options):
    """What a short-lived program prints, as bytes; None if it does not run, or goes on too long.

    Parameters
    ----------
    command : list of str
    seconds : float
        How long it is waited for.
    **options
        As those of `start`.
    """
    silent = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        process = start(command, stdout=PIPE, **silent, **options)
    except OSError:
        return None
    try:
        return process.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        return None
    finally:
        kill_tree(process)


def wait(process, seconds):
    """Wait for a child to end; its exit code, or None if it goes on after `seconds`."""
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


def kill_tree(process):
    """Kill a child of `start` and all of its own children; give back its exit code.

    None means that it is stuck in the system (a dead network drive) and cannot be ended.
    """
    if IS_WINDOWS:
        _kill_windows_tree(process.pid)
    else:
        _kill_group(process.pid)
    if process.poll() is None:
        process.kill()
    return wait(process, 5)


def _kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # the group is gone, or macOS is just burying it


def _kill_windows_tree(pid):
    system = os.environ.get("SYSTEMROOT", r"C:\Windows")
    command = [os.path.join(system, "System32", "taskkill.exe"), "/T", "/F", "/PID", str(pid)]
    try:
        # Windows' own program, by its full path.
        subprocess.run(  # nosec B603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return  # the caller kills the one process that it knows

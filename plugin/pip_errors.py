"""What pip's messages mean for a user: a sentence and a remedy."""

import re

from .jobs.errors import JobError

_AGAIN = "then run Prepare engine again; packages that are already here are kept."
_OFFLINE = "or choose a folder of wheels that Download engine packages made on another computer."
# The first line that fits is taken: causes before the complaints that follow from them.
_MEANINGS = (
    (
        r"No space left on device|\[Errno 28\]|Errno 122|not enough space|quota exceeded",
        "The disk is full.",
        "Free some space, or set DEEPGEOLOGY_HOME to a folder on a larger disk, " + _AGAIN,
    ),
    (
        r"DO NOT MATCH THE HASHES|Hashes are required|--require-hashes mode",
        "A package is not the one that the plugin was tested with: its hash differs.",
        "Empty the folder of wheels and download it again. If packages come through a mirror "
        "of your company, tell its keeper: the file may have been altered.",
    ),
    (
        r"located at (\S+) is not a trusted or secure host",
        "pip does not trust the index at {what}, as its address begins with http, not https.",
        "Use its https address, or name it as trusted (pip config set global.trusted-host NAME).",
    ),
    (
        r"\b407\b|Proxy Authentication Required",
        "The proxy wants a name and a password.",
        "Enter them under Settings > Options > Network > Proxy, " + _AGAIN,
    ),
    (
        r"Missing dependencies for SOCKS",
        "pip cannot use a SOCKS proxy.",
        "Use an HTTP proxy, " + _OFFLINE,
    ),
    (
        r"ProxyError|(Cannot|Unable|Failed) (to )?connect to proxy|proxy connection error"
        r"|Tunnel connection failed|proxy server",
        "The proxy does not let the download through.",
        "Check Settings > Options > Network > Proxy, " + _AGAIN,
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLError|SSLCertVerification",
        "The connection is not trusted: its certificate is unknown to Python.",
        "If your company inspects connections, give its certificate to pip "
        "(pip config set global.cert FILE), " + _OFFLINE,
    ),
    (
        r"SSL module is not available|'ssl' module is unavailable|Can't connect to HTTPS URL because the SSL",
        "This Python cannot make secure connections: its SSL module is missing.",
        "Install Python from python.org and give it as Use this Python.",
    ),
    (
        r"Name or service not known|Temporary failure in name resolution|getaddrinfo failed"
        r"|nodename nor servname|NameResolutionError|No address associated",
        "The package index cannot be found: there is no network, or its name is not known.",
        "Connect to the internet, or set the proxy under Settings > Options > Network, " + _OFFLINE,
    ),
    (
        r"Network is unreachable|Connection refused|NewConnectionError|No route to host"
        r"|actively refused|ConnectTimeout|Connection to .* timed out"
        r"|didn't respond within",
        "The package index cannot be reached.",
        "Connect to the internet, or set the proxy under Settings > Options > Network, " + _OFFLINE,
    ),
    (
        r"Read timed out|ReadTimeout|IncompleteRead|ConnectionResetError|Connection aborted"
        r"|IncompleteDownloadError|ProtocolError|Connection broken|RemoteDisconnected"
        r"|connection was closed without a reply",
        "The connection broke off during the download.",
        "Check the connection, " + _AGAIN,
    ),
    (
        r"\b40[13] (Client Error|Error)|Unauthorized|Forbidden",
        "The package index refuses the download.",
        "Check the index and its password in pip's own settings (pip config list), " + _OFFLINE,
    ),
    (
        r"No matching distribution found for (?P<what>\S+)|Could not find a version that "
        r"satisfies the requirement (?P<what2>\S+)",
        "There is no package {what} for this system and this version of Python.",
        "Use Python 3.10 to 3.14 in 64 bits on Windows, Linux or macOS 14 or newer; in a "
        "folder of wheels, check that it was made for this computer.",
    ),
    (
        r"is not a supported wheel on this platform",
        "A package in the folder of wheels is for another system or version of Python.",
        "Make the folder again with the system and Python of this computer.",
    ),
    (
        r"externally-managed-environment",
        "This Python may not be changed: it belongs to the operating system.",
        "Leave Use this Python empty, or give the Python of a virtual environment.",
    ),
    (
        r"File name too long|path too long|WinError 206|Long Path",
        "A path became longer than the system allows.",
        "Set DEEPGEOLOGY_HOME to a short path such as C:\\dg, " + _AGAIN,
    ),
    (
        r"WinError 32|being used by another process",
        "Another program holds a file of the engine.",
        "Close other QGIS windows, or pause the virus scanner for this folder, " + _AGAIN,
    ),
    (
        r"Permission denied|\[Errno 13\]|WinError 5|Access is denied|Read-only file system",
        "A file may not be written.",
        "Set DEEPGEOLOGY_HOME to a folder that you may write to, " + _AGAIN,
    ),
    (
        r"MemoryError|Cannot allocate memory|\[Errno 12\]",
        "The memory of this computer is used up.",
        "Close other programs, " + _AGAIN,
    ),
    (
        r"ensurepip is not available|No module named ensurepip|No module named venv",
        "This Python cannot make environments: its venv package is missing.",
        "Install it (Debian, Ubuntu: sudo apt install python3-venv), " + _AGAIN,
    ),
    (
        r"No module named pip",
        "The environment has no pip.",
        "Run Prepare engine again; the environment is then made anew.",
    ),
)
_KILLED = (-9, 137)


def explain(lines, code, doing):
    """Turn the last words of pip or venv into an error for the user.

    Parameters
    ----------
    lines : list of str
        What was printed.
    code : int
        How the process ended.
    doing : str
        What was going on, such as ``"Installing the packages"``.

    Returns
    -------
    JobError
        With the printed lines as its trace; passwords are taken out.
    """
    text = "\n".join(without_passwords(line) for line in lines[-60:])
    for pattern, found, remedy in _MEANINGS:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            groups = [group for group in match.groups() if group]
            found = found.replace("{what}", groups[0].rstrip(".,;)") if groups else "")
            return JobError(f"{doing} failed. {found}", remedy, text)
    if code in _KILLED:
        return JobError(
            f"{doing} was ended by the system: most likely the memory is used up.",
            "Close other programs, " + _AGAIN,
            text,
        )
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return JobError(
        f'{doing} failed with code {code}: "{last[:200]}".',
        "Read prepare.log in the folder of the engine, or choose a Python of your own.",
        text,
    )


def without_passwords(line):
    """A line without the name and password of an address in it."""
    return re.sub(r"(://)[^/@\s]+@", r"\1***@", line)

"""A small package index: wheels of a few lines, a lock file of them, a server on this machine."""

import base64
import hashlib
import importlib.metadata
import json
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SELF_CHECK = """
import importlib.util, json
missing = [n for n in ("alpha", "beta") if importlib.util.find_spec(n) is None]
print(json.dumps({
    "python": "3", "versions": {"torch": "9.9"}, "devices": ["cpu"], "cuda": "no device was found",
    "problems": [name + " is missing" for name in missing],
}))
"""


def make_wheel(folder, name, version, files, tag="py3-none-any"):
    """Write a wheel.

    Parameters
    ----------
    folder : Path
    name, version : str
    files : dict
        Text or bytes by path in the wheel.
    tag : str
        Python, ABI and platform.

    Returns
    -------
    Path
    """
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    written = {key: _bytes(value) for key, value in {**files, **metadata}.items()}
    written[f"{info}/RECORD"] = _record(written, info).encode()
    with zipfile.ZipFile(path, "w") as wheel:
        for key, content in written.items():
            entry = zipfile.ZipInfo(key)
            entry.external_attr = (0o100755 if "/scripts/" in key else 0o100644) << 16
            wheel.writestr(entry, content)
    return path


def make_pip_wheel(folder):
    """A wheel of the pip that this Python has: the installer itself comes from the lock."""
    pip = importlib.metadata.distribution("pip")
    inside = [file for file in pip.files if file.parts[0] == "pip" and file.suffix != ".pyc"]
    files = {file.as_posix(): file.locate().read_bytes() for file in inside}
    return make_wheel(folder, "pip", pip.version, files)


def _bytes(value):
    return value.encode() if isinstance(value, str) else value


def _record(files, info):
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    return "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"


def _digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def lock_line(wheel, marker=""):
    """The entry of a wheel in a lock file."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    marker = f" ; {marker}" if marker else ""
    return f"{name}=={version}{marker} \\\n    --hash=sha256:{digest}\n"


def sizes_of(wheels):
    """Sizes by package, as in ``sizes.json``."""
    one = {"installed": 1000, "longest": 100}
    return {w.name.split("-")[0]: {**one, "download": w.stat().st_size} for w in wheels}


class Index:
    """Serves a folder of wheels as a package index on 127.0.0.1.

    Attributes
    ----------
    url : str
    asked : list of str
        Every path that was asked for.
    seconds : float
        How long every file takes, in pieces.
    answer : int
        HTTP status of every answer.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.asked, self.seconds, self.answer = [], 0.0, 200
        handler = type("Handler", (_Handler,), {"index": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/simple"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """Stop serving: connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()

    def fetched(self, name):
        """How often the file of a package was fetched."""
        return sum(path.startswith(f"/files/{name}-") for path in self.asked)


class _Handler(BaseHTTPRequestHandler):
    index = None

    def do_GET(self):
        self.index.asked.append(self.path)
        if self.index.answer != 200:
            self._reply(b"no", status=self.index.answer)
        elif self.path.startswith("/simple/"):
            self._reply(self._page(self.path.strip("/").split("/")[-1]), "text/html")
        else:
            self._reply((self.index.folder / self.path.split("/")[-1]).read_bytes())

    def _page(self, name):
        files = sorted(self.index.folder.glob(f"{name}-*.whl"))
        return "".join(f'<a href="/files/{file.name}">{file.name}</a>' for file in files).encode()

    def _reply(self, content, kind="application/octet-stream", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        pieces = 20 if kind != "text/html" and self.index.seconds else 1
        step = -(-len(content) // pieces)
        for start in range(0, len(content), step):
            self.wfile.write(content[start : start + step])
            self.wfile.flush()
            time.sleep(self.index.seconds / pieces if pieces > 1 else 0)

    def log_message(self, *arguments):
        """Say nothing."""


class Shop:
    """Wheels of ``alpha``, ``beta`` and pip with their lock, sizes and index.

    Attributes
    ----------
    wheels : Path
        Folder of the wheels.
    lock, sizes, self_check : Path
    """

    def __init__(self, folder):
        self.wheels = folder / "wheels"
        self.wheels.mkdir(parents=True)
        make_wheel(self.wheels, "alpha", "1.0", {"alpha.py": "value = 1\n", "pad": "x" * 300_000})
        make_wheel(self.wheels, "beta", "2.0", {"beta.py": "value = 2\n"})
        make_pip_wheel(self.wheels)
        self.lock, self.sizes = folder / "requirements.lock", folder / "sizes.json"
        self.self_check = folder / "self_check.py"
        self.self_check.write_text(SELF_CHECK, encoding="utf-8")
        self.write_lock({})

    def write_lock(self, markers):
        """Lock every wheel that is there now; `markers` by package."""
        wheels = sorted(self.wheels.glob("*.whl"))
        lines = [lock_line(w, markers.get(w.name.split("-")[0], "")) for w in wheels]
        self.lock.write_text("".join(lines), encoding="utf-8")
        measured = dict.fromkeys(("linux", "windows", "macos"), sizes_of(wheels))
        self.sizes.write_text(json.dumps(measured), encoding="utf-8")


class Listener:
    """Keeps what a job says."""

    def __init__(self):
        self.fractions, self.texts, self.notes, self.warnings = [], [], [], []

    def progress(self, fraction, text=""):
        self.fractions.append(fraction)
        self.texts.append(text)

    def note(self, text):
        self.notes.append(text)

    def warning(self, text):
        self.warnings.append(text)

    def log(self, line):
        self.notes.append(line)

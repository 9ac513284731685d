"""Rasters and images from strangers: nothing runs, nothing is fetched, memory stays bounded."""

import os
import struct
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, strategies as st

from faults.small_settings import few
from landscapes import write_raster
from plugin.engine.rasters import Raster, describe_image, read_image
from plugin.jobs.errors import JobError

ROOT = Path(__file__).resolve().parents[2]
# Opens a raster as the engine does, in a process that may not take much memory.
READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (3 * 2**30, 3 * 2**30))
from plugin.engine.rasters import Raster, read_image
from plugin.jobs.errors import JobError
how, path = sys.argv[1:]
try:
    if how == "image":
        print("READ", read_image(path, 64)[0].shape)
    else:
        with Raster(path) as raster:
            values, _ = raster.read(0, 0, 64, 64)
            print("READ", values.shape, int(values.max()))
except JobError as error:
    print("REFUSED", error)
# Not ru_maxrss: a process begins with that of the one that started it.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("PEAK", peak.split()[1])
"""
SOURCE = (
    '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="Byte" band="1">'
    '<SimpleSource><SourceFilename relativeToVRT="0">{}</SourceFilename><SourceBand>1</SourceBand>'
    '<SrcRect xOff="0" yOff="0" xSize="64" ySize="64"/>'
    '<DstRect xOff="0" yOff="0" xSize="64" ySize="64"/></SimpleSource></VRTRasterBand></VRTDataset>'
)
PROGRAM = (
    '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="Byte" band="1" '
    'subClass="VRTDerivedRasterBand"><PixelFunctionType>f</PixelFunctionType>'
    "<PixelFunctionLanguage>Python</PixelFunctionLanguage><PixelFunctionCode><![CDATA[\n"
    "open({!r}, 'w').close()\ndef f(ins, out, *rest, **more):\n    out[:] = 7\n"
    "]]></PixelFunctionCode></VRTRasterBand></VRTDataset>"
)
TILES = (
    '<GDAL_WMS><Service name="TMS"><ServerUrl>{}${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>'
    "<DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>10</UpperLeftY><LowerRightX>10</LowerRightX>"
    "<LowerRightY>0</LowerRightY><TileLevel>1</TileLevel><SizeX>64</SizeX><SizeY>64</SizeY>"
    "</DataWindow><BandsCount>1</BandsCount></GDAL_WMS>"
)


def read(path, how="raster", **variables):
    """Read in a process of its own: what it says, and its peak memory in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", READ, how, str(path)], cwd=ROOT, capture_output=True, text=True,
        timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, peak = done.stdout.strip().splitlines()
    return said, 1024 * int(peak.split()[1])


@pytest.fixture
def web():
    """A server on this computer that counts who calls; its address and the paths asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


def test_a_raster_file_calls_nobody(tmp_path, web):
    address, asked = web
    files = {
        "curl.vrt": SOURCE.format(f"/vsicurl/{address}a.tif"),
        "http.vrt": SOURCE.format(f"{address}b.tif"),
        "tiles.xml": TILES.format(address),
        "tiles.vrt": SOURCE.format(tmp_path / "tiles.xml"),
        "streaming.vrt": SOURCE.format(f"/vsicurl_streaming/{address}c.tif"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    # One process reads all of them, as starting one takes seconds.
    script = READ.replace("how, path = sys.argv[1:]", "how = 'raster'\nfor path in sys.argv[1:]:")
    head, loop, tail = script.partition("for path in sys.argv[1:]:")
    body, _, _ = tail.partition('print("PEAK"')
    script = head + loop + body.replace("\n", "\n    ")
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, tmp_path.iterdir())], cwd=ROOT, text=True,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.count("REFUSED") == len(files), done.stdout + done.stderr
    assert asked == []


def test_an_address_that_the_user_gives_is_asked(web):
    address, asked = web
    with pytest.raises(JobError):
        Raster(f"/vsicurl/{address}mine.tif")
    assert "/mine.tif" in asked


def test_python_in_a_raster_does_not_run_even_where_gdal_would_let_it(tmp_path):
    mark = tmp_path / "it ran"
    (tmp_path / "program.vrt").write_text(PROGRAM.format(str(mark)), encoding="utf-8")
    said, _ = read(tmp_path / "program.vrt", GDAL_VRT_ENABLE_PYTHON="YES")
    assert said.startswith("REFUSED") and not mark.exists()


def promise(path, rows, columns, strip_rows):
    """A TIFF of some bytes that says it holds rows x columns pixels of a byte."""
    entries = [
        (256, 4, 1, columns), (257, 4, 1, rows), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1),
        (273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, strip_rows), (279, 4, 1, 64),
    ]  # fmt: skip
    content = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    content += b"".join(struct.pack("<HHII", *entry) for entry in entries) + b"\0" * 4
    path.write_bytes(content.ljust(200, b"\0") + zlib.compress(b"\0" * 2**20)[:64])


@pytest.mark.parametrize("rows, columns, strip_rows", [
    (2**31 - 1, 2**31 - 1, 1), (2**20, 2**20, 2**20), (10**6, 10**5, 10**6),
])  # fmt: skip
def test_a_header_that_promises_terabytes_takes_bounded_memory(tmp_path, rows, columns, strip_rows):
    promise(tmp_path / "huge.tif", rows, columns, strip_rows)
    said, peak = read(tmp_path / "huge.tif")
    assert said.startswith("REFUSED") and peak < 2.5 * 2**30, said


def test_a_raster_of_terabytes_that_is_mostly_empty_is_read_by_windows(tmp_path):
    known = {"driver": "GTiff", "count": 3, "dtype": "float32", "tiled": True, "sparse_ok": True}
    path = tmp_path / "sparse.tif"
    with rasterio.open(path, "w", width=400_000, height=400_000, bigtiff="YES", **known):
        pass
    said, peak = read(path)
    assert said.startswith("READ (3, 64, 64)") and peak < 2**30


def bomb(path, side):
    """A PNG of side x side pixels of zeros, well packed."""

    def chunk(kind, data):
        head = struct.pack(">I", len(data)) + kind + data
        return head + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\0" * (side + 1)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def test_a_decompression_bomb_of_an_image_takes_little_memory(tmp_path):
    bomb(tmp_path / "bomb.png", 24_000)
    assert os.path.getsize(tmp_path / "bomb.png") < 1_000_000
    said, peak = read(tmp_path / "bomb.png", "image")
    assert peak < 24_000**2, (said, peak)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The bytes of a small TIFF, PNG and JPEG."""
    folder = tmp_path_factory.mktemp("good")
    values = np.random.default_rng(0).integers(0, 255, (3, 40, 48)).astype(np.uint8)
    kinds = {"tif": {"compress": "lzw"}, "png": {"driver": "PNG"}, "jpg": {"driver": "JPEG"}}
    return {
        ending: Path(write_raster(folder / f"a.{ending}", values, **profile)).read_bytes()
        for ending, profile in kinds.items()
    }


@pytest.mark.parametrize("ending", ["tif", "png", "jpg"])
def test_damaged_images_are_read_or_refused(tmp_path, good, ending):
    """A flipped, cut or repeated piece of the file; no other error than ours."""
    path = tmp_path / f"a.{ending}"

    @few(60)
    @given(st.data())
    def attempts(data):
        path.write_bytes(damaged(data.draw, good[ending]))
        for look in (describe_image, lambda p: read_image(p, 16), read_window):
            try:
                look(str(path))
            except JobError as error:
                assert error.found and error.remedy

    attempts()


def damaged(draw, content):
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, min(len(content) - 1, 400) if content else 0))
        what = draw(st.sampled_from(("byte", "byte", "cut", "zeros", "ones", "twice")))
        if what == "cut":
            del content[draw(st.integers(0, len(content))) :]
        elif what == "twice":
            content[place:place] = content[place : place + 40]
        elif content and place < len(content):
            size = 1 if what == "byte" else 4
            value = draw(st.integers(0, 255)) if what == "byte" else 255 * (what == "ones")
            content[place : place + size] = bytes([value]) * size
    return bytes(content)


def read_window(path):
    with Raster(path) as raster:
        raster.read(0, 0, 16, 16)

"""Try the engine's libraries: ``python self_check.py`` prints one line of JSON.

It is run as a file by a Python that may not be fit for the engine, so it imports nothing at
its top but the standard library, and takes nothing for granted.
"""

import importlib
import json
import platform
import sys

# Import name: oldest version that the engine runs with.
LIBRARIES = {
    "numpy": (1, 26),
    "torch": (2, 4),
    "torchvision": (0, 19),
    "rasterio": (1, 3),
    "safetensors": (0, 4),
    "sklearn": (1, 3),
    "matplotlib": (3, 8),
}


def check():
    """Import every library and compute a little on every device.

    Returns
    -------
    dict
        ``python``; ``versions`` by library; ``problems``, a list of sentences; ``devices``,
        such as ``["cpu", "cuda:0 NVIDIA H100"]``; ``cuda``, why there is no CUDA device.
    """
    answer = {"python": platform.python_version(), "versions": {}, "problems": []}
    for name, oldest in LIBRARIES.items():
        _check_library(name, oldest, answer)
    answer["devices"], answer["cuda"] = [], ""
    if not answer["problems"]:
        _try(_read_a_raster, "rasterio", answer)
        _try(_compute_everywhere, "torch", answer)
    return answer


def _check_library(name, oldest, answer):
    try:
        library = importlib.import_module(name)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == name
        answer["problems"].append(
            f"{name} is missing" if missing else f"{name} cannot be loaded ({error})"
        )
    except Exception as error:  # a broken library may raise anything
        answer["problems"].append(f"{name} cannot be loaded ({error})")
    else:
        version = str(getattr(library, "__version__", "0"))
        answer["versions"][name] = version
        if _numbers(version) < oldest:
            wanted = ".".join(map(str, oldest))
            answer["problems"].append(f"{name} is version {version}, older than {wanted}")


def _numbers(version):
    parts = version.split("+")[0].split(".")[:2]
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in parts)


def _try(act, name, answer):
    try:
        act(answer)
    except Exception as error:  # whatever a driver or a broken library raises
        answer["problems"].append(f"{name} does not work ({type(error).__name__}: {error})")


def _read_a_raster(answer):
    import numpy as np
    import rasterio
    from rasterio.io import MemoryFile

    written = np.arange(12, dtype="uint8").reshape(1, 3, 4)
    layout = {"driver": "GTiff", "count": 1, "height": 3, "width": 4, "dtype": "uint8"}
    transform = rasterio.transform.from_origin(500000, 4100000, 10, 10)
    with MemoryFile() as memory:
        with memory.open(**layout, crs="EPSG:32611", transform=transform) as dataset:
            dataset.write(written)
        with memory.open() as dataset:
            if dataset.crs.to_epsg() != 32611 or not (dataset.read() == written).all():
                raise ValueError("a raster came back changed")


def _compute_everywhere(answer):
    import torch

    _compute("cpu")
    answer["devices"].append("cpu")
    answer["cuda"] = _why_no_cuda(torch)
    for index in range(torch.cuda.device_count() if not answer["cuda"] else 0):
        _compute(f"cuda:{index}")
        answer["devices"].append(f"cuda:{index} {torch.cuda.get_device_name(index)}")
    metal = getattr(torch.backends, "mps", None)
    if metal is not None and metal.is_available():
        _compute("mps")
        answer["devices"].append("mps")


def _why_no_cuda(torch):
    if torch.version.cuda is None:
        return "this PyTorch is built for the CPU only"
    if torch.cuda.is_available():
        return ""
    try:
        torch.cuda.init()
    except Exception as error:  # torch has several kinds for this
        return str(error).splitlines()[0]
    return "no device was found"


def _compute(device):
    """Multiply matrices and keep the best of two boxes: torch and torchvision's own operators."""
    import torch
    from torchvision.ops import nms

    ones = torch.ones(64, 64, device=device)
    if float((ones @ ones).sum()) != 64.0**3:
        raise ValueError(f"a matrix product on {device} is wrong")
    kernel = torch.ones(1, 1, 3, 3, device=device)
    if float(torch.conv2d(ones[None, None], kernel)[0, 0, 5, 5]) != 9.0:
        raise ValueError(f"a convolution on {device} is wrong")
    boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 9.0, 10.0]], device=device)
    if nms(boxes, torch.tensor([0.5, 0.9], device=device), 0.5).tolist() != [1]:
        raise ValueError(f"non-maximum suppression on {device} is wrong")


if __name__ == "__main__":
    answer = check()
    sys.stdout.write("\n" + json.dumps(answer) + "\n")

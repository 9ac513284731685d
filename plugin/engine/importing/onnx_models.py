"""ONNX networks, such as those made for Deepness, as a list of steps with weights."""

import math
import os
import warnings

import torch

from ...jobs.errors import JobError
from ...jobs.model_card import CLASSIFICATION, PIXELS
from .. import networks
from ..networks.graph import IMAGE, TooLargeError
from ..onnx_export import library
from .deepness import facts_of, metadata, refuse_other_kinds
from .guarding import guarded
from .looking import reach
from .onnx_end import find_end
from .onnx_refusal import NotKnownError
from .onnx_steps import Steps
from .onnx_values import Values
from .recognizing import Recognized, pass_on

_LARGEST = 2_000_000_000
_SIDE = 256
_MOST_BANDS = 10_000
_MOST_TURNS = 100
# Nodes of which an input, from a place on, tells the sizes of the result; and how long it may be.
_SIZED = {
    "ConstantOfShape": 0, "Range": 0, "Reshape": 1, "Expand": 1, "Resize": 1, "Upsample": 1, "Tile": 1,
    "CenterCropPad": 1, "Col2Im": 1, "AffineGrid": 1, "MaxUnpool": 2,
}  # fmt: skip
_MOST_SIZES = 64


def read_onnx(path, side, progress):
    """Read a network.

    Parameters
    ----------
    path : str
    side : int
        Of the tiles, in pixels; 0 for what the file says.
    progress : Progress

    Returns
    -------
    made : Recognized
    known : dict
        What the file says of itself, see `describe`.

    Raises
    ------
    JobError
        If the file is damaged, or its network has an operation that is not known here.
    """
    name = os.path.basename(path)
    onnx, model = _load(path, name)
    with guarded(
        f'"{name}" is damaged: an operation does not have its numbers.', "Export the network again."
    ):
        return _read(onnx, model, name, side, progress)


def _read(onnx, model, name, side, progress):
    texts = metadata(model)
    refuse_other_kinds(texts, name)
    source, bands, side = _fix_input(model, name, side or facts_of(texts).get("patch", 0))
    known = {**facts_of(texts), "patch": side}
    values = _known_values(onnx, model, name, progress)
    end = find_end(model.graph, values, name)
    for note in end.notes:
        progress.note(note)
    progress(0.3, f"{len(model.graph.node):,} operations on tiles of {side} pixels")
    steps = _steps(model.graph, values, source, end.name, name, progress)
    made = _recognized(steps, values, end, bands, side, name)
    _try_other_sides(made, bands, side, name)
    return made, known


def _load(path, name):
    onnx = library()
    damaged = JobError(f'"{name}" is no ONNX file, or it is damaged.', "Export or copy it again.")
    try:
        if os.path.getsize(path) > _LARGEST:
            raise JobError(f'"{name}" is larger than 2 GB.', "Export a smaller network.")
        model = onnx.load_model(path, load_external_data=False)
    except JobError:
        raise
    except Exception as error:  # the reader of the format has errors of its own
        raise damaged from error
    if not model.graph.node:
        raise damaged
    return onnx, model


def _fix_input(model, name, side):
    """Let the input be one tile: its name, its bands, its side."""
    weights = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in weights]
    sizes = inputs[0].type.tensor_type.shape.dim if len(inputs) == 1 else []
    if len(sizes) != 4 or not 0 < sizes[1].dim_value <= _MOST_BANDS:
        raise JobError(
            f'The network in "{name}" does not take tiles of (images, bands, rows, columns).',
            "Export it with one input of this form, and with the number of bands.",
        )
    fixed = [size.dim_value for size in sizes[2:] if size.dim_value > 0]
    if len(set(fixed)) > 1:
        raise JobError(f'The network in "{name}" takes tiles of {fixed[0]} x {fixed[1]} pixels.',
                       "Export it for square tiles.")  # fmt: skip
    side = fixed[0] if fixed else side or _SIDE
    for size, value in zip(sizes, (1, sizes[1].dim_value, side, side), strict=True):
        size.dim_value = value
    return inputs[0].name, sizes[1].dim_value, side


def _known_values(onnx, model, name, progress):
    """Weights, and the shapes of all values for one tile.

    Sizes are computed on the way, and shapes hang on sizes: so both are found in turns.
    """
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    for _ in range(_MOST_TURNS):
        progress.check()
        values = Values(onnx, _inferred(onnx, model, name))
        sizes = [node for node in model.graph.node if values.compute(node)]
        if not sizes:
            break
        for node in sizes:
            made = onnx.numpy_helper.from_array(values.known[node.output[0]], node.output[0])
            model.graph.initializer.append(made)
            model.graph.node.remove(node)
    return values


def _inferred(onnx, model, name):
    """The model with the shapes that can be told.

    Nodes whose sizes are still to be computed are left out: for sizes that are a list of unknown
    numbers the library makes as many axes as the list is long, however long that is.
    """
    held = {one.name: math.prod(one.dims) for one in model.graph.initializer}
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(node for node in nodes if _has_sizes(node, held))
    try:
        return onnx.shape_inference.infer_shapes(model)
    except Exception as error:  # it has errors of its own
        raise JobError(
            f'The operations in "{name}" do not fit each other.', "Export the network again."
        ) from error
    finally:
        del model.graph.node[:]
        model.graph.node.extend(nodes)


def _has_sizes(node, held):
    """Whether the sizes that a node needs are known, and are a few numbers."""
    sizes = node.input[_SIZED.get(node.op_type, len(node.input)) :]
    return all(held.get(name, math.inf) <= _MOST_SIZES for name in sizes if name)


def _steps(graph, values, source, end, name, progress):
    steps = Steps(values)
    steps.name_as(source, IMAGE)
    needed = _needed(graph, end)
    try:
        for node in graph.node:
            progress.check()
            if set(node.output) & needed:
                steps.add(node)
    except NotKnownError as error:
        raise JobError(
            f'The network in "{name}" has the operation {error}, which is not known here.',
            "Export a network of convolutions, or use it in Deepness.",
        ) from error
    return steps


def _needed(graph, end):
    """The values that the result depends on."""
    needed, waiting = set(), [end]
    makers = {name: node for node in graph.node for name in node.output}
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += makers[name].input if name in makers else ()
    return needed


def _recognized(steps, values, end, bands, side, name):
    """The network with its weights."""
    result, width = steps.call(end.name), values.shape(end.name)[1]
    if end.grows:
        step = {"op": "Resize", "in": [result], "out": "grown", "side": [side, side]}
        steps.steps.append({**step, "mode": "bilinear", "aligned": False})
        result = "grown"
    seen = reach(steps.steps, result, _shapes(steps, values))
    structure = {
        "steps": steps.steps, "result": result, "width": int(width), "side": side,
        "constants": {name: list(value.shape) for name, value in steps.constants.items()},
        "stride": seen.stride, "radius": seen.radius, "sees_all": seen.sees_all,
    }  # fmt: skip
    classes = max(int(width), 2)
    task = CLASSIFICATION if end.of_images else PIXELS
    build = networks.build_classifier if end.of_images else networks.build_pixel_network
    try:
        network = build(networks.GRAPH, bands, classes, structure=structure)
    except TooLargeError as error:
        raise JobError(
            f'The network in "{name}" fills the memory: {error}.',
            "Export it for smaller tiles, or a smaller network.",
        ) from error
    body = network.backbone if end.of_images else network.body
    numbers = {**steps.weights, **steps.constants}
    tensors = {key: torch.from_numpy(value.copy()) for key, value in numbers.items()}
    body.load_state_dict(tensors, assign=True)
    pass_on(network.head[1], int(width))
    return Recognized(task, networks.GRAPH, network.eval(), bands, classes, structure)


def _shapes(steps, values):
    """The shape of the first input of every step."""
    origins = {ours: theirs for theirs, ours in steps.names()}
    return lambda place: values.shape(origins.get(steps.steps[place]["in"][0], ""))


@torch.no_grad()
def _try_other_sides(made, bands, side, name):
    """Refuse a network of pixels that only takes tiles of its own side."""
    if made.task == CLASSIFICATION:
        return
    stride = made.structure["stride"]
    other = (side // stride + 2) * stride
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shape = made.network(torch.zeros(2, bands, other, other)).shape
    except RuntimeError as error:
        raise JobError(
            f'The network in "{name}" only takes tiles of {side} pixels.',
            "Export it with rows and columns left open (dynamic axes).",
            trace=str(error),
        ) from error
    if tuple(shape[2:]) != (other, other):
        raise JobError(f'The network in "{name}" does not give a result for every pixel.',
                       "Export one that does.")  # fmt: skip

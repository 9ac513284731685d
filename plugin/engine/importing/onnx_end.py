"""Where the logits of an ONNX graph are: before what turns them into probabilities or classes."""

from dataclasses import dataclass

from ...jobs.errors import JobError

_AFTER = {"Softmax", "LogSoftmax", "Sigmoid", "ArgMax", "Identity", "Cast", "Expand", "Unsqueeze"}


@dataclass(frozen=True)
class End:
    """The logits.

    Attributes
    ----------
    name : str
        Of the value.
    of_images : bool
        Whether they are of whole tiles.
    grows : bool
        Whether they are coarser than the tile and must be enlarged.
    notes : list of str
        What the user should know.
    """

    name: str
    of_images: bool
    grows: bool
    notes: list


def find_end(graph, values, file_name):
    """Find the logits.

    Raises
    ------
    JobError
        If the result is not one of a classifier.
    """
    if len(graph.output) != 1:
        raise JobError(
            f'The network in "{file_name}" has {len(graph.output)} results.',
            "Export a classifier with one result; detectors are not read.",
        )
    name, passed = graph.output[0].name, []
    makers = {made: node for node in graph.node for made in node.output}
    while name in makers and _is_after(makers[name], values):
        passed.append(makers[name].op_type)
        name = makers[name].input[0]
    shape, tile = values.shape(name), _tile(graph, values)
    if shape is None or len(shape) not in (2, 4) or shape[0] != 1:
        found = (
            "a form that is not known" if not shape else "the form " + " x ".join(map(str, shape))
        )
        raise JobError(
            f'The result of the network in "{file_name}" has {found}, which is not one of a '
            "classifier.",
            "Export a network that gives logits or probabilities of classes; detectors are not read.",
        )
    of_images = len(shape) == 2
    grows = not of_images and shape[2:] != tile
    return End(name, of_images, grows, _notes(passed, shape, grows, tile))


def _tile(graph, values):
    weights = {one.name for one in graph.initializer}
    source = next(one.name for one in graph.input if one.name not in weights)
    return values.shape(source)[2:]


def _is_after(node, values):
    """Whether a node only makes something of logits."""
    if node.op_type not in _AFTER:
        return False
    numbers, before = values.attributes(node), values.shape(node.input[0])
    if node.op_type in ("Softmax", "LogSoftmax", "ArgMax"):
        axis = numbers.get("axis", 0 if node.op_type == "ArgMax" else -1)
        return before is not None and axis % len(before) == 1
    if node.op_type in ("Expand", "Unsqueeze"):
        return before is not None and all(side == 1 for side in before[2:])
    return True


def _notes(passed, shape, grows, tile):
    notes = []
    if "Sigmoid" in passed and shape[1] > 1:
        notes.append(
            "The network gives every class a probability of its own; here they are shared out, so "
            "that they sum to 1. The most probable class stays the same."
        )
    if grows:
        notes.append(
            f"The result has {shape[2]} x {shape[3]} pixels for a tile of {tile[0]}: it is "
            "enlarged to every pixel."
        )
    return notes

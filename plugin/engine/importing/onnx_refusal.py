"""How an ONNX node that has no step is refused."""


class NotKnownError(Exception):
    """A node that has no step."""


def refuse(node, why=""):
    """Refuse a node by its name."""
    raise NotKnownError(f"{node.op_type}{f' {why}' if why else ''}")

"""What is constant in an ONNX graph: its weights, and the sizes that it computes on the way."""

import math

import numpy as np

from ...jobs.errors import JobError

_LARGEST = 4096  # numbers that are computed while importing: sizes, never images
_COMPUTED = {
    "Identity", "Cast", "Gather", "Unsqueeze", "Squeeze", "Concat", "Slice", "Add", "Sub", "Mul",
    "Div", "Floor", "Ceil", "Neg", "ReduceProd", "Reshape", "Transpose", "Min", "Max",
}  # fmt: skip


class Values:
    """Weights and sizes of a graph by name.

    Parameters
    ----------
    onnx : module
    model : onnx.ModelProto
        With shapes inferred.
    """

    def __init__(self, onnx, model):
        self._onnx, graph = onnx, model.graph
        self._opsets = model.opset_import
        self.known = {one.name: _array(onnx, one) for one in graph.initializer}
        kinds = [*graph.input, *graph.value_info, *graph.output]
        self.shapes = {one.name: _shape(one) for one in kinds}

    def attributes(self, node):
        """The numbers of a node by name."""
        return {
            one.name: self._onnx.helper.get_attribute_value(one)
            for one in node.attribute
            if one.type != self._onnx.AttributeProto.GRAPH
        }

    def shape(self, name):
        """The shape of a value, or None if it is not known."""
        if name in self.known:
            return self.known[name].shape
        return self.shapes.get(name)

    def compute(self, node):
        """Compute a node whose inputs are constant; false if they are not."""
        made = (
            self._constant(node)
            if node.op_type in ("Constant", "ConstantOfShape", "Shape")
            else None
        )
        given = [self.known.get(name) for name in node.input if name]
        if made is None and node.op_type in _COMPUTED and all(v is not None for v in given):
            if all(value.size <= _LARGEST for value in given):
                made = self._run(node)
                if np.size(made) > max(_LARGEST, sum(value.size for value in given)):
                    return False  # sizes do not multiply
            elif node.op_type in ("Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze"):
                made = self._run(node)  # weights in another form
        if made is None:
            return False
        self.known[node.output[0]] = np.asarray(made)
        return True

    def _constant(self, node):
        numbers = self.attributes(node)
        if node.op_type == "Constant":
            value = next(iter(numbers.values()))
            is_tensor = isinstance(value, self._onnx.TensorProto)
            return _array(self._onnx, value) if is_tensor else np.asarray(value)
        if node.op_type == "Shape":
            shape = self.shape(node.input[0])
            start, end = numbers.get("start", 0), numbers.get("end")
            return None if shape is None else np.array(shape, np.int64)[start:end]
        shape = self.known.get(node.input[0])
        if shape is None or math.prod(int(side) for side in shape) > _LARGEST:
            return None
        fill = numbers.get("value")
        fill = np.zeros(1, np.float32) if fill is None else _array(self._onnx, fill)
        return np.full([int(side) for side in shape], fill[0])

    def _run(self, node):
        from onnx.reference import ReferenceEvaluator

        make = self._onnx.helper
        given = {name: self.known[name] for name in node.input if name}
        ends = [make.make_value_info(name, make.make_tensor_type_proto(
            make.np_dtype_to_tensor_dtype(value.dtype), value.shape)) for name, value in given.items()]  # fmt: skip
        result = make.make_value_info(node.output[0], self._onnx.TypeProto())
        graph = make.make_graph([node], "one", ends, [result])
        model = make.make_model(graph, opset_imports=self._opsets)
        return ReferenceEvaluator(model).run(None, given)[0]


def _array(onnx, tensor):
    """A tensor that lies in the file; numbers in other files are not followed."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise JobError(
            "The ONNX file keeps its numbers in another file.",
            "Save it as one file: onnx.save(model, path, save_as_external_data=False).",
        )
    return onnx.numpy_helper.to_array(tensor)


def _shape(value):
    """The shape of a value; None where one of its sides is not known."""
    sides = [side.dim_value for side in value.type.tensor_type.shape.dim]
    return tuple(sides) if sides and all(side > 0 for side in sides) else None

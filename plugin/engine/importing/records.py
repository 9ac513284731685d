"""The records of PyTorch's own format, read without running what is in them.

PyTorch writes the names and shapes of tensors as a program for a small stack machine, which as a
rule may call any function. The machine here knows the steps that plain tensors need, makes nothing
but texts, numbers, lists, dictionaries and descriptions of tensors, and refuses every other step
and every other function by its name.
"""

import struct
from dataclasses import dataclass

from .guarding import BROKEN

DEEPEST = 100_000
_MOST_STEPS = 20_000_000
_MADE = {("collections", "OrderedDict"), ("builtins", "dict"), ("__builtin__", "dict")}
_REBUILT = {("torch._utils", "_rebuild_tensor_v2"): 4, ("torch._utils", "_rebuild_parameter"): 1}
_ENDING = "Storage"
_CONSTANTS = {b"N": None, b"\x88": True, b"\x89": False, b")": ()}


class RecordError(ValueError):
    """What was found instead of plain tensors."""


@dataclass(frozen=True)
class Global:
    """A function or a type that is named; it is never looked up."""

    module: str
    name: str

    @property
    def is_storage(self):
        """Whether it is a type of numbers, such as torch.FloatStorage."""
        return self.module == "torch" and self.name.endswith(_ENDING)


@dataclass(frozen=True)
class Storage:
    """Numbers in a file of their own: their type, the file's name, how many there are."""

    kind: str
    key: str
    count: int


@dataclass(frozen=True)
class Described:
    """A tensor as it lies in a storage; nothing is read yet."""

    storage: Storage
    offset: int
    size: tuple
    stride: tuple


def read_records(data):
    """Read the records.

    Parameters
    ----------
    data : bytes
        Of ``data.pkl`` in a file of ``torch.save``.

    Returns
    -------
    object
        Texts, numbers, tuples, lists, dictionaries, `Described` tensors.

    Raises
    ------
    RecordError
        With what is in there that is not plain tensors.
    """
    machine = _Machine(data)
    try:
        for _ in range(_MOST_STEPS):
            if machine.step():
                return machine.stack.pop()
    except RecordError:
        raise
    except BROKEN as error:
        raise RecordError("its records are damaged") from error
    raise RecordError("its records do not end")


class _Machine:
    """The stack, the marks on it, what was kept for later, and the place in the data."""

    def __init__(self, data):
        self._data, self._at = data, 0
        self.stack, self._marks, self._kept = [], [], {}

    def step(self):
        """Do one step; true at the end."""
        code = self._take(1)
        if code == b".":
            return True
        if code in _CONSTANTS:
            self._push(_CONSTANTS[code])
        elif code in _NUMBERS:
            self._push(
                struct.unpack(_NUMBERS[code], self._take(struct.calcsize(_NUMBERS[code])))[0]
            )
        elif code in _TEXTS:
            self._push(str(self._take(self._length(_TEXTS[code])), "utf-8"))
        elif code in _STEPS:
            _STEPS[code](self)
        else:
            raise RecordError(f"its records hold the step 0x{code.hex()}, which no tensor needs")
        return False

    def _take(self, count):
        end = self._at + count
        if end > len(self._data):
            raise RecordError("its records are cut off")
        part, self._at = self._data[self._at : end], end
        return part

    def _length(self, form):
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _push(self, value):
        if len(self.stack) > DEEPEST:
            raise RecordError("its records are nested too deeply")
        self.stack.append(value)

    def _since_mark(self):
        start = self._marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def _line(self):
        end = self._data.index(b"\n", self._at)
        text = str(self._take(end - self._at), "utf-8")
        self._at += 1
        return text

    def mark(self):
        self._marks.append(len(self.stack))

    def version(self):
        self._take(1)

    def frame(self):
        self._take(8)

    def keep(self, form):
        self._kept[self._length(form)] = self.stack[-1]

    def keep_next(self):
        self._kept[len(self._kept)] = self.stack[-1]

    def recall(self, form):
        self._push(self._kept[self._length(form)])

    def long_number(self):
        self._push(int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))

    def tuple_of(self, count):
        values = tuple(self.stack[len(self.stack) - count :])
        if len(values) != count:
            raise RecordError("its records are damaged")
        del self.stack[len(self.stack) - count :]
        self._push(values)

    def tuple_since_mark(self):
        self._push(tuple(self._since_mark()))

    def new_list(self):
        self._push([])

    def new_dictionary(self):
        self._push({})

    def append(self):
        value = self.stack.pop()
        _of(self.stack[-1], list).append(value)

    def append_all(self):
        values = self._since_mark()
        _of(self.stack[-1], list).extend(values)

    def set_item(self):
        value, key = self.stack.pop(), self.stack.pop()
        _of(self.stack[-1], dict)[_key(key)] = value

    def set_items(self):
        values = self._since_mark()
        into = _of(self.stack[-1], dict)
        for key, value in zip(values[::2], values[1::2], strict=True):
            into[_key(key)] = value

    def named(self):
        self._push(_known(Global(self._line(), self._line())))

    def named_by_stack(self):
        name, module = self.stack.pop(), self.stack.pop()
        self._push(_known(Global(_of(module, str), _of(name, str))))

    def storage(self):
        """The persistent id of a storage: ("storage", type, key, device, count)."""
        given = self.stack.pop()
        word, kind, key, _, count = given
        if word != "storage" or not isinstance(kind, Global) or not kind.is_storage:
            raise RecordError("its records name something that is no storage of numbers")
        if type(count) is not int or count < 0 or not isinstance(key, str):
            raise RecordError("its records are damaged")
        self._push(Storage(kind.name[: -len(_ENDING)], key, count))

    def call(self):
        """Make what a function would: a dictionary, or the description of a tensor."""
        given, function = _of(self.stack.pop(), tuple), self.stack.pop()
        name = (function.module, function.name) if isinstance(function, Global) else None
        if name in _MADE and not given:
            self._push({})
        elif name in _REBUILT and len(given) >= _REBUILT[name]:
            self._push(_tensor(given) if _REBUILT[name] == 4 else _of(given[0], Described))
        else:
            raise RecordError("its records call something with values that no tensor has")

    def build(self):
        """The state of an ordered dictionary, such as versions, which nobody needs."""
        self.stack.pop()
        _of(self.stack[-1], dict)


def _known(named):
    if (named.module, named.name) in _MADE | set(_REBUILT) or named.is_storage:
        return named
    raise RecordError(f'it calls "{named.module}.{named.name}", which is more than plain weights')


def _tensor(given):
    storage, offset, size, stride = given[:4]
    numbers = (offset, *_of(size, tuple), *_of(stride, tuple))
    if not all(type(number) is int and number >= 0 for number in numbers) or len(size) != len(
        stride
    ):
        raise RecordError("its records are damaged")
    return Described(_of(storage, Storage), offset, size, stride)


def _of(value, kind):
    if not isinstance(value, kind):
        raise RecordError("its records are damaged")
    return value


def _key(value):
    if not isinstance(value, (str, int, float, bool, type(None))):
        raise RecordError("its records are damaged")
    return value


_NUMBERS = {b"J": "<i", b"K": "<B", b"M": "<H", b"G": ">d"}
_TEXTS = {b"X": "<I", b"\x8c": "<B", b"\x8d": "<Q"}
_STEPS = {
    b"\x80": _Machine.version,
    b"\x95": _Machine.frame,
    b"(": _Machine.mark,
    b"q": lambda machine: machine.keep("<B"),
    b"r": lambda machine: machine.keep("<I"),
    b"\x94": _Machine.keep_next,
    b"h": lambda machine: machine.recall("<B"),
    b"j": lambda machine: machine.recall("<I"),
    b"\x8a": _Machine.long_number,
    b"t": _Machine.tuple_since_mark,
    b"\x85": lambda machine: machine.tuple_of(1),
    b"\x86": lambda machine: machine.tuple_of(2),
    b"\x87": lambda machine: machine.tuple_of(3),
    b"]": _Machine.new_list,
    b"}": _Machine.new_dictionary,
    b"a": _Machine.append,
    b"e": _Machine.append_all,
    b"s": _Machine.set_item,
    b"u": _Machine.set_items,
    b"c": _Machine.named,
    b"\x93": _Machine.named_by_stack,
    b"Q": _Machine.storage,
    b"R": _Machine.call,
    b"b": _Machine.build,
}

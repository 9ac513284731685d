"""Which lines of the lock file are meant for a computer.

A line ends with a marker such as ``python_full_version < '3.11' and sys_platform == 'linux'``
(https://packaging.python.org/en/latest/specifications/dependency-specifiers/). pip can judge
it only for the Python it runs in; the packages of another computer need this here.
"""

import ast
import operator

_VERSIONS = ("python_version", "python_full_version")
_ORDER = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def fits(marker, environment):
    """Tell whether a marker holds.

    Parameters
    ----------
    marker : str
        Empty, or comparisons of a name with a quoted text, joined by ``and``, ``or``, brackets.
    environment : dict
        Value by name, such as ``{"sys_platform": "linux"}``.

    Raises
    ------
    ValueError
        If the marker says something that is not known here.
    """
    if not marker:
        return True
    try:
        return _holds(ast.parse(marker, mode="eval").body, environment)
    except (SyntaxError, KeyError, TypeError) as error:
        raise ValueError(f"The marker {marker!r} cannot be read: {error!r}") from error


def _holds(part, environment):
    if isinstance(part, ast.BoolOp):
        join = all if isinstance(part.op, ast.And) else any
        return join(_holds(value, environment) for value in part.values)
    if isinstance(part, ast.Compare) and isinstance(part.left, ast.Name):
        [order], [right] = part.ops, part.comparators
        return _compare(part.left.id, type(order), ast.literal_eval(right), environment)
    raise TypeError(ast.dump(part))


def _compare(name, order, wanted, environment):
    value = environment[name]
    if name not in _VERSIONS:
        return {ast.Eq: operator.eq, ast.NotEq: operator.ne}[order](value, wanted)
    if wanted.endswith(".*"):
        same = _numbers(value)[: wanted.count(".")] == _numbers(wanted[:-2])
        return {ast.Eq: same, ast.NotEq: not same}[order]
    length = max(value.count("."), wanted.count(".")) + 1
    return _ORDER[order](_numbers(value, length), _numbers(wanted, length))


def _numbers(version, length=0):
    numbers = [int(number) for number in version.split(".")]
    return numbers + [0] * (length - len(numbers))

"""What a stranger's file breaks while it is read ends in one sentence."""

import contextlib
import struct

from ...jobs.errors import JobError

# What Python and the libraries raise for numbers, sizes and names that make no sense; what says
# that the disk, the memory or the engine has failed is not among it.
BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError,
    StopIteration, struct.error,
)  # fmt: skip


@contextlib.contextmanager
def guarded(found, remedy):
    """Say `found` and `remedy` where reading breaks; the log gets the error with its trace.

    Raises
    ------
    JobError
    """
    try:
        yield
    except BROKEN as error:
        raise JobError(found, remedy, trace=repr(error)) from error

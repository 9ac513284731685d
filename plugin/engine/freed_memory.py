"""Give freed memory back to the system.

The C library of Linux keeps for every thread what it freed. With threads that hand large arrays
to each other this is soon as much again as is in use.
"""

import ctypes
import sys


def give_back():
    """Give back what the C library keeps; elsewhere than on Linux with glibc nothing is done."""
    trim = getattr(_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)


_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None

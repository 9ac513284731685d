"""pyCSEP for the tests that compare with it; `make pycsep` puts it in .build/pycsep."""

import os
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).resolve().parent.parent / ".build" / "pycsep"


def load_pycsep():
    """Import pyCSEP, behind the engine's own libraries; skip with the reason if it is not there."""
    if str(PLACE) not in sys.path:
        sys.path.append(str(PLACE))
    os.environ.setdefault("MPLBACKEND", "agg")
    return pytest.importorskip("csep", reason="pyCSEP is not in .build/pycsep: make pycsep")

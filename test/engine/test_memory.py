"""Memory that stays between the layers of a network, and goes back after a job."""

import subprocess
import sys
from pathlib import Path

import pytest

from plugin.engine import memory

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import resource, threading
from plugin.engine import memory
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
held = lambda: int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
def layers():
    for size in (5, 9, 7, 9):
        b"x" * (8 * size * 2**20)
{}
def work():
    layers()
    before = faults()
    layers()
    print(faults() - before)
work()
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(held() // 2**20)
memory.give_back()
print(held() // 2**20)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc takes memory so")


def numbers(how):
    """New pages in the main thread and in another one, then MB held before and after giving back."""
    said = subprocess.run(
        [sys.executable, "-c", ASK.format(how)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in said.stdout.split()]


def test_large_blocks_are_used_again_in_every_thread_and_given_back_at_the_end():
    kept, anew = numbers("memory.keep()"), numbers("")
    assert min(anew[:2]) > 50_000  # pages of 4 kB: 240 MB
    assert max(kept[:2]) < 500
    assert kept[2] > 70 and kept[3] < kept[2] - 60


def test_what_is_free_goes_back_when_more_is_held_than_the_first_windows_needed(monkeypatch):
    given, sizes = [], iter([100] * 12 + [100, 130, 100, 104, 106, 100])
    monkeypatch.setattr(memory, "held", lambda: next(sizes))
    monkeypatch.setattr(memory, "give_back", lambda: given.append(True))
    level, after = memory.Level(), []
    for _ in range(15):
        level.keep()
        after.append(len(given))
    # 130 is too much; what is left of it is 100, and with some room 105 are allowed from then on.
    assert after == [0] * 13 + [1, 1] and level._most == pytest.approx(105)
    level.keep()
    assert len(given) == 2

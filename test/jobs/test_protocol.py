"""The words between the processes survive anything that gets between them."""

import pytest

from plugin.jobs import protocol


def test_a_message_comes_back_as_it_was_sent():
    message = protocol.do(7, "classify_raster", {"input": "Größe 地.tif", "bands": [1, 2]})
    line = protocol.encode(message)
    assert line.count(b"\n") == 1
    assert protocol.decode(line) == message


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"warning: no GPU\n", b'{"say": "prog', b"\xff\xfe\n", b"[1]\n", b"{}\n", b"3\n"],
)
def test_what_is_no_message_is_told_apart(line):
    assert protocol.decode(line) is None


def test_numbers_that_json_does_not_know_are_refused():
    with pytest.raises(ValueError):
        protocol.encode(protocol.metric(1, "loss", float("nan"), 1))

"""Files of other programs that are brought in, and bytes that are damaged by chance."""

from plugin.engine import model_file, work
from plugin.engine.progress import Silent
from plugin.jobs.errors import JobError


def brought_in(path):
    """Import a file and open what was made; what was refused, or nothing."""
    place = path.parent / "made.safetensors"
    try:
        work.do("import_model", {"input": str(path), "output": str(place)}, Silent())
        model_file.load(str(place))
    except BaseException as error:
        why = work.explain(error, "import_model")
        assert isinstance(error, JobError), f"{error!r}\n{why.trace}"
        assert why.remedy and len(str(why)) < 1500
        return str(why)
    finally:
        place.unlink(missing_ok=True)
    return ""


def changed_bytes(chance, content):
    """Bytes of which some are changed, gone, doubled or put elsewhere."""
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        start = chance.randrange(len(content) + 1)
        part = content[start : start + chance.choice((1, 1, 2, 4, 30))]
        other = chance.randrange(len(content) + 1)
        new = chance.choice((b"", bytes([chance.randrange(256)]) * len(part), part * 2, content[other:other + 4]))  # fmt: skip
        content[start : start + len(part)] = new
    return bytes(content)

"""Model files from strangers: refused in a sentence, or harmless; memory stays bounded."""

import copy
import json
import math
import os
import struct

import numpy as np
import pytest
from hypothesis import given, strategies as st

import peak_memory
from faults.crafted_models import put_together, taken_apart, with_card
from faults.small_settings import few
from plugin.engine import work
from plugin.engine.progress import Silent
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import KEY, read_card
from small_world import outputs, usual

TASKS = {
    "image classification": "classify_images", "pixel classification": "classify_pixels",
    "object detection": "detect_objects", "upscaling": "upscale_raster",
    "image generation": "generate_images", "grid forecast": "forecast_grid",
    "seismic forecast": "forecast_seismic_grid",
}  # fmt: skip
DEEP = "[" * 100_000 + "]" * 100_000
VALUES = st.sampled_from((
    None, True, -1, 0, 3, 2**31, 10**30, -1e300, math.nan, math.inf, "", "x", "../../x", "x" * 5000,
    "<script>alert(1)</script>", "\0", "\ud800", [], {}, [[]], [None], [-1], ["a"], {"a": 1}, 0.5,
    [math.nan] * 3, [{"value": 1}], [{"name": "../../x", "value": 1, "color": "#000000"}],
))  # fmt: skip


def all_that_lies(*folders):
    """Every file of some folders, with its size and when it was written."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return {str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}


def use(name, world, model, folder):
    """Run the tool that takes such a model, and describe it; both may only refuse."""
    refusals = []
    for job in (name, "describe_model"):
        out = folder / job
        out.mkdir(exist_ok=True)
        values = {**usual(job, world), **outputs(job, out, False), "model": model}
        try:
            work.do(job, values, Silent())
            for file in out.rglob("*"):
                file.unlink() if file.is_file() else None
        except BaseException as error:
            why = work.explain(error, job)
            assert "error that it does not know" not in str(why), f"{why}\n{why.trace}"
            assert isinstance(error, JobError), f"{error!r}\n{why.trace}"
            assert len(str(why)) < 1500
            refusals.append(str(why))
    return refusals


@pytest.mark.parametrize("task", TASKS)
def test_a_card_with_odd_values_is_refused_or_works(task, world, tmp_path, monkeypatch):
    header, tensors = taken_apart(world.models[task])
    card = json.loads(header["__metadata__"][KEY])
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    path = inside / "m.safetensors"
    usual(TASKS[task], world), usual("describe_model", world)
    before = all_that_lies(world.folder, tmp_path)

    @few(25)
    @given(st.data())
    def attempts(data):
        changed = json.loads(json.dumps(card))
        for _ in range(data.draw(st.integers(1, 3))):
            change(data.draw, changed)
        use(TASKS[task], world, with_card(path, header, tensors, changed), inside)
        path.unlink()
        assert all_that_lies(world.folder, tmp_path) == before

    attempts()


def change(draw, card):
    """Change, add or remove one thing somewhere in a card."""
    place = card
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        inside = place[key]
        if isinstance(inside, (dict, list)) and inside and draw(st.booleans()):
            place = inside
            continue
        if draw(st.integers(0, 4)):
            place[key] = copy.deepcopy(draw(VALUES))
        else:
            del place[key]
        return


@pytest.mark.parametrize("task", TASKS)
def test_damaged_bytes_and_tensors_are_refused_or_work(task, world, tmp_path):
    header, tensors = taken_apart(world.models[task])
    path = tmp_path / "m.safetensors"

    @few(15)
    @given(st.data())
    def attempts(data):
        changed = {name: dict(entry) for name, entry in header.items()}
        names = [name for name in changed if name != "__metadata__"]
        name = data.draw(st.sampled_from(names))
        what = data.draw(
            st.sampled_from(("shape", "offsets", "type", "gone", "nan", "name", "cut"))
        )
        weights = damage(data.draw, changed, name, what, tensors)
        use(TASKS[task], world, put_together(path, changed, weights), tmp_path)

    attempts()


def damage(draw, header, name, what, tensors):
    """Damage one tensor in a header, or the bytes; gives the bytes."""
    entry = header[name]
    if what == "shape":
        entry["shape"] = draw(st.sampled_from(([-1], [2**40, 2**40], [], [0], ["a"], None, [1, 1])))
    elif what == "offsets":
        entry["data_offsets"] = draw(st.sampled_from(([0, 2**60], [-8, 8], [8, 0], [0], None)))
    elif what == "type":
        entry["dtype"] = draw(st.sampled_from(("F64", "I64", "BOOL", "F8_E4M3", "nonsense", None)))
    elif what == "gone":
        del header[name]
    elif what == "name":
        header["../../" + name] = header.pop(name)
    elif what == "nan":
        start, stop = entry["data_offsets"]
        return tensors[:start] + b"\xff" * (stop - start) + tensors[stop:]
    else:
        return tensors[: draw(st.integers(0, len(tensors)))]
    return tensors


@pytest.mark.parametrize("header", [
    b"", b"{", b"null", b"[]", b'"text"', DEEP.encode(), b'{"__metadata__": ' + DEEP.encode() + b"}",
    b'{"__metadata__": {"deep_geology": "' + DEEP.encode() + b'"}}', b"\xff\xfe\x00", b"{" * 50_000,
    b'{"__metadata__": 5}', b'{"__metadata__": {"deep_geology": 5}}', b"1e999999", b"9" * 10_000,
])  # fmt: skip
def test_a_header_that_is_none_is_refused(header, tmp_path):
    path = put_together(tmp_path / "m.safetensors", header, b"\0" * 64)
    with pytest.raises(JobError) as caught:
        read_card(path)
    assert '"m.safetensors"' in str(caught.value) and len(str(caught.value)) < 500


@pytest.mark.parametrize("length", [0, 1, 2**16, 2**40, 2**63, 2**64 - 1])
def test_a_header_that_promises_much_is_refused_before_it_is_read(length, tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", length) + b"{}")
    with pytest.raises(JobError, match="is not a model file, or it is damaged"):
        read_card(str(path))


def test_a_huge_header_takes_no_memory(tmp_path):
    path = tmp_path / "m.safetensors"
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", 2**30) + b"{")
        file.truncate(2**30 + 8)  # a hole: it takes no disk
    peak_memory.forget()
    before = peak_memory.kilobytes()
    with pytest.raises(JobError, match="is not a model file"):
        read_card(str(path))
    assert peak_memory.kilobytes() - before < 100_000


@pytest.mark.parametrize("task, wish", [
    ("image classification", {"bands": 10_000}), ("image classification", {"classes": 100_000}),
    ("pixel classification", {"bands": 10_000}), ("object detection", {"classes": 100_000}),
    ("upscaling", {"width": 512, "blocks": 128}), ("image generation", {"width": 10**6}),
    ("image generation", {"side": 2**20}), ("grid forecast", {"hidden": 4096, "seeds": 100}),
])  # fmt: skip
def test_a_small_file_that_asks_for_a_huge_network_takes_little_memory(task, wish, world, tmp_path):
    header, tensors = taken_apart(world.models[task])
    card = json.loads(header["__metadata__"][KEY])
    card["arguments"].update(wish)
    card["bands"] = [{"name": "b", "unit": ""}] * int(card["arguments"].get("bands", 1))
    classes = range(1, min(card["arguments"].get("classes", 1), 60_000) + 1)
    card["classes"] = [{"value": n, "name": str(n), "color": "#000000"} for n in classes]
    for key in card.get("normalization") or ():
        card["normalization"][key] = [1.0] * len(card["bands"])
    path = with_card(tmp_path / "m.safetensors", header, tensors, card)
    usual(TASKS[task], world)
    peak_memory.forget()
    before = peak_memory.kilobytes()
    assert use(TASKS[task], world, path, tmp_path)
    assert peak_memory.kilobytes() - before < 1_500_000


HOSTILE = ("../../up", "/tmp/absolute", "..", "a/../../b", "C:\\x", "nul", "<script>alert(1)</script>",
           "x" * 1000, ".hidden", "a\nb", "\u202egnp.exe", "-rf", "~", "$(id)", "%s")  # fmt: skip


def test_class_names_lead_nowhere_and_run_nothing_in_a_report(world, tmp_path):
    header, tensors = taken_apart(world.models["image generation"])
    card = json.loads(header["__metadata__"][KEY])
    for first in range(0, len(HOSTILE), 3):
        names = HOSTILE[first : first + 3]
        for entry, name in zip(card["classes"], names, strict=True):
            entry["name"] = name
        folder = tmp_path / f"{first}"
        (folder / "out").mkdir(parents=True)
        model = with_card(folder / "m.safetensors", header, tensors, card)
        places = outputs("generate_images", folder / "out")
        work.do("generate_images", {"model": model, "count": 3, **places}, Silent())
        made = [file for file in folder.rglob("*") if file.is_file()]
        assert len(made) == 6 and len(os.listdir(tmp_path)) == first // 3 + 1
        page = folder / "r.html"
        work.do("describe_model", {"model": model, "report": str(page)}, Silent())
        assert "<script>alert" not in page.read_text(encoding="utf-8")


def test_damaged_json_of_labels_and_boxes_is_refused(world, tmp_path):
    deep = tmp_path / "deep.json"
    deep.write_text('{"features": ' + DEEP + "}", encoding="utf-8")
    folder, _ = world.boxed_images
    asked = {
        "export_training_chips": {"labels": str(deep)},
        "train_object_detector": {
            "images": folder, "box_file": str(deep), "rasters": None, "boxes": None,
        },
    }  # fmt: skip
    for name, values in asked.items():
        whole = {**usual(name, world), **outputs(name, tmp_path / name, False), **values}
        with pytest.raises(JobError):
            work.do(name, whole, Silent())


def test_numbers_that_are_none_in_the_normalization_are_refused(world, tmp_path):
    header, tensors = taken_apart(world.models["image classification"])
    card = json.loads(header["__metadata__"][KEY])
    card["normalization"]["mean"] = [float(np.nan)] * 3
    path = with_card(tmp_path / "m.safetensors", header, tensors, card)
    assert len(use("classify_images", world, path, tmp_path)) >= 1

"""The first minutes, with the desktop played by a few lines."""

import errno
import gc
import os
import re
import time

from qgis.core import Qgis, QgsApplication, QgsSettings
from qgis.gui import QgsProcessingAlgorithmDialogBase

from qgis_truth import buttons, wait_for


def test_without_engine_the_message_says_the_size_and_prepares(
    desktop, welcome, tmp_path, monkeypatch
):
    from deep_geology.plugin.desktop import preparing

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    asked = []
    monkeypatch.setattr(preparing.PreparingTask, "run", lambda self: asked.append(1) or True)
    welcome.add()
    assert [action.text() for action in desktop.menu] == ["Try it…", "Prepare engine…"]
    bar = desktop.messageBar()
    text = bar.currentItem().text()
    assert re.search(r"engine \(PyTorch\) once: \d.* GB to download, \d.* GB on disk\.$", text)
    assert list(buttons(bar)) == ["Prepare engine", "Options…", "Not again"]
    buttons(bar)["Prepare engine"].click()
    wait_for(lambda: asked == [1] and welcome._preparing is None)
    welcome.remove()
    assert desktop.menu == []


def test_engine_is_offered_and_prepared_for_an_nvidia_card_that_answers(
    desktop, welcome, tmp_path, monkeypatch
):
    from deep_geology.plugin import engine_packages, environment, premises

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    asked, sizes = [], {}
    monkeypatch.setattr(environment, "prepare", lambda job, *_: asked.append(job.backend))
    for backend in ("cpu", "cuda"):
        monkeypatch.setattr(premises, "best_backend", lambda backend=backend: backend)
        welcome.greet()
        text = desktop.messageBar().currentItem().text()
        sizes[backend] = float(re.search(r"once: (\S+) GB to download", text)[1])
        assert ("NVIDIA" in text) == (backend == "cuda")
        buttons(desktop.messageBar())["Prepare engine"].click()
        wait_for(lambda: asked and welcome._preparing is None)
        assert asked.pop() == backend
        desktop.messageBar().clearWidgets()
    assert sizes["cuda"] > sizes["cpu"] + 0.4
    windows = engine_packages.other_computer("windows", "3.12")
    monkeypatch.setattr(engine_packages, "this_computer", lambda python: windows)
    welcome.greet()
    assert re.search(r"once: (3\.\d) GB", desktop.messageBar().currentItem().text())


def test_button_works_after_garbage_was_collected(desktop, welcome, tmp_path, monkeypatch):
    from deep_geology.plugin.desktop import Welcome

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    holder, asked = type("Dialog", (QgsProcessingAlgorithmDialogBase,), {})(), []
    desktop.messageBar = holder.messageBar  # made by QGIS: Python holds it only where asked to
    greeter = Welcome(desktop, "")
    monkeypatch.setattr(Welcome, "prepare", lambda self: asked.append(1))
    greeter.greet()
    gc.collect()
    buttons(holder.messageBar())["Prepare engine"].click()
    wait_for(lambda: asked == [1])


def test_user_who_wants_no_offer_to_prepare_gets_it_no_more(
    desktop, welcome, tmp_path, monkeypatch
):
    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    bar = desktop.messageBar()
    welcome.greet()
    buttons(bar)["Not again"].click()
    wait_for(lambda: bar.currentItem() is None)
    welcome.greet()
    assert bar.currentItem() is None


def test_what_an_earlier_preparation_has_downloaded_is_taken_off_the_size(
    qgis, tmp_path, monkeypatch
):
    from deep_geology.plugin import engine_packages
    from deep_geology.plugin.building import Site
    from deep_geology.plugin.desktop import welcome
    from deep_geology.plugin.interpreter import base_python

    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    monkeypatch.setattr(welcome, "size_text", lambda size: size)
    whole, base = welcome.download_size("cpu"), base_python()
    computer = engine_packages.this_computer(base.version)
    site = Site(str(tmp_path / "engine-1"), base, computer, "cpu", "")
    packages = engine_packages.packages_for(computer, "cpu")
    torch = next(package for package in packages if package.name == "torch")
    os.makedirs(site.shelf)
    for name in (f"torch-{torch.version}-cp311-cp311-some_linux.whl", "torch-0.1.whl", "pip.log"):
        (tmp_path / "downloads" / name).write_bytes(b"")
    assert torch.download > 0
    assert welcome.download_size("cpu") == whole - torch.download


def test_prepared_engine_is_greeted_once(desktop, welcome):
    QgsSettings().remove("deep_geology")
    welcome.greet()
    assert list(buttons(desktop.messageBar())) == ["Try it"]
    desktop.messageBar().clearWidgets()
    welcome.greet()
    assert desktop.messageBar().currentItem() is None


def test_preparing_is_shown_with_its_stage_and_is_cancelled_and_resumed(
    desktop, welcome, monkeypatch
):
    from deep_geology.plugin import environment
    from deep_geology.plugin.jobs.errors import Stopped

    def slow(job, listener, is_canceled, proxy):
        listener.progress(0.4, "Downloading torch: 1.0 of 2.6 GB")
        while not is_canceled():
            time.sleep(0.01)
        raise Stopped

    monkeypatch.setattr(environment, "prepare", slow)
    bar = desktop.messageBar()
    welcome.prepare()
    wait_for(lambda: "1.0 of 2.6 GB" in bar.currentItem().text())
    buttons(bar)["Cancel"].click()
    wait_for(lambda: welcome._preparing is None)
    assert "kept for the next time" in bar.currentItem().text()
    assert list(buttons(bar)) == ["Go on"]


def test_failure_is_said_with_its_remedy(desktop, welcome, monkeypatch):
    from deep_geology.plugin import environment
    from deep_geology.plugin.jobs.errors import JobError

    def fail(*_):
        raise JobError("The disk is full.", "Free 6 GB.")

    monkeypatch.setattr(environment, "prepare", fail)
    welcome.prepare()
    wait_for(lambda: welcome._preparing is None)
    assert desktop.messageBar().currentItem().text() == "The disk is full. Free 6 GB."
    assert desktop.messageBar().currentItem().level() == Qgis.MessageLevel.Warning
    assert list(buttons(desktop.messageBar())) == ["Try again", "Options…"]


def test_full_disk_is_said_with_a_remedy_and_its_trace_is_in_the_log(desktop, welcome, monkeypatch):
    from deep_geology.plugin import environment

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device", "engine.json.part")

    monkeypatch.setattr(environment, "prepare", fail)
    logged = []
    log = QgsApplication.messageLog().messageReceived[str, str, Qgis.MessageLevel]
    log.connect(lambda text, tag, level: logged.append((tag, text)))
    welcome.prepare()
    wait_for(lambda: welcome._preparing is None)
    text = desktop.messageBar().currentItem().toolTip()
    assert text.startswith('The engine could not be prepared: "engine.json.part": No space left')
    assert "disk is full" in text and "Traceback" not in text
    assert list(buttons(desktop.messageBar())) == ["Try again", "Options…"]
    wait_for(lambda: [tag for tag, told in logged if "in fail" in told] == ["Deep Geology"])


def test_disk_that_is_too_small_is_refused_in_a_line_before_anything_is_downloaded(
    desktop, welcome, tmp_path, monkeypatch
):
    from deep_geology.plugin import premises

    home = tmp_path / ("a long way down " * 4) / "engine"
    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(home))
    usage = type("Usage", (), {"free": 1_500_000_000})
    monkeypatch.setattr(premises.shutil, "disk_usage", lambda folder: usage)
    welcome.prepare()
    wait_for(lambda: welcome._preparing is None)
    message = desktop.messageBar().currentItem()
    assert re.fullmatch(r'"engine" has 1\.5 GB free; \S+ GB are needed\.', message.text())
    assert str(home) in message.toolTip() and "larger disk" in message.toolTip()
    assert not (home / "downloads").exists()


def test_text_of_a_message_is_one_line_of_whole_sentences_without_paths(qgis):
    from deep_geology.plugin.desktop.one_line import LONGEST, one_line

    assert one_line("It is full. Free 6 GB.") == "It is full. Free 6 GB."
    assert (
        one_line('"/a/b/c.tif" is empty.')
        == one_line(r'"C:\a\c.tif" is empty.')
        == '"c.tif" is empty.'
    )
    said = f"It is full. {'Long ' * 20}remedy. Short."
    assert one_line(said) == "It is full."
    for words in ("word " * 40, "x" * 200, "磁盘已满" * 30):
        cut = one_line(words)
        assert cut.endswith("…") and LONGEST / 3 < len(cut) <= LONGEST
    assert one_line("磁盘已满。请腾出空间。") == "磁盘已满。请腾出空间。"
    assert one_line("磁盘已满。" + "请腾出空间" * 20) == "磁盘已满。"


def test_preparing_that_is_canceled_before_it_begins_has_stopped(qgis):
    from deep_geology.plugin.desktop.preparing import PreparingTask
    from deep_geology.plugin.jobs.errors import Stopped

    task, ends = PreparingTask("cpu"), []
    task.ended.connect(ends.append)
    task.cancel()
    task.finished(False)
    assert [type(end) for end in ends] == [Stopped]

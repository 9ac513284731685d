"""QGIS in Chinese: names, groups, help, labels, errors and what a running tool says."""

import pytest


@pytest.fixture
def chinese(qgis):
    from qgis.core import QgsSettings

    settings = QgsSettings()
    settings.setValue("locale/overrideFlag", True)
    settings.setValue("locale/userLocale", "zh_CN")
    yield
    settings.remove("locale/overrideFlag")
    settings.remove("locale/userLocale")


def algorithm(name):
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().algorithmById(f"deepgeology:{name}").create()


def test_toolbox_and_dialog_speak_the_language_of_qgis(chinese):
    tool = algorithm("trainpixelclassifier")
    assert (tool.displayName(), tool.group()) == ("训练像元分类器", "由标注制图")
    assert tool.groupId() == "maps" and "深度学习" in tool.tags()
    patch = tool.parameterDefinition("PATCH_SIZE")
    assert patch.description().startswith("图块大小") and "像元" in patch.description()
    assert "方块的边长" in patch.help()
    assert "输入：" in tool.shortHelpString() and "Ground without" not in tool.shortHelpString()


def test_punctuation_between_translated_parts_is_that_of_the_language(qgis, monkeypatch):
    from deep_geology.algorithms import translation
    from deep_geology.plugin.jobs.texts import Catalog

    marks = {"{} ({})": "{}（{}）", "{}: {}": "{}：{}", "{}: {}.": "{}：{}。", "{}.": "{}。"}
    marks |= {"{} ({}): {}": "{}（{}）：{}", ", ": "、", "Patch size": "图块大小", "pixels": "像元"}
    monkeypatch.setattr(translation, "catalog", lambda language: Catalog(marks))
    tool = algorithm("trainpixelclassifier")
    assert tool.parameterDefinition("PATCH_SIZE").description() == "图块大小（像元）"
    assert "\tholdout_polygons：" in tool.parameterDefinition("VALIDATION").help()
    lines = tool.shortHelpString().split("\n")
    assert any(line.startswith("Model（MODEL）：") for line in lines)
    assert lines[lines.index("Next:") + 1] == (
        "Classify pixels、Explain classification、Export model to ONNX。"
    )


def test_refusal_keeps_the_names_of_the_user(chinese, tmp_path):
    from qgis.core import QgsProcessingContext

    model = str(tmp_path / "granite.safetensors")
    tool = algorithm("describemodel")
    asked = {"MODEL": model, "REPORT": "TEMPORARY_OUTPUT"}
    fits, why = tool.checkParameterValues(asked, QgsProcessingContext())
    assert not fits and "granite.safetensors" in why and "模型" in why and "Model" not in why


def test_what_the_engine_says_is_translated_where_it_arrives(chinese):
    from deep_geology.algorithms.listener import FeedbackListener
    from qgis.core import QgsProcessingFeedback

    class Ears(QgsProcessingFeedback):
        def setProgressText(self, text):
            self.pushInfo(text)

    feedback = Ears()
    listener = FeedbackListener(feedback)
    listener.note("Model file to write.")
    listener.warning('Field "soil" has been read.')
    listener.progress(0.5, "Fold 2 of 3: Window 124 of 400, 3.1 Mpx/s, 2 min left")
    log = feedback.textLog()
    assert "要写出的模型文件。" in log and 'Field "soil" has been read.' in log
    assert "第 2 折，共 3 折" in log and "窗口 124 / 400" in log and "剩余 2 分钟" in log


def test_report_is_written_in_the_language_of_qgis(chinese, tmp_path):
    import processing

    report = str(tmp_path / "model.html")
    asked = {"MODEL": "sentinel2_land_cover", "REPORT": report}
    processing.run("deepgeology:describemodel", asked)
    page = (tmp_path / "model.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page and "由 Deep Geology 写于" in page
    assert "Pasture" in page and "How it was done" not in page


def test_job_file_keeps_the_language(chinese, tmp_path):
    import json

    import processing

    report, job = str(tmp_path / "model.html"), tmp_path / "job.json"
    asked = {"MODEL": "sentinel2_land_cover", "REPORT": report, "JOB_FILE": str(job)}
    processing.run("deepgeology:describemodel", asked)
    assert json.loads(job.read_text(encoding="utf-8"))["language"] == "zh_CN"

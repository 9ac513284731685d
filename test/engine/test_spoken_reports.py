"""Reports in the language of QGIS: what the page says is translated, what the user wrote is not."""

import re
import time
from html.parser import HTMLParser

import pytest

from plugin.engine import figures, markup, wording, work
from plugin.engine.progress import Silent
from plugin.engine.report import NUMBERS, Report
from plugin.jobs.errors import JobError
from plugin.jobs.page_texts import Pages, pages
from small_world import World, outputs, usual

# An English word: what has a capital in it is a name, a unit or an acronym.
ENGLISH = re.compile(r"(?<![\w./-])[A-Z]?[a-z]{3,}(?![\w./])")
# People, programs and measures; what the user named; values of choices, which stay as they are.
NAMES = {
    "Deep", "Geology", "Kappa", "kappa", "Cohen", "Wilson", "Dropout", "Lilliefors",
    "Helmstetter", "Kagan", "Jackson", "Grad", "Selvaraju", "Breiman", "Student", "Wilcoxon",
    "Brier", "Molchan", "Poisson", "Wasserstein", "Lanczos", "Nyquist", "Aki", "Utsu",
    "Gutenberg", "Richter", "Omori", "Adam", "python", "run", "torch", "torchvision",
    "rasterio", "numpy", "and", "images", "level", "upright", "basalt", "chalk", "marl",
    "survey", "relief", "series", "events", "pitted", "object", "band", "time", "mag", "depth",
    "twin", "many", "scratch", "all", "overhead", "holdout", "auto", "bundled", "classes", "days", "cell", "gamma", "exp", "nat", "day", "fixed", "convgru", "persistence", "improvement", "omission", "hallucination", "min", "photo",
    "nothing",
}  # fmt: skip
CHINESE = re.compile("[\u4e00-\u9fff]")
QUICK = ("train_image_classifier", "train_pixel_classifier", "assess_accuracy", "check_catalog")
QUICK += ("upscale_raster", "explain_classification", "describe_model")
SLOW = ("train_object_detector", "train_seismic_forecast", "test_seismic_forecast")
SLOW += ("train_grid_forecast", "train_upscaler", "assess_upscaling", "train_image_generator")


class Words(HTMLParser):
    """The texts of a page that a reader sees, but for the lines of the job."""

    def __init__(self, page):
        super().__init__()
        self.texts, self._inside = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag in ("style", "pre"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in ("style", "pre"):
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside and data.strip():
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.soak) for name in SLOW)]
)
def test_report_of_every_tool_is_whole_in_chinese(name, world, tmp_path):
    page = tmp_path / "report.html"
    values = {**usual(name, world), **outputs(name, tmp_path), "report": str(page)}
    work.do(name, values, Silent(), "zh_CN")
    texts = Words(page.read_text(encoding="utf-8")).texts
    assert [text for text in texts if set(ENGLISH.findall(text)) - NAMES] == []
    assert sum(bool(CHINESE.search(text)) for text in texts) > 20
    assert '<html lang="zh-CN">' in page.read_text(encoding="utf-8")


def test_report_without_a_language_is_english(world, tmp_path):
    page = tmp_path / "report.html"
    values = {**usual("describe_model", world), "report": str(page)}
    for language in ("", "en_US", "xx", "zh_TW"):
        work.do("describe_model", values, Silent(), language)
        assert not CHINESE.search(page.read_text(encoding="utf-8"))
        assert '<html lang="en">' in page.read_text(encoding="utf-8")


def test_language_ends_with_its_job(world, tmp_path):
    values = {"model": str(tmp_path / "none.safetensors"), "report": str(tmp_path / "r.html")}
    with pytest.raises(JobError):
        work.do("describe_model", values, Silent(), "zh_CN")
    assert wording.say("Numbers") == "Numbers" and wording.language() == "en"


def test_names_of_the_user_stay_where_our_words_are_translated():
    with wording.spoken("zh_CN"):
        names = ("Gulf of Mexico", "sandstone, fine", "St. John to Cape", "0.5 mm grains", "Unit 1")
        names += ("landslide", "ground", "A1 to B2", "Fm. A", "basalt and gabbro", "Mt. Mean")
        report = Report("Report", "", names)
        rows = [[name, markup.Swatch("#123456", name), markup.Bar(0.5, name)] for name in names]
        report.section("Class by class", NUMBERS).table(["Class", "Recall", "F1"], rows)
        report.facts([(name, f"12 {name}") for name in names])
        page = report.html()
    texts = Words(page).texts
    for name in names:
        assert (texts.count(name), texts.count(f"12 {name}")) == (4, 1), name
    assert "Class by class" not in page and "Recall" not in page


def test_paragraph_is_translated_sentence_by_sentence():
    made = Pages({"It is {0}.": "它是{0}。", "Why? {0} told.": "为何？{0}说。"})
    assert made.text("It is basalt. It is 3 m. Unknown here. It is A.") == (
        "它是basalt。它是3 m。Unknown here. 它是A。"
    )
    assert made.text("Nobody knows.\nIt is b.") == "Nobody knows.\n它是b。"


def test_list_of_our_words_is_translated_and_one_with_a_name_is_not():
    made = Pages({"recall": "召回率", "{0} bands": "{0} 个波段"})
    assert made.word("recall, 3 bands, 0.5") == "召回率, 3 个波段, 0.5"
    assert made.word("recall, Basin") == "recall, Basin"
    assert made.word("recall 0.91") == "召回率 0.91" and made.word("recall Basin") == "recall Basin"


def test_two_texts_without_a_gap_are_told_apart():
    made = Pages({"It was {0}{more}.": "是{0}{more}。", "; in part": "（部分）"})
    assert made.text("It was 3 m; in part.") == "是3 m（部分）。"


def drawn():
    figure = figures.new_figure(3, 2)
    axes = figure.subplots()
    axes.plot([0, 1], label="recall")
    axes.set(xlabel="predicted class", ylabel="Basin of the user")
    axes.set_xticks([0, 1], ["recall", "Basin"])
    axes.legend()
    return figure, axes


def test_figure_speaks_the_language_where_a_font_can_draw_it(monkeypatch):
    monkeypatch.setattr(figures, "_has_letters", lambda text: True)
    figure, axes = drawn()
    with wording.spoken("zh_CN"):
        markup.figure_image(figure)
    chinese = pages("zh_CN")
    assert axes.get_xlabel() == chinese.word("predicted class") != "predicted class"
    assert axes.get_ylabel() == "Basin of the user"
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks == [chinese.word("recall"), "Basin"] and ticks[0] != "recall"
    assert axes.get_legend().get_texts()[0].get_text() == ticks[0]


def test_figure_stays_english_where_no_font_can_draw_the_language(monkeypatch):
    monkeypatch.setattr(figures, "_installed_fonts", list)
    figures._has_letters.cache_clear()
    figure, axes = drawn()
    with wording.spoken("zh_CN"):
        figures.speak(figure)
    assert axes.get_xlabel() == "predicted class"
    figures._has_letters.cache_clear()


def test_empty_name_of_a_band_changes_nothing():
    with wording.spoken("zh_CN"):
        wording.keep(["", "level"])
        assert wording.word("12 level") == "12 level"
        assert wording.word("Recall") == pages("zh_CN").word("Recall") != "Recall"


def test_name_in_quotes_stays_whatever_it_holds():
    chinese = pages("zh_CN")
    for name in ("Fm. A", "Qal: Quaternary alluvium", "basalt and gabbro", "recall", "1: Water"):
        said = chinese.text(f"Always answering “{name}” would be right in 50.0 %.")
        assert f"“{name}”" in said and "Always" not in said


@pytest.mark.parametrize(
    "said",
    [
        "Made sharper, and true to what was measured: made coarse again it is the input.",
        "The made images are near to the real ones.",
        "A random forest is better here (macro F1 0.812, this network 0.700): this network is not "
        "worth its effort yet.",
        "Area under the success-rate curve: 0.812 (95\u00a0% interval 0.780 to 0.850). A map that "
        "knows nothing has 0.5, and a tenth of the deposits in a tenth of the map.",
        "4,455 rows. 4,455 of 4,455 events have no depth; they are kept.",
        "Step 300 of the texture: its loss is no longer a number; back to the last good state, with "
        "half the adversarial weight (red).",
    ],
)
def test_sentence_of_several_parts_is_translated_in_all_of_them(said):
    assert not set(ENGLISH.findall(pages("zh_CN").text(said))) - NAMES


def test_plural_takes_in_nothing_but_its_s():
    made = Pages({"{0} band{1}": "{0} 个波段"})
    assert (made.word("3 bands"), made.word("3 bands Q2")) == ("3 个波段", "3 bands Q2")


def test_long_text_of_a_stranger_takes_no_time():
    chinese, began = pages("zh_CN"), time.process_time()
    chinese.word("A. " * 160)
    chinese.text("Fewer than 20 labels of " + ", ".join(f"“Fm. Alpha {n}”" for n in range(200)))
    for number in range(50):
        chinese.word(f"Formation {number}: upper member, sandstone and siltstone; gray")
    assert time.process_time() - began < 5

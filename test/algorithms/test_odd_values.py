"""Whatever a dialog, a script or a model hands to an algorithm: a result, or one sentence."""

import math

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)

from qgis_truth import CRS, label_points, memory_points

NOT_HERE = ("prepareengine", "downloadengine")  # they would make an engine, or download one
QGIS_REPEATS = "Could not load source layer for "  # and then the whole value, in models
TECHNICAL = ("Traceback", "object at 0x", "NoneType", "does not know in")
SIMPLE = (
    None, "", " ", "nul\0byte", "ünï ☃ 地質", "x" * 3000, "../../up", "no such file.tif", "/dev/null",
    "<b>x</b>", "%1", "\ud800", -1, 0, 1, 3, 10**18, 2.5, -1e300, math.nan, math.inf, True, False, [],
    [1, 2, 2], [-1], ["a"], {}, b"bytes", "nan", "1,2", "1970-01-01", "2020-01-01T00:00:00+05:00",
)  # fmt: skip


@pytest.fixture(autouse=True)
def aside(tmp_path, monkeypatch):
    """Names without a folder stay out of the checkout."""
    monkeypatch.chdir(tmp_path)


def few(count):
    return settings(
        max_examples=count, derandomize=True, deadline=None, database=None,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip


def layer(*geometries, crs=CRS, kind="Polygon"):
    """A memory layer of geometries as WKT; None for a feature without one."""
    made = QgsVectorLayer(f"{kind}?crs={crs}&field=rock:string(40)", "odd", "memory")
    features = []
    for text in geometries:
        feature = QgsFeature(made.fields())
        if text is not None:
            feature.setGeometry(QgsGeometry.fromWkt(text))
        feature.setAttributes(["granite"])
        features.append(feature)
    made.dataProvider().addFeatures(features)
    return made


def layers():
    """Layers that are empty, without geometries, invalid, huge, nowhere, or without a CRS."""
    bow_tie = (
        "POLYGON((600100 9599900, 600900 9599100, 600900 9599900, 600100 9599100, 600100 9599900))"
    )
    world = "POLYGON((-1e9 -1e9, 1e9 -1e9, 1e9 1e9, -1e9 1e9, -1e9 -1e9))"
    return [
        layer(), layer(None, None), layer(bow_tie), layer(world), layer("POLYGON EMPTY"),
        layer("POLYGON((0 0, 0 0, 0 0, 0 0))"), layer(bow_tie, crs=""),
        layer(bow_tie, crs="EPSG:4326"), layer("POINT(1e300 1e300)", kind="Point"),
        layer("POINT(nan nan)", "POINT(600100 9599900)", kind="Point"),
        layer("LINESTRING(600100 9599900, 600100 9599900)", kind="LineString"),
        layer("POINT(600100 9599900)", kind="Point"), layer(kind="None"),
        QgsReferencedRectangle(QgsRectangle(0, 0, 1, 1), QgsCoordinateReferenceSystem(CRS)),
        QgsRectangle(math.nan, 0, 1, 1), QgsReferencedRectangle(),
    ]  # fmt: skip


def attempt(run, name, values):
    """Run an algorithm; an exception must be QGIS's own, with a sentence."""
    try:
        run(name, **values)
    except QgsProcessingException as error:
        text = str(error).strip()
        assert text and not any(word in text for word in TECHNICAL), text
        assert len(text) < 2000 or QGIS_REPEATS in text, text[:300]


def names():
    found = QgsApplication.processingRegistry().providerById("deepgeology").algorithms()
    return sorted(algorithm.name() for algorithm in found if algorithm.name() not in NOT_HERE)


def parameters(name):
    found = QgsApplication.processingRegistry().algorithmById("deepgeology:" + name)
    return [part.name() for part in found.parameterDefinitions()]


def test_every_algorithm_takes_odd_values_for_everything(run, qgis):
    odd = st.sampled_from([*SIMPLE, *layers()])
    for name in names():
        attempt_with(run, name, odd)


def attempt_with(run, name, odd):
    """Call an algorithm some times with odd values for some of its parameters."""

    @few(6)
    @given(st.data())
    def attempts(data):
        known = st.sampled_from(parameters(name))
        chosen = data.draw(st.lists(known, min_size=1, unique=True), label="names")
        attempt(run, name, {part: data.draw(odd) for part in chosen})

    attempts()


@pytest.fixture
def usual(landscape, model, chips, tmp_path):
    """Calls that work."""
    points = memory_points(label_points(8))
    return {
        "classifyraster": {"INPUT": landscape, "MODEL": model, "STRIDE": 32},
        "classifyfeatures": {"INPUT": points, "RASTER": landscape, "MODEL": model},
        "exporttrainingchips": {
            "INPUT": landscape, "LABELS": points, "CLASS_FIELD": "rock", "CHIP_SIZE": 16,
        },
        "classifyimages": {"INPUT": chips, "MODEL": model},
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["classifyraster", "classifyfeatures", "exporttrainingchips", "classifyimages"]
)
def test_one_odd_value_in_a_call_that_works(run, usual, name):
    odd = st.sampled_from([*SIMPLE, *layers()])

    @few(16)
    @given(st.data())
    def attempts(data):
        part = data.draw(st.sampled_from([n for n in parameters(name) if n != "OUTPUT"]))
        values = {**usual[name], "OUTPUT": "TEMPORARY_OUTPUT", part: data.draw(odd)}
        attempt(run, name, values)

    attempts()

"""A declared field and its Processing parameter agree."""

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingParameterDefinition


def jobs():
    from deep_geology.plugin.jobs import JOBS
    from deep_geology.plugin.jobs.declare import processing_name

    registry = QgsApplication.processingRegistry()
    for name, job in JOBS.items():
        yield job, registry.algorithmById("deepgeology:" + processing_name(name))


def fields(kinds=()):
    """Every declared parameter with its algorithm and definition."""
    from deep_geology.plugin.jobs.declare import declared

    for job, algorithm in jobs():
        for part in declared(job):
            if not part.is_result and (not kinds or part.kind in kinds):
                yield part, algorithm, algorithm.parameterDefinition(part.name.upper())


def test_parameters_are_the_fields_in_upper_case_in_their_order(qgis):
    from deep_geology.plugin.jobs.declare import declared

    for job, algorithm in jobs():
        names = []
        for part in declared(job):
            if not part.is_result:
                names.append(part.name.upper())
            if part.kind == "raster_or_images":
                names.append(part.name.upper() + "_FOLDER")
        if algorithm.needs_engine:
            names.append("JOB_FILE")
        assert [p.name() for p in algorithm.parameterDefinitions()] == names


def test_results_are_outputs(qgis):
    from deep_geology.plugin.jobs.declare import declared

    kinds = {"result_number": "outputNumber", "result_text": "outputString"}
    for job, algorithm in jobs():
        for part in declared(job):
            if part.is_result:
                output = algorithm.outputDefinition(part.name.upper())
                assert output.type() == kinds[part.kind]


def test_flags_and_bounds_are_those_declared(qgis):
    flag = QgsProcessingParameterDefinition.Flag
    for part, _, parameter in fields():
        flags = parameter.flags()
        assert bool(flags & flag.FlagAdvanced) == part.advanced, part.name
        may_be_empty = part.kind == "text" and part.default == ""
        may_be_empty |= part.unset or part.kind == "raster_or_images"  # or else its folder is given
        assert bool(flags & flag.FlagOptional) == (part.optional or may_be_empty), part.name
    for part, _, parameter in fields(("integer", "number")):
        assert part.minimum is None or parameter.minimum() == part.minimum
        assert part.maximum is None or parameter.maximum() == part.maximum


def test_numbers_that_stand_for_none_are_not_set_and_read_as_what_they_stand_for(qgis):
    from deep_geology.algorithms.values import _READERS, _Asked
    from qgis.core import NULL, QgsProperty

    found = [one for one in fields(("integer", "number")) if one[0].unset]
    assert len(found) > 30
    for part, algorithm, parameter in found:
        assert parameter.defaultValue() in (None, NULL)
        assert f"Not set is the same as {part.default:g}." in parameter.help()
        unset = None, NULL, "", QgsProperty.fromExpression("NULL")
        for given in (*unset, part.default, QgsProperty.fromExpression(str(part.default))):
            asked = _Asked(algorithm, {part.name.upper(): given}, QgsProcessingContext())
            assert _READERS[part.kind](asked, part) == part.default, (algorithm.name(), given)


def test_results_viewer_names_reports_by_their_tool(qgis):
    for part, algorithm, _ in fields(("new_file",)):
        if part.extension == "html":
            output = algorithm.outputDefinition(part.name.upper())
            assert output.type() == "outputHtml" and algorithm.displayName() in output.description()


def test_optional_outputs_are_not_made_by_default(qgis):
    for part, _, parameter in fields(("new_raster", "new_features", "new_file", "new_folder")):
        assert parameter.createByDefault() == (not part.optional), part.name


def test_units_stand_in_the_labels(qgis):
    for part, _, parameter in fields(("integer", "number")):
        assert (f"({part.unit})" in parameter.description()) == bool(part.unit), part.name


def test_every_choice_is_explained_and_given_by_its_word(qgis):
    for part, _, parameter in fields(("choice",)):
        assert parameter.usesStaticStrings()
        assert parameter.options() == [value for value, _ in part.options]
        assert all(f"{value}: " in parameter.help() for value, _ in part.options)
        names_are_numbers = all(value.isdigit() for value, _ in part.options)
        assert ("give the name, or its number" in parameter.help()) != names_are_numbers


def test_number_that_is_itself_a_name_is_not_counted(qgis):
    from deep_geology.algorithms.values import named_choice
    from deep_geology.plugin.jobs.declare import Declared

    part = Declared(
        "choice", "Bits", options=(("auto", "any"), ("1", "one"), ("32", "full"), ("0", "no"))
    )
    assert [named_choice(part, given) for given in ("1", 1, 2, "0")] == ["1", "1", "32", "0"]


def test_factor_that_does_not_exist_is_not_taken_for_the_place_of_another(qgis):
    from deep_geology.algorithms.values import named_choice
    from deep_geology.plugin.jobs.declare import Declared

    part = Declared("choice", "Factor", options=(("1", ""), ("2", ""), ("4", ""), ("8", "")))
    assert [named_choice(part, given) for given in (3, "3", 0, 4, "8")] == ["3", "3", "0", "4", "8"]


def test_defaults_come_back_as_they_were_declared(qgis):
    from deep_geology.algorithms.values import _READERS, _Asked

    plain = ("integer", "number", "choice", "boolean", "text", "bands", "extent")
    for part, algorithm, _ in fields(plain):
        asked = _Asked(algorithm.create(), {}, QgsProcessingContext())
        expected = [] if part.kind == "bands" else part.default
        assert _READERS[part.kind](asked, part) == expected, (algorithm.name(), part.name)


@pytest.mark.parametrize(
    "name, parameter, given, read",
    [
        ("exporttrainingchips", "CHIP_SIZE", 128, 128),
        ("trainimageclassifier", "LEARNING_RATE", 0.001, 0.001),
        ("trainimageclassifier", "NETWORK", "vgg16", "vgg16"),
        ("trainimageclassifier", "VALIDATION", 1, "cross_validation"),
        ("trainimageclassifier", "VALIDATION", "1", "cross_validation"),
        ("trainimageclassifier", "VALIDATION", 17, "17"),
        ("trainimageclassifier", "GROUPS", r"^(.+)-\d+", r"^(.+)-\d+"),
        ("classifyraster", "BANDS", [3, 1], [3, 1]),
        ("classifyraster", "BANDS", "3;1", [3, 1]),
        ("classifyraster", "BANDS", ["2"], [2]),
    ],
)
def test_values_go_through_unchanged(qgis, name, parameter, given, read):
    from deep_geology.algorithms.values import _READERS, _Asked

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("deepgeology:" + name)
    asked = _Asked(algorithm, {parameter: given}, QgsProcessingContext())
    part = asked.named(parameter.lower())
    assert _READERS[part.kind](asked, part) == read

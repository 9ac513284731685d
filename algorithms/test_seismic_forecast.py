"""Test seismic forecast, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TestSeismicForecast(JobAlgorithm):
    """Test a seismic forecast on events that came later."""

    __test__ = False  # pytest would take its name for a test's
    job_name = "test_seismic_forecast"
    title = "Test seismic forecast"
    about = (
        "Tests a model made by Train seismic forecast on events that came after all it learned "
        "from, as the Collaboratory for the Study of Earthquake Predictability does: the "
        "information gain per earthquake over ETAS, smoothed seismicity and a uniform forecast, "
        "with intervals; the N, S, L, CL, M, T and W tests; reliability, Brier skill, Molchan's "
        "diagram; the gain in time and on the map. Every window is forecast from the events "
        "before its start alone. How often a test period is opened is kept in the model file: a "
        "test that is repeated until it pleases is none."
    )
    keywords = ("earthquake", "CSEP", "information gain", "ETAS", "likelihood", "Molchan", "N-test")
    example = {
        "MODEL": "japan.safetensors",
        "CATALOG": "japan.csv",
        "REPORT": "japan_test.html",
        "SCORES": "japan_test.json",
    }
    group_title = "Seismic grids"
    group_id = "seismicgrids"

"""All numbers of a tested seismic forecast, as JSON."""

import json
import math

import numpy as np

from ...jobs.errors import JobError
from ...jobs.places import written_whole


def scores_of(tested, openings, facts):
    """The scores, ready for JSON: what is not defined is null.

    Parameters
    ----------
    tested : Tested
    openings : list of dict
        Of the test period, this one last.
    facts : dict
        What was tested.
    """
    tally = tested.tally
    events = max(int(tally.counts.sum()), 1)
    per_event = {n: float(values.sum()) / events for n, values in tally.likelihoods.items()}
    consistency = {
        name: found if isinstance(found, tuple) and len(found) == 2
        else {"quantile": found.quantile, "log_likelihood": found.log_likelihood}
        for name, found in tested.consistency.items()
    }  # fmt: skip
    alarms = {
        name: {kind: None if curve is None else curve.area for kind, curve in curves.items()}
        for name, curves in tested.alarms.items()
    }
    return plain({
        **facts,
        "events": int(tally.counts.sum()),
        "expected": {name: values.sum() for name, values in tally.expected.items()},
        "log_likelihood": {name: values.sum() for name, values in tally.likelihoods.items()},
        "log_likelihood_per_event": per_event,
        "igpe": {name: gain._asdict() for name, gain in tested.gains.items()},
        "paired_t": {name: pair[0]._asdict() for name, pair in tested.paired.items()},
        "wilcoxon": {name: pair[1]._asdict() for name, pair in tested.paired.items()},
        "tests": consistency,
        "variance_over_mean": tested.variance_ratio,
        "b_value": tested.b_value,
        "brier": tested.probability["brier"],
        "brier_skill": tested.probability["brier_skill"],
        "calibration_error": tested.probability["calibration_error"],
        "threshold_one_half": tested.probability["threshold"]._asdict(),
        "area_under_curves": alarms,
        "windows": tested.windows,
        "test_openings": openings,
    })  # fmt: skip


def plain(value):
    """Any nest of numbers as JSON takes it."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, (np.integer, np.bool_)):
        return value.item()
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def write_scores(path, scores):
    """Write scores as JSON.

    Raises
    ------
    JobError
        If the file cannot be written.
    """
    try:
        with written_whole(path, encoding="utf-8") as file:
            json.dump(scores, file, indent=1, ensure_ascii=False, allow_nan=False)
    except OSError as error:
        raise JobError(
            f'"{path}" cannot be written: {error.strerror or error}.',
            "Choose a folder you may write to, on a disk with free space.",
        ) from error

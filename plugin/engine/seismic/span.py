"""What a training is laid out on: magnitudes, cells, windows and the dates of the splits."""

from dataclasses import dataclass, replace

import numpy as np

from ...jobs.errors import JobError
from .cells import Cells, Targets
from .completeness import estimate
from .forecast import source_events, sources_km
from .grid import extent_of, lay_out
from .moments import to_iso
from .split_dates import split_dates

LEAST_TRAINING, LEAST_TEST = 200, 50
_MOST_CELLS = 250_000
_FLAT_UP_TO = 80.0


@dataclass(frozen=True)
class Span:
    """The layout of a training.

    Attributes
    ----------
    completeness, target_magnitude : float
    grid : SpaceTimeGrid
        Windows from the start to the end of the test.
    training, validation, test : int
        The first window after each part.
    events : Catalog
        Complete events, before the end of the validation alone.
    targets : Targets
        Cells of windows with target events, before the end of the validation.
    test_events : int
        Target events in the test; nothing else is known of it.
    remarks : tuple of str
        Of dates that were moved to the end of a window, and of cells near a pole.
    """

    completeness: float
    target_magnitude: float
    grid: object
    training: int
    validation: int
    test: int
    events: object
    targets: Targets
    test_events: int
    remarks: tuple = ()

    @property
    def cells(self):
        return Cells(self.grid)

    @property
    def starts(self):
        """Starts of all windows in days."""
        return self.grid.edges[:-1]

    def dates(self):
        """The dates of the splits as ISO text."""
        edges = self.grid.edges
        return {
            "start": to_iso(edges[0]), "train_end": to_iso(edges[self.training]),
            "validation_end": to_iso(edges[self.validation]), "test_end": to_iso(edges[self.test]),
        }  # fmt: skip

    def events_in(self, first, stop):
        """Target events of the windows from `first` to before `stop`."""
        mask = (self.targets.window >= first) & (self.targets.window < stop)
        return float(self.targets.count[mask].sum())


def lay_out_training(job, catalog, progress):
    """Choose what the user left open, from the training span alone, and lay out the grid.

    Parameters
    ----------
    job : TrainSeismicForecast
    catalog : Catalog
    progress : Progress
        Is told what was chosen.

    Returns
    -------
    Span

    Raises
    ------
    JobError
        If the dates are not in order, or there are too few events.
    """
    dates, moves = split_dates(job, catalog)
    before = catalog.between(-np.inf, dates["train_end"])
    completeness = _completeness(job, _near(job, before, dates), dates, progress)
    target = completeness if job.target_magnitude is None else job.target_magnitude
    if target < completeness - 1e-9:
        raise JobError(
            f"The target magnitude, {target:g}, is under the magnitude of completeness, "
            f"{completeness:g}.",
            f"Choose at least {completeness:g} in TARGET_MAGNITUDE, or give COMPLETENESS.",
        )
    extent = job.extent or extent_of(_not_empty(before.above(completeness), completeness, dates))
    grid = lay_out(extent, job.cell_size, dates["start"], dates["test_end"], float(job.window_days))
    if grid.rows * grid.columns > _MOST_CELLS:
        raise JobError(
            f"{grid.rows:,} x {grid.columns:,} cells are more than {_MOST_CELLS:,}.",
            "Choose a larger CELL_SIZE or a smaller EXTENT.",
        )
    remarks = (*moves, *_near_a_pole(grid))
    for remark in remarks:
        progress.note(remark)
    return replace(_span(grid, dates, catalog, completeness, target), remarks=remarks)


def _near_a_pole(grid):
    reach = max(abs(grid.south), abs(grid.north))
    if reach <= _FLAT_UP_TO:
        return []
    return [
        f"The cells reach to {reach:g} degrees of latitude: kernels are those of a plane around "
        "every event, which is coarse that near to a pole."
    ]


def _near(job, before, dates):
    """The events that the models can see, whatever their magnitude, and from how far (km) around.

    Those far away have a completeness of their own.
    """
    if not job.extent:
        return before, None
    grid = lay_out(job.extent, job.cell_size, dates["start"], dates["test_end"], job.window_days)
    cells = Cells(grid)
    near = source_events(before, cells, -np.inf)
    return near, sources_km(cells)


def _completeness(job, near, dates, progress):
    """The user's, or the estimate from the events of the training."""
    events, km = near
    inside = events.between(dates["start"], dates["train_end"])
    if not len(inside):
        around = " in EXTENT or near it" if job.extent else ""
        raise JobError(
            f"No event lies between START, {to_iso(dates['start'])[:10]}, and TRAIN_END, "
            f"{to_iso(dates['train_end'])[:10]}{around}.",
            f"Choose dates{' and an EXTENT' * bool(job.extent)} that the catalog covers.",
        )
    found = estimate(inside.magnitude)
    place = "" if km is None else f" in EXTENT or up to {km:.0f} km around it"
    if job.completeness is None:
        progress.note(
            f"Magnitude of completeness {found:g}, estimated by maximum curvature + 0.2 from the "
            f"events before TRAIN_END{place}."
        )
        return found
    if job.completeness < found - 1e-9:
        progress.warning(
            f"The magnitude of completeness is {job.completeness:g}; the events before TRAIN_END{place} "
            f"suggest {found:g}. "
            "Missing small events bend what is learned from them."
        )
    return float(job.completeness)


def _not_empty(events, completeness, dates):
    if not len(events):
        raise JobError(
            f"No event of M{completeness:g} or larger lies before {to_iso(dates['train_end'])[:10]}"
            ".",
            "Choose a smaller COMPLETENESS, or a later TRAIN_END.",
        )
    return events


def _span(grid, dates, catalog, completeness, target):
    edges = grid.edges
    training, validation = (
        round((dates[name] - dates["start"]) / grid.window_days)
        for name in ("train_end", "validation_end")
    )
    cells = Cells(grid)
    sources = source_events(catalog, cells, completeness)
    period, cell = grid.locate(catalog.above(target))
    inside = period[(period >= 0) & (cell >= 0)]
    counts = {
        "training": int((inside < training).sum()), "test": int((inside >= validation).sum()),
        "validation": int(((inside >= training) & (inside < validation)).sum()),
    }  # fmt: skip
    _refuse_few(counts, grid, target)
    seen = sources.between(-np.inf, edges[validation])
    targets = Targets.of(grid, seen.above(target))
    return Span(
        completeness, target, grid, training, validation, grid.periods, seen, targets,
        counts["test"],
    )  # fmt: skip


def _refuse_few(counts, grid, target):
    if (
        counts["training"] >= LEAST_TRAINING
        and counts["test"] >= LEAST_TEST
        and counts["validation"]
    ):
        return
    raise JobError(
        f"Of M{target:g} or larger are {counts['training']} events in the training, "
        f"{counts['validation']} in the validation and {counts['test']} in the test, in "
        f"{grid.rows} x {grid.columns} cells; {LEAST_TRAINING} are needed for the training and "
        f"{LEAST_TEST} for the test.",
        "Choose a smaller target magnitude if the catalog is complete for it, a larger EXTENT, or "
        "other dates.",
    )

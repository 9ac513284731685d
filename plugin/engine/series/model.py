"""The model file of a grid forecast: the network, the references, and where their grid lies."""

import os

import numpy as np
import torch
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError
from safetensors import SafetensorError

from ...jobs.errors import JobError
from ...jobs.model_card import SERIES, ModelCard, read_card
from .. import model_file
from ..facts import versions
from ..networks.recurrent import HIDDEN, RECURRENT
from ..rasters import Grid
from .forecaster import Ensemble, GridForecaster, bands_of
from .references import REFERENCES, References
from .times import TimeAxis

_EXTRA = "extras."
_LARGEST = {"seeds": 100, "history": 10_000, "steps": 10_000, "hidden": 4096}
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RuntimeError)


def save_forecaster(path, trained, series, job, scores):
    """Write the model file of a training; see `model_file.save` for the errors.

    Parameters
    ----------
    path : str
    trained : Trained
    series : GridSeries
    job : TrainGridForecast
    scores : dict
    """
    forecaster = trained.tried
    card = ModelCard(
        task=SERIES,
        network=job.network,
        arguments={
            "seeds": job.seeds, "hidden": HIDDEN, "steps": forecaster.steps,
            "history": forecaster.history, "cycle": forecaster.references.cycle,
        },
        bands=[{"name": series.name, "unit": series.unit}],
        dtype="float32",
        training=_summary(trained, series),
        scores=scores,
        seed=job.seed,
        versions=versions(),
    )  # fmt: skip
    model_file.save(path, card, forecaster.network, _extras(forecaster.references, series))


def _summary(trained, series):
    grid, plan = series.grid, trained.plan
    return {
        "series": series.name,
        "width": grid.width, "height": grid.height,
        "transform": list(grid.transform)[:6],
        "crs": grid.crs.to_wkt() if grid.crs else "",
        "axis": _axis_values(series.axis),
        "first": series.axis.label(0), "last": series.axis.label(len(series) - 1),
        "steps": len(series), "train_end": plan.train_end,
        "validation_end": plan.validation_end, "test_end": plan.test_end,
        "reference": trained.forecaster.base, "scale": trained.forecaster.scale,
        "ships": "network" if trained.helped else "reference",
        "split": "Ordered in time: what lies before the end of the validation trains, what lies "
        "after it tests.",
    }  # fmt: skip


def _axis_values(axis):
    return {
        "start": list(axis.start) if axis.start else [],
        "step_months": axis.step_months, "step_days": axis.step_days, "calendar": axis.calendar,
    }  # fmt: skip


def _extras(references, series):
    """The references without NaN, where they are known, and the newest grid of the series."""
    known = np.isfinite(references.starts)
    grids = {
        "means": references.means, "starts": references.starts, "slopes": references.slopes,
        "newest": series.values[-1],
    }  # fmt: skip
    tensors = {name: torch.from_numpy(np.nan_to_num(grid)) for name, grid in grids.items()}
    return {**tensors, "known": torch.from_numpy(known.astype(np.uint8))}


def load_forecaster(path, device):
    """Read a model file of a grid forecast.

    Parameters
    ----------
    path : str
    device : torch.device

    Returns
    -------
    card : ModelCard
    forecaster : GridForecaster
        Without a network if the reference ships.
    grid : Grid
    newest : array, shape (row, column)
        The last grid that the training saw.

    Raises
    ------
    JobError
        If it is damaged, newer than this program or of another task.
    """
    card = read_card(path, SERIES)
    name = os.path.basename(path)
    if card.network not in RECURRENT:
        raise JobError(
            f'Model "{name}" has network "{card.network}", which this version does not know.',
            "Update the Deep Geology plugin.",
        )
    try:
        return card, *_build(card, model_file.read_tensors(path), device)
    except (SafetensorError, OSError, CRSError, *_DAMAGE) as error:
        raise JobError(
            f'Model "{name}" is damaged.', "Train the model again, or copy it again.", repr(error)
        ) from error


def _build(card, tensors, device):
    sizes, known = card.arguments, card.training
    for name, most in _LARGEST.items():
        if not 0 < int(sizes[name]) <= most:
            raise ValueError(f"{name} is {sizes[name]}")
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(f"{name} holds values that are not finite")
    grid = Grid(
        int(known["width"]), int(known["height"]), Affine(*known["transform"]),
        CRS.from_wkt(known["crs"]) if known["crs"] else None,
    )  # fmt: skip
    extras = {n[len(_EXTRA) :]: v.numpy() for n, v in tensors.items() if n.startswith(_EXTRA)}
    references = _references(extras, int(sizes["cycle"]), (grid.height, grid.width))
    network = _network(card, tensors).eval().to(device) if known["ships"] == "network" else None
    if known["reference"] not in REFERENCES or not 0 < float(known["scale"]) < np.inf:
        raise ValueError(f"reference {known['reference']}, scale {known['scale']}")
    forecaster = GridForecaster(
        references, known["reference"], float(known["scale"]), int(sizes["steps"]),
        int(sizes["history"]), network,
    )  # fmt: skip
    return forecaster, grid, extras["newest"]


def _references(extras, cycle, shape):
    unknown = extras["known"] == 0
    grids = {name: extras[name].copy() for name in ("means", "starts", "slopes")}
    if grids["means"].shape != (cycle, *shape) or extras["newest"].shape != shape:
        raise ValueError("the references do not have the grid's cells")
    for grid in grids.values():
        grid[..., unknown] = np.nan
    return References(**grids)


def _network(card, tensors):
    sizes = {name: int(card.arguments[name]) for name in _LARGEST}
    bands = bands_of(int(card.arguments["cycle"]))
    weights = {n: v for n, v in tensors.items() if not n.startswith(_EXTRA)}
    asked = card.network, bands, sizes["steps"], sizes["hidden"], sizes["seeds"]
    network = model_file.made_for(weights, Ensemble, *asked)
    network.load_state_dict(weights)
    return network


def axis_of(card):
    """The time axis of a model's series."""
    known = card.training.get("axis") or {}
    start = known.get("start")
    return TimeAxis(
        tuple(start) if start else None, known.get("step_months", 0), known.get("step_days", 0.0),
        known.get("calendar", "standard"),
    )  # fmt: skip

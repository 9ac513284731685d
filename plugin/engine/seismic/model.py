"""The model file of a seismic forecast: networks as tensors, everything else in the card."""

import os
import platform
from dataclasses import asdict

import numpy as np
import torch
from safetensors import SafetensorError

from ...jobs.errors import JobError
from ...jobs.model_card import SEISMIC, ModelCard, read_card
from .. import model_file
from ..networks.seismic_residual import BANDS, SEISMIC_NETWORKS, SeismicEnsemble
from .b_values import b_value
from .basis import Basis
from .calibration import Calibration
from .etas_law import EtasModel, EtasParameters
from .excitation import ExcitationMaps
from .forecast import Forecaster, Models
from .grid import SpaceTimeGrid
from .residual import Features
from .smoothing import Smoothing

_MOST_CELLS, _MOST_MEMBERS, _MOST_NODES = 1_000_000, 100, 400
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RuntimeError, IndexError)


def make_card(job, span, fitted, scores, catalog, variants):
    """Write the card of what ships.

    Parameters
    ----------
    job : TrainSeismicForecast
    span : Span
    fitted : fitting.Fitted
        To training and validation.
    scores : dict
        Of the validation.
    catalog : Catalog
        As it was read.
    variants : str
        How many variants were tried, and how this one was chosen.

    Returns
    -------
    ModelCard
    """
    models, seen = fitted.models, span.events.above(span.target_magnitude)
    seen_end = span.grid.edges[span.validation]
    slope = b_value(seen.magnitude, span.target_magnitude)
    return ModelCard(
        task=SEISMIC,
        network=job.network,
        arguments={"members": len(models.networks), "grid": asdict(span.grid)},
        dtype="float32",
        training={
            "catalog": os.path.basename(job.catalog),
            "catalog_hash": catalog.between(-np.inf, seen_end).digest(),
            "events": len(seen),
            "completeness": span.completeness,
            "target_magnitude": span.target_magnitude,
            "b_value": float(slope.value) if slope.is_known else 1.0,
            "window_days": span.grid.window_days,
            **span.dates(),
            "ships": "network" if models.ships else "reference",
            "variants": variants,
            "references": _plain(models),
            "not_identifiable": list(fitted.etas_fit.on_bound),
            "test_openings": [],
        },
        scores=scores,
        license="",
        citation="",
        seed=job.seed,
        versions={"python": platform.python_version(), "torch": str(torch.__version__)},
    )


def save_model(path, card, models):
    """Write the model file; raises `JobError` if it cannot be written."""
    ensemble = SeismicEnsemble(_kind_name(card), len(models.networks))
    for member, network in zip(ensemble.members, models.networks, strict=True):
        member.load_state_dict(network.state_dict())
    extras = {
        "additive": models.features.additive, "units": models.features.units,
        "mean": models.features.mean, "sd": models.features.sd, "neuron": models.neuron,
        "magnitude_shares": models.etas.magnitude_shares,
    }  # fmt: skip
    tensors = {name: torch.from_numpy(np.asarray(value, float)) for name, value in extras.items()}
    model_file.save(path, card, ensemble, tensors)


def load_forecaster(path):
    """Read a model file of a seismic forecast.

    Parameters
    ----------
    path : str

    Returns
    -------
    Forecaster

    Raises
    ------
    JobError
        If the file is damaged, newer than this program or of another task.
    """
    card = read_card(path, SEISMIC)
    name = os.path.basename(path)
    if card.network not in (*SEISMIC_NETWORKS, "reference"):
        raise JobError(
            f'Model "{name}" has network "{card.network}", which this version does not know.',
            "Update the Deep Geology plugin.",
        )
    try:
        grid = _grid(card.arguments["grid"])
        return Forecaster(card, grid, _models(card, model_file.read_tensors(path)))
    except (SafetensorError, OSError, *_DAMAGE) as error:
        raise JobError(
            f'Model "{name}" is damaged.', "Train the model again, or copy it again.", repr(error)
        ) from error


def _plain(models):
    """What is not a tensor, ready for JSON."""
    basis = models.etas.basis
    return {
        "mean_events": models.mean_events,
        "smoothings": {name: asdict(value) for name, value in models.smoothings.items()},
        "etas": asdict(models.etas.parameters),
        "basis": {
            "magnitudes": basis.magnitudes.tolist(), "rates": basis.rates.tolist(),
            "widths_km": basis.widths_km.tolist(),
        },
        "maps": asdict(models.maps),
        "chosen": list(models.features.chosen),
        "calibration": asdict(models.calibration),
    }  # fmt: skip


def _grid(values):
    whole = ("rows", "columns", "periods")
    grid = SpaceTimeGrid(**{k: int(v) if k in whole else float(v) for k, v in values.items()})
    if not (0 < grid.rows * grid.columns <= _MOST_CELLS and grid.rows > 0 and grid.periods > 0):
        raise ValueError(f"a grid of {grid.rows} x {grid.columns} cells")
    if not (0 < grid.cell_degrees <= 90 and 0 < grid.window_days <= 36525):
        raise ValueError(f"cells of {grid.cell_degrees} degrees, {grid.window_days} days")
    if not (-90.001 <= grid.south < grid.north <= 90.001 and abs(grid.west) <= 720):
        raise ValueError("a grid that is not on the Earth")
    return grid


def _models(card, tensors):
    known, training = card.training["references"], card.training
    extras = {
        name.removeprefix("extras."): value.double().numpy()
        for name, value in tensors.items()
        if name.startswith("extras.")
    }
    for name, value in tensors.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} holds values that are not finite")
    maps = ExcitationMaps(**{name: tuple(map(float, v)) for name, v in known["maps"].items()})
    _check_sizes(extras, maps, known)
    features = Features(
        extras["additive"], extras["units"], tuple(map(int, known["chosen"])),
        extras["mean"], extras["sd"],
    )  # fmt: skip
    networks = _networks(card, tensors)
    return Models(
        completeness=float(training["completeness"]),
        window_days=float(training["window_days"]),
        mean_events=_positive(known["mean_events"]),
        smoothings={name: _smoothing(value) for name, value in known["smoothings"].items()},
        etas=_etas(known, extras, float(training["window_days"])),
        maps=maps,
        features=features,
        neuron=extras["neuron"],
        networks=networks,
        ships=training["ships"] == "network" and bool(networks),
        calibration=Calibration(**{k: float(v) for k, v in known["calibration"].items()}),
    )


def _check_sizes(extras, maps, known):
    sizes = {"additive": maps.count + 2, "units": maps.count + 2, "neuron": 4}
    sizes |= {"mean": BANDS, "sd": BANDS, "magnitude_shares": len(known["basis"]["magnitudes"])}
    for name, size in sizes.items():
        if extras[name].shape != (size,):
            raise ValueError(f"{name} has shape {extras[name].shape}")
    if len(known["chosen"]) != BANDS or not all(0 <= n < maps.count + 2 for n in known["chosen"]):
        raise ValueError("maps are chosen that are not there")
    if not (0 < maps.count <= _MOST_NODES and min(maps.decays_days + maps.widths_km) > 0):
        raise ValueError("the excitation maps are not those of a training")
    if min(extras["sd"]) <= 0 or min(extras["units"]) < 0 or min(extras["additive"]) < 0:
        raise ValueError("a spread or a weight is negative")


def _networks(card, tensors):
    members = int(card.arguments["members"])
    if not 0 <= members <= _MOST_MEMBERS:
        raise ValueError(f"{members} networks")
    ensemble = SeismicEnsemble(_kind_name(card), members)
    weights = {n: v for n, v in tensors.items() if not n.startswith("extras.")}
    ensemble.load_state_dict(weights)
    return list(ensemble.eval().members)


def _kind_name(card):
    return card.network if card.network in SEISMIC_NETWORKS else "cell"


def _smoothing(values):
    if values["kind"] not in ("fixed", "adaptive"):
        raise ValueError(f"smoothing {values['kind']}")
    floor = float(values["floor"])
    if not 0 < floor < 1:
        raise ValueError(f"floor {floor}")
    return Smoothing(values["kind"], _positive(values["bandwidth"]), floor)


def _etas(known, extras, window_days):
    basis = Basis(**{name: np.array(v, float) for name, v in known["basis"].items()})
    if max(basis.shape) > _MOST_NODES or min(basis.rates) <= 0 or min(basis.widths_km) <= 0:
        raise ValueError("the nodes are not those of a training")
    parameters = EtasParameters(**{name: float(v) for name, v in known["etas"].items()})
    if not all(np.isfinite(v) for v in asdict(parameters).values()):
        raise ValueError("a parameter of ETAS is not finite")
    return EtasModel(parameters, basis, extras["magnitude_shares"], window_days)


def _positive(value):
    if not 0 < float(value) < np.inf:
        raise ValueError(f"{value} is not positive")
    return float(value)

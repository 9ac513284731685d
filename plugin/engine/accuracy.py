"""What the comparison of a map with its reference gives: numbers, names and warnings."""

from dataclasses import dataclass

import numpy as np

from ..jobs.colors import class_colors
from ..jobs.errors import JobError
from ..jobs.lists import first_of
from .class_names import alike
from .metrics.area_estimation import estimate_areas
from .reference import match_classes
from .seen_before import SOME

_FEW = 50  # places in a class that Congalton & Green advise
_DRAWN = ("stratified", "simple_random")


@dataclass(frozen=True)
class Assessment:
    """A map beside its reference.

    Attributes
    ----------
    names, colors : list of str
        Mapped classes, then those that only the reference has.
    confusion : ndarray of int, shape (classes, classes)
        Reference places by true class (row) and mapped class (column).
    areas : ndarray, shape (classes,), or None
        Mapped areas in `unit`; None if the map has points only.
    unit : str
        ``"m²"`` or ``"pixels"``.
    design : str
    estimates : AreaEstimates or None
        None unless the sample was drawn by chance and the areas are known.
    left_out : list of (str, int)
        Why reference places do not count, and how many.
    polygons, pixels : int
        Polygons of the reference, and how many of the places are pixels in them.
    warnings : list of str
    seen : float or None
        Share of the reference features that trained the map; None if it cannot be told.
    """

    names: list
    colors: list
    confusion: np.ndarray
    areas: np.ndarray
    unit: str
    design: str
    estimates: object
    left_out: list
    polygons: int
    pixels: int
    warnings: list
    seen: float = None

    @property
    def is_remembered(self):
        """Whether the map was trained on the reference, so that it says nothing of the map."""
        return self.seen is not None and self.seen >= SOME

    @property
    def total(self):
        """Reference places that count."""
        return int(self.confusion.sum())


def assess(tally, values, reference, design, unit, polygons=0, numbered=True):
    """Put the counts of a map and its reference together.

    Parameters
    ----------
    tally : Tally
    values : dict of int to str
        Name of every value of the map that has one.
    reference : Reference
    design : str
        One of `jobs.assess_accuracy.DESIGNS`.
    unit : str
        Of the areas.
    polygons : int
        Polygons whose pixels count.
    numbered : bool
        Whether the map's values are its own, by which the reference may name classes.

    Returns
    -------
    Assessment

    Raises
    ------
    JobError
        If no reference place lies on the map, no class of it is one of the map's, or it names
        classes by numbers of which most are none of the map's.
    """
    mapped = _mapped(tally, values)
    known = match_classes(reference.names, mapped, numbered)
    _refuse_nothing(tally, reference, mapped, known)
    by_number = {name: value for name, value in known.items() if numbered and name == str(value)}
    _refuse_few(tally, reference, by_number, known)
    strangers = [name for name in reference.names if name not in known]
    names = [*mapped.values(), *strangers]
    confusion = _confusion(tally, reference, mapped, known, strangers)
    areas = np.array([tally.areas.get(value, 0.0) for value in mapped] + [0.0] * len(strangers))
    areas = areas if tally.areas else None
    drawn = design in _DRAWN and areas is not None
    estimates = estimate_areas(confusion, areas) if drawn else None
    left_out = _left_out(tally, reference)
    return Assessment(
        names=names,
        colors=class_colors(names),
        confusion=confusion,
        areas=areas,
        unit=unit,
        design=design,
        estimates=estimates,
        left_out=left_out,
        polygons=polygons,
        pixels=tally.pixels,
        warnings=[
            *alike(names),
            *_say_numbers(by_number, mapped),
            *_warnings(names, strangers, confusion, areas, design, tally, polygons),
        ],
    )


def _mapped(tally, values):
    """Name by value of all classes that the map has, or could have and the reference counts."""
    used = set(tally.areas) | {value for _, value in tally.counts}
    names, taken = {}, set()
    for value in sorted(used):
        name = values.get(value) or str(value)
        names[value] = name if name not in taken else f"{name} ({value})"
        taken.add(names[value])
    return names


def _refuse_nothing(tally, reference, mapped, known):
    if not tally.counts:
        raise JobError(
            f"No reference place lies on the map: {tally.outside:,} are outside, "
            f"{tally.no_data:,} where it has no data or no clear class.",
            "Choose the reference of this map, and check the coordinate reference system of both.",
        )
    if not known:
        raise JobError(
            f"No class of the reference ({first_of(reference.names)}) is a class of the map "
            f"({first_of([f'{value}: {name}' for value, name in mapped.items()])}).",
            "Choose another CLASS_FIELD, or name the map's values in CLASS_NAMES.",
        )


def _refuse_few(tally, reference, by_number, known):
    """Refuse a field of numbers that are only by chance some of the map's values."""
    if not by_number:
        return
    places = dict.fromkeys(range(len(reference.names)), 0)
    for (label, _), count in tally.counts.items():
        places[label] += count
    met = sum(count for label, count in places.items() if reference.names[label] in known)
    total, classes = sum(places.values()), len(reference.names)
    if 2 * len(known) < classes or 2 * met < total:
        raise JobError(
            f"The reference names its classes by numbers; only {len(known):,} of {classes:,}, at "
            f"{met:,} of {total:,} places, are values of the map ({first_of(list(by_number))}).",
            "Choose in CLASS_FIELD the field that holds the class, not a number of the feature.",
        )


def _say_numbers(by_number, mapped):
    """What a number of the reference was taken for, where the map has a name for it."""
    pairs = [f"{name} as {mapped[value]}" for name, value in by_number.items()]
    if all(name == mapped[value] for name, value in by_number.items()):
        return []
    return [
        f"The reference gives classes as numbers, read as values of the map: {first_of(pairs)}."
    ]


def _confusion(tally, reference, mapped, known, strangers):
    columns = {value: place for place, value in enumerate(mapped)}
    rows = {name: columns[known[name]] for name in known}
    rows |= {name: len(mapped) + place for place, name in enumerate(strangers)}
    confusion = np.zeros((len(mapped) + len(strangers),) * 2, int)
    for (label, value), count in tally.counts.items():
        confusion[rows[reference.names[label]], columns[value]] += count
    return confusion


def _left_out(tally, reference):
    words = [
        ("outside the map", tally.outside),
        ("where the map has no data or no clear class", tally.no_data),
        ("without a class", reference.left_out["NULL"]),
        ("without geometry", reference.left_out["no geometry"]),
        ("lines", reference.left_out["line"]),
    ]
    return [(why, count) for why, count in words if count]


def _warnings(names, strangers, confusion, areas, design, tally, polygons):
    said = []
    if strangers:
        said.append(
            f"The map has no class {first_of(strangers)}: every such place counts as a mistake. "
            "If it is only written otherwise, rename it."
        )
    if design in _DRAWN and areas is None:
        said.append("Classified points have no area: accuracies are not corrected for areas.")
    if design not in _DRAWN:
        said.append(
            "The reference places were not drawn by chance: the accuracies hold for these places, "
            "not for the map, and areas are not corrected. The intervals are those of places that "
            "were drawn by chance; how far they are off nobody can tell."
        )
    if tally.pixels and polygons:
        said.append(
            f"{tally.pixels:,} places are pixels of {polygons:,} polygons. Pixels of one polygon "
            "are alike, so that they say less than as many separate places: all intervals are too "
            "narrow. Points drawn by chance are the better reference."
        )
    return said + _strata_warnings(names, confusion, areas, design)


def _strata_warnings(names, confusion, areas, design):
    if design not in _DRAWN or areas is None:
        return []
    places, said = confusion.sum(axis=0), []
    empty = np.flatnonzero((places == 0) & (areas > 0))
    if len(empty):
        share = areas[empty].sum() / areas.sum()
        said.append(
            f"No reference place lies in {first_of([names[i] for i in empty])}: the estimates hold "
            f"for the other {100 * (1 - share):.1f} % of the map."
        )
    single = np.flatnonzero((places == 1) & (areas > 0))
    if len(single):
        said.append(
            f"One reference place lies in {first_of([names[i] for i in single])}: no interval can be "
            "told. At least two are needed in every mapped class."
        )
    few = np.flatnonzero((places > 1) & (places < _FEW) & (areas > 0))
    if len(few):
        said.append(
            f"Fewer than {_FEW} reference places lie in {first_of([names[i] for i in few])}: the "
            "intervals there are rough."
        )
    return said

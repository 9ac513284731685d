"""The bands that a model wants, beside those that a raster or an image has."""

from .errors import JobError
from .model_card import names_of

_MOST_NAMES, _LONGEST_NAME = 8, 40


def check_bands(card, name, names):
    """Refuse a raster or image whose bands are not those of the model.

    Parameters
    ----------
    card : ModelCard
    name : str
        The raster's name, for the user.
    names : sequence of str
        Description of every band that is given, empty where there is none.

    Raises
    ------
    JobError
        If their number differs, or both have names and these are in another order.
    """
    wanted = names_of(card.bands)
    if len(names) != len(wanted):
        given = listed([name or f"band {i}" for i, name in enumerate(names, 1)])
        remedy = f"Choose {_count(wanted)}: {listed(wanted)}, in this order."
        if len(names) < len(wanted):
            remedy = f"Choose another input with {_count(wanted)}: {listed(wanted)}, in this order."
        raise JobError(
            f"The model was trained on {_count(wanted)} ({listed(wanted)}); "
            f'"{name}" has {len(names)} ({given}).',
            remedy,
        )
    if list(names) != wanted and sorted(names) == sorted(wanted):
        raise JobError(
            f'The bands of "{name}" are in the order {listed(names)}; the model was trained '
            f"on {listed(wanted)}.",
            f"Choose the bands in the order of the model: {listed(wanted)}.",
        )


def bands_by_name(card, labels):
    """The bands that have the names of the model's, whatever their case.

    Parameters
    ----------
    card : ModelCard
    labels : dict
        Name of every band that holds data by its number, empty where there is none.

    Returns
    -------
    list of int
        Numbers in the model's order; empty if they are all bands in order, or if it is not sure:
        a name is missing or comes twice, or says no more than the number of a band.
    """
    wanted = [name.lower() for name in names_of(card.bands)]
    names = {number: name.lower() for number, name in labels.items()}
    given = list(names.values())
    is_sure = len(set(wanted)) == len(wanted) and all(given.count(name) == 1 for name in wanted)
    if not is_sure or not all(wanted) or any("band" in name for name in wanted):
        return []
    numbers = [next(n for n, name in names.items() if name == one) for one in wanted]
    return [] if numbers == list(names) else numbers


def taken_by_name(card, numbers):
    """What a user is told of the bands that `bands_by_name` found."""
    listed_numbers = ", ".join(map(str, numbers))
    wanted = ", ".join(names_of(card.bands))
    return f"Bands {listed_numbers} are taken, by their names in the model: {wanted}."


def listed(names):
    """Names for a sentence: the first of many, and short ones."""
    shown = [name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "..." for name in names]
    if len(shown) > _MOST_NAMES:
        shown[_MOST_NAMES - 1 :] = [f"{len(names) - _MOST_NAMES + 1} more"]
    return ", ".join(shown)


def _count(bands):
    return f"{len(bands)} band{'s' * (len(bands) != 1)}"

"""Colors for classes: what a name suggests, else colors told apart also by people who see few."""

import colorsys

# Words in class names and the color that maps give them: water is blue, forest is green; rocks
# follow the patterns of geological maps (FGDC-STD-013-2006), where limestone is blue.
_BY_WORD = (
    (("sea", "lake", "ocean", "water", "reservoir"), "#1f4fa3"),
    (("river", "stream", "canal"), "#5aa9e0"),
    (("snow", "ice", "glacier"), "#cfe8f5"),
    (("forest", "tree", "trees", "wood", "woodland"), "#1b6b2f"),
    (("herbaceous", "shrub", "scrub", "heath", "shrubs"), "#9ccb5a"),
    (("shrubland", "bushland", "chaparral", "savanna"), "#b7a04a"),
    (("grass", "grassland", "pasture", "meadow", "steppe"), "#b5d97a"),
    (("permanentcrop", "vineyard", "orchard"), "#d98c3a"),
    (("annualcrop", "crop", "cropland", "field", "agriculture", "arable"), "#e6c84f"),
    (("wetland", "marsh", "swamp", "bog"), "#4fa08b"),
    (("residential", "developed", "urban", "built", "building", "settlement"), "#d1393b"),
    (("industrial", "mine", "quarry"), "#8e4bb5"),
    (("highway", "road", "roads", "railway"), "#6b6b6b"),
    (("bare", "barren", "soil", "sand", "desert", "dune"), "#d9c3a0"),
    (("landslide", "slide", "scar"), "#a0522d"),
    (("crater",), "#b0413e"),
    (("granite", "granitic", "pluton"), "#f2879d"),
    (("basalt", "gabbro", "mafic"), "#4b5d4b"),
    (("limestone", "carbonate"), "#6fb7d6"),
    (("dolomite", "dolomitic", "dolostone"), "#8f7fc4"),
    (("sandstone", "arenite"), "#f0d264"),
    (("shale", "mudstone", "argillaceous", "clay"), "#8c9a76"),
    (("schist", "phyllite", "slate"), "#7a8fb0"),
    (("gneiss", "migmatite"), "#c77fb4"),
)
# Paul Tol's "bright" and "muted" schemes without their grays.
_OTHERS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999933", "#882255",
    "#44aa99", "#ddcc77", "#332288", "#cc6677", "#117733", "#88ccee", "#aa4499",
)  # fmt: skip
_GOLDEN = 0.618033988749895
_TOO_NEAR = 60.0


def class_colors(names):
    """Choose a color for every class.

    A class whose name holds a word of `_BY_WORD` gets that color, if no class before it did;
    the others get colors that are not near one that is taken.

    Parameters
    ----------
    names : sequence of str
        Class names.

    Returns
    -------
    list of str
        ``"#rrggbb"`` of every class, all different.
    """
    chosen = {}
    for name in names:
        color = _suggested(name)
        if color and color not in chosen.values():
            chosen[name] = color
    others = _more_colors(list(chosen.values()))
    return [chosen[name] if name in chosen else next(others) for name in names]


def _suggested(name):
    words = "".join(c if c.isalpha() else " " for c in name.lower()).split()
    joined = {name.lower(), *words, *(w.lower() for w in _camel_words(name))}
    return next((color for known, color in _BY_WORD if joined & set(known)), None)


def _camel_words(name):
    """The words of ``HerbaceousVegetation``."""
    return "".join(f" {c}" if c.isupper() else c for c in name if c.isalpha()).split()


def _more_colors(taken):
    """Colors that are not near the taken ones; later ones may be, but never the same."""
    far = [color for color in _OTHERS if all(_distance(color, t) > _TOO_NEAR for t in taken)]
    yield from far
    used, turn = {*taken, *far}, 0
    while True:
        hue, value = (turn * _GOLDEN) % 1.0, (0.85, 0.6, 0.95)[turn % 3]
        red, green, blue = colorsys.hsv_to_rgb(hue, (0.55, 0.8, 0.4)[turn % 3], value)
        color = "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))
        if color not in used:
            used.add(color)
            yield color
        turn += 1


def _distance(first, second):
    """Distance of two colors in RGB, 0 to 441."""
    parts = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in (first, second)]
    return sum((a - b) ** 2 for a, b in zip(*parts)) ** 0.5

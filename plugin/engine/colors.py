"""Colors for classes, told apart also by people who see few colors."""

import colorsys

# Paul Tol's "bright" and "muted" schemes without their grays, in an order that
# keeps neighbors far apart (personal.sron.nl/~pault).
_FIRST = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999933", "#882255",
    "#44aa99", "#ddcc77", "#332288", "#cc6677", "#117733", "#88ccee", "#aa4499",
)  # fmt: skip
_GOLDEN = 0.618033988749895


def class_colors(count):
    """Colors ``"#rrggbb"`` for a number of classes, all different.

    Parameters
    ----------
    count : int

    Returns
    -------
    list of str
    """
    colors = list(_FIRST[:count])
    turn = 0
    while len(colors) < count:
        hue, value = (turn * _GOLDEN) % 1.0, (0.85, 0.6, 0.95)[turn % 3]
        red, green, blue = colorsys.hsv_to_rgb(hue, (0.55, 0.8, 0.4)[turn % 3], value)
        color = "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))
        if color not in colors:
            colors.append(color)
        turn += 1
    return colors

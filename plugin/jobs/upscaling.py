"""What the upscaling jobs share."""

from .declare import number

FACTORS = (
    ("1", "Same size: sharpen and remove noise"),
    ("2", "2 times finer"),
    ("4", "4 times finer"),
    ("8", "8 times finer"),
)
SHARPEST, SOFTEST = 0.64, 0.05


def blur(help):
    """The sensor's response at the Nyquist frequency."""
    return number("Sensor blur", 0.0, minimum=0, maximum=SHARPEST, help=help)

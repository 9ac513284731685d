"""Pieces of a report's HTML: escaped text, pictures inside the page, swatches and bars."""

import base64
import html
import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .wording import say, word

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
# A number with its unit or interval, or the dash that stands for none: aligned to the right.
_ONE = r"[-−+]?[\d.,\s]*\d"
_NUMBER = re.compile(
    rf"{_ONE}(\s?(±|–|to)\s?{_ONE})?(\s?(%|[kMG]?B|px|m))?(\s\[{_ONE},\s{_ONE}\])?|[–—]?"
)
_NONE = ("", "–", "—")
# Characters that no HTML page may hold, such as those of file names in a broken encoding.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Swatch:
    """A cell with a color, `"#rrggbb"`, and its name."""

    color: str
    text: str

    def html(self):
        color = self.color if _COLOR.fullmatch(str(self.color)) else "#999999"
        swatch = f'<span class="swatch" style="background:{color}"></span>'
        return _together(swatch, word(self.text))


@dataclass(frozen=True)
class Bar:
    """A cell with a share in 0..1 as a bar, and its text."""

    share: float
    text: str

    def html(self):
        width = 100 * min(max(self.share, 0.0), 1.0) if self.share == self.share else 0.0
        bar = f'<span class="bar"><span style="width:{width:.0f}%"></span></span>'
        return _together(bar, word(self.text))


@dataclass(frozen=True)
class Picture:
    """A cell with a picture.

    Parameters
    ----------
    image : ndarray of uint8, shape (row, column, 3), or bytes
        Pixels, or a PNG file.
    alt : str
        What it shows, for who does not see it.
    width : int
        Width in the page in pixels; 0 for the picture's own.
    """

    image: object
    alt: str = ""
    width: int = 0

    def html(self):
        uri = _embedded(self.image)
        width, height = picture_size(self.image)
        shown = self.width or width
        tall = max(1, round(height * shown / width))
        return f'<img src="{uri}" width="{shown}" height="{tall}" alt="{escape(say(self.alt))}">'


@dataclass(frozen=True)
class Strip:
    """A cell with several pictures, each as in `Picture`."""

    images: list

    def html(self):
        return f'<div class="strip">{"".join(Picture(image).html() for image in self.images)}</div>'


def escape(text):
    """Make any text safe for HTML, within a tag's quotes too."""
    return html.escape(_FORBIDDEN.sub("\ufffd", str(text)), quote=True)


def lines(text):
    """Escape a text and break its lines where it does."""
    return "<br>".join(escape(line) for line in str(text).splitlines())


def cell(value):
    """The HTML of a table's cell: escaped text, or a piece with its own `html`."""
    if isinstance(value, int):
        return f"{value:,}"
    return value.html() if hasattr(value, "html") else lines(word(value))


def are_numbers(values):
    """Tell whether a column holds numbers, with a dash where there is none."""
    plain = [str(value).strip() for value in values if not hasattr(value, "html")]
    if len(plain) < len(values) or not all(_NUMBER.fullmatch(text) for text in plain):
        return False
    return any(text not in _NONE for text in plain)


def data_uri(content, kind):
    """A file's bytes inside the page; `kind` is its media type."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def figure_image(figure, dots_per_inch=160):
    """Draw a matplotlib figure: a data URI, and its width in the page in pixels."""
    from .figures import speak  # matplotlib takes half a second, and not every report draws

    buffer = io.BytesIO()
    speak(figure)
    figure.savefig(buffer, format="png", dpi=dots_per_inch, facecolor="white")
    return data_uri(buffer.getvalue(), "image/png"), round(figure.get_figwidth() * 96)


def picture_size(image):
    """Width and height in pixels of an array (row, column, 3) or of a PNG file's bytes."""
    if isinstance(image, bytes):
        return Image.open(io.BytesIO(image)).size
    return image.shape[1], image.shape[0]


def _together(mark, text):
    """A mark that stays on the line of its text, unless the text is too long for one line."""
    together = ' class="together"' if len(text) <= 26 else ""
    return f"<span{together}>{mark}{escape(text)}</span>"


def _embedded(image):
    if isinstance(image, bytes):
        return data_uri(image, "image/png")
    buffer = io.BytesIO()
    # Photographs as JPEG: a quarter of the size, and no difference at the size of a thumbnail.
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, "JPEG", quality=88, optimize=True)
    return data_uri(buffer.getvalue(), "image/jpeg")

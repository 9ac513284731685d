"""One design for the HTML reports of all tools.

A report is one file that needs no other: pictures are inside it, and nothing in it runs or is
fetched. It says the verdict first, then shows pictures, then gives numbers, and tells how it was done
at last, in whatever order its sections are added; how to repeat the job comes by itself.

>>> report = Report("Dykes", "Trained on 300 chips")
>>> report.verdict("Good on all 3 classes.")
>>> _ = report.section("Scores", NUMBERS).facts([("Accuracy", "97 %")])
>>> "Good on all 3 classes." in report.html()
True
"""

import datetime

from ..jobs.errors import JobError
from ..jobs.places import written_whole
from . import repeating
from .markup import Picture, are_numbers, cell, escape, figure_image, lines, picture_size
from .report_style import STYLE
from .wording import keep, language, say, word

# The parts of a report, in the order in which they are read: name in the style, and title.
PICTURES, NUMBERS, METHOD = PARTS = (
    ("pictures", "Pictures"),
    ("numbers", "Numbers"),
    ("method", "How it was done"),
)
_AGAIN = "How to repeat this"
_SHORT = 12  # rows of a table that is not broken over two printed pages
# Nothing may be fetched or run, whatever a file name or a model's card holds.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="page">
<p id="maker">Deep Geology</p>
<h1>{title}</h1>
{top}
{body}
<p id="foot">{foot}</p>
</div>
</body>
</html>
"""


class Report:
    """A report that is put together, then written.

    Parameters
    ----------
    title, subtitle : str
        Plain text, as every text here: it is escaped.
    names : iterable of str
        Of the user's, such as those of classes and bands, which are not translated.
    """

    def __init__(self, title, subtitle="", names=()):
        keep(names)
        self._title = title
        self._subtitle = subtitle
        self._verdict = ""
        self._warnings = []
        self._parts = {part: [] for part in PARTS}
        self._body = None  # of the part to which content is added: the last section's

    def verdict(self, headline, *sentences, is_doubt=False):
        """Say the result in plain words; it stands at the top of the page, a doubt in orange."""
        more = "".join(f"<p>{lines(say(sentence))}</p>\n" for sentence in sentences if sentence)
        tone = ' class="doubt"' if is_doubt else ""
        self._verdict = (
            f'<div id="verdict"{tone}><p class="headline">{escape(say(headline))}</p>\n{more}</div>'
        )

    def warning(self, text):
        """Say what the reader should know before believing the result; it follows the verdict."""
        self._warnings.append(f'<div class="warning">{lines(say(text))}</div>')

    def section(self, title, part, text=""):
        """Begin a section, after those that its part has; returns the report for its content.

        Parameters
        ----------
        title : str
        part : tuple
            `PICTURES`, `NUMBERS` or `METHOD`.
        text : str
        """
        self._body = self._parts[part]
        self._body.append(f"<h2>{escape(say(title))}</h2>")
        return self.paragraph(text) if text else self

    def paragraph(self, text):
        """Add a paragraph."""
        self._body.append(f"<p>{lines(say(text))}</p>")
        return self

    def table(self, headers, rows, caption=""):
        """Add a table.

        Parameters
        ----------
        headers : list of str
        rows : list of list
            Texts, numbers, `markup.Swatch`, `markup.Bar` or `markup.Picture`. A column of
            numbers is aligned to the right, unless it is the first.
        caption : str
        """
        numeric = [i > 0 and are_numbers([row[i] for row in rows]) for i in range(len(headers))]
        head = "".join(_cell("th", escape(word(h)), n) for h, n in zip(headers, numeric))
        body = "\n".join(
            f"<tr>{''.join(_cell('td', cell(value), n) for value, n in zip(row, numeric))}</tr>"
            for row in rows
        )
        title = f"<caption>{escape(say(caption))}</caption>" if caption else ""
        whole = " short" if len(rows) <= _SHORT else ""
        self._body.append(
            f'<div class="wide{whole}"><table>{title}<thead><tr>{head}</tr></thead>\n'
            f"<tbody>{body}</tbody></table></div>"
        )
        return self

    def facts(self, pairs):
        """Add names with their values, a line each."""
        self._body.append(_facts(pairs))
        return self

    def figure(self, figure, caption="", alt=""):
        """Add a matplotlib figure; `alt` tells what it shows to who does not see it."""
        uri, width = figure_image(figure)
        self._body.append(
            f'<div class="figure"><img src="{uri}" width="{width}" alt="{escape(say(alt or caption))}">'
            f'<p class="caption">{lines(say(caption))}</p></div>'
        )
        return self

    def pictures(self, pictures, width=0):
        """Add pictures side by side.

        Parameters
        ----------
        pictures : list of (image, str)
            Pixels, (row, column, 3) uint8, or the bytes of a PNG file; and the caption.
        width : int
            Width of each in the page in pixels; 0 for the pictures' own.
        """
        cards = "\n".join(_card(image, caption, width) for image, caption in pictures)
        self._body.append(f'<div class="pictures">{cards}</div>')
        return self

    def html(self):
        """The whole page as text."""
        subtitle = f'<p id="subtitle">{escape(say(self._subtitle))}</p>' if self._subtitle else ""
        return _PAGE.format(
            policy=_POLICY,
            style=STYLE,
            language=language(),
            title=escape(say(self._title)),
            top="\n".join([subtitle, self._verdict, *self._warnings]),
            body="\n".join(self._part(part) for part in PARTS),
            foot=escape(say(f"Written by Deep Geology on {datetime.date.today().isoformat()}.")),
        )

    def _part(self, part):
        """A part of the page with its title; empty if it has no section."""
        body = [*self._parts[part], *(_repeat() if part == METHOD else [])]
        if not body:
            return ""
        name, title = part
        content = "\n".join(body)
        return f'<div class="part" id="{name}">\n<p class="part-title">{say(title)}</p>\n{content}\n</div>'

    def write(self, path):
        """Write the page beside its final place, then move it there.

        Raises
        ------
        JobError
            If it cannot be written; a file that was there stays as it was.
        """
        try:
            with written_whole(path, encoding="utf-8", newline="\n") as file:
                file.write(self.html())
        except OSError as error:
            raise JobError(
                f'Report "{path}" cannot be written: {error.strerror or error}.',
                "Choose a folder you may write to, on a disk with free space.",
            ) from error


def _repeat():
    """The last section of a report that is written while a job is being done."""
    known = repeating.repeat()
    if known is None:
        return []
    return [
        f"<h2>{say(_AGAIN)}</h2>\n<p>{escape(say(known.sentence))}</p>",
        _facts(known.facts),
        f'<pre class="wide">{escape(known.job)}</pre>',
    ]


def _facts(pairs):
    rows = "\n".join(
        f"<tr><td>{escape(word(name))}</td><td>{cell(value)}</td></tr>" for name, value in pairs
    )
    return f'<div class="wide"><table class="facts">{rows}</table></div>'


def _cell(tag, content, numeric):
    kind = ' class="number"' if numeric else ""
    return f"<{tag}{kind}>{content}</{tag}>"


def _card(image, caption, width):
    shown = width or picture_size(image)[0]
    picture = Picture(image, caption.replace("\n", ", "), shown).html()
    return f'<div class="picture" style="width:{shown}px">{picture}{lines(say(caption))}</div>'

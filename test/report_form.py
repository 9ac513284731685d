"""The form that every report has: what stands where, and that it needs nothing but itself."""

import re
from html.parser import HTMLParser

PARTS = ("pictures", "numbers", "method")
# From QGIS's old viewer to a browser: what a report must hold to be read at night and on paper.
_RULES = ("@media screen and (prefers-color-scheme: dark)", "@media print")


class Page(HTMLParser):
    """Reads a report as a browser does.

    Attributes
    ----------
    order : list of str
        Ids of what stands in the page, from the top down.
    images : dict of str to int
        Pictures by the id that they stand in.
    titles : list of (str, str)
        The part and the text of every title of a section.
    headline : str
    outside : list of str
        Whatever would be fetched or run.
    """

    _VOID = ("meta", "img", "br")

    def __init__(self, page):
        super().__init__()
        self.order, self.images, self.titles, self.outside = [], {}, [], []
        self.headline, self.open, self._tag = "", [], ("", {})
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self._tag = tag, known
        if tag in ("script", "link", "iframe", "object", "embed", "base", "form"):
            self.outside.append(tag)
        places = [v for name, v in attributes if name in ("src", "href", "srcset", "action")]
        self.outside += [place[:80] for place in places if not place.startswith("data:image/")]
        self.outside += [name for name in known if name.startswith("on")]
        if known.get("id", "page") not in ("page", "maker"):
            self.order.append(known["id"])
        if tag == "img":
            self.images[self.order[-1]] = self.images.get(self.order[-1], 0) + 1
        if tag not in self._VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self._tag = ("", {})

    def handle_data(self, data):
        tag, known = self._tag
        if known.get("class") == "headline":
            self.headline += data
        if tag == "h2":
            self.titles.append((self.order[-1], data))


def check_form(page, pictures=True):
    """Check that a report has the form of all reports.

    Parameters
    ----------
    page : str
    pictures : bool
        Whether it must show some.

    Returns
    -------
    Page
    """
    read = Page(page)
    assert read.open == [] and read.outside == []
    parts = [name for name in PARTS if name in read.order]
    known = [name for name in read.order if name != "subtitle"]
    assert known == ["verdict", *parts, "foot"], "the verdict first, then the parts in their order"
    assert len(read.headline) > 15 and read.headline.endswith("."), read.headline
    assert not re.search(r"\b(nan|None|inf)\b", read.headline), read.headline
    assert not {"verdict", "numbers"} & set(read.images), "pictures stand before the numbers"
    assert ("pictures" in read.images) == pictures == ("pictures" in parts)
    assert "method" in parts
    assert len(set(read.titles)) == len(read.titles), "a title stands twice in a part"
    style = page[page.index("<style>") : page.index("</style>")]
    assert all(rule in style for rule in _RULES)
    assert not re.search(r"url\(|@import|https?:", style)
    return read

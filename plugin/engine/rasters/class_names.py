"""The names that a raster of classes has for its values.

GDAL keeps them in ``<path>.aux.xml`` as category names or as a raster attribute table, and QGIS and
our own rasters too. The text is searched and not parsed: nothing but names is wanted of it.
"""

import html
import os
import re

_LARGEST_BYTES = 2**24
_CATEGORIES = re.compile(r"<CategoryNames>(.*?)</CategoryNames>", re.DOTALL)
_CATEGORY = re.compile(r"<Category>(.*?)</Category>|<Category\s*/>", re.DOTALL)
_TABLE = re.compile(r"<GDALRasterAttributeTable.*?</GDALRasterAttributeTable>", re.DOTALL)
_COLUMN = re.compile(r"<FieldDefn.*?<Name>(.*?)</Name>.*?<Usage>(\d+)</Usage>.*?</FieldDefn>", re.DOTALL)  # fmt: skip
_ROW = re.compile(r"<Row[^>]*>(.*?)</Row>", re.DOTALL)
_CELL = re.compile(r"<F>(.*?)</F>|<F\s*/>", re.DOTALL)
# GDAL's usages: 2 a name; 3, 4 and 5 the least, the greatest and the only value of a row.
_NAME, _VALUES = "2", ("5", "3")
_WORDS = ("class", "name", "label", "category", "classname", "class_name")


def read_class_names(path):
    """Read the names of the values of a raster's first band.

    Parameters
    ----------
    path : str
        A raster; its names are in the file itself (a VRT) or beside it.

    Returns
    -------
    dict of int to str
        Empty if there are none.
    """
    text = _text_of(path + ".aux.xml") or (_text_of(path) if path.endswith(".vrt") else "")
    return _from_table(text) or _from_categories(text)


def _text_of(path):
    try:
        if os.path.getsize(path) > _LARGEST_BYTES:
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _from_categories(text):
    block = _CATEGORIES.search(text)
    names = [html.unescape(match or "") for match in _CATEGORY.findall(block[1])] if block else []
    return {value: name for value, name in enumerate(names) if name.strip()}


def _from_table(text):
    table = _TABLE.search(text)
    if not table:
        return {}
    columns = [(name.strip().lower(), usage) for name, usage in _COLUMN.findall(table[0])]
    value, name = _value_column(columns), _name_column(columns)
    if value is None or name is None:
        return {}
    rows = [_CELL.findall(row) for row in _ROW.findall(table[0])]
    pairs = [(row[value], html.unescape(row[name])) for row in rows if len(row) == len(columns)]
    return {int(float(v)): n for v, n in pairs if _is_number(v) and n.strip()}


def _value_column(columns):
    places = [
        place for usage in _VALUES for place, known in enumerate(columns) if known[1] == usage
    ]
    places += [place for place, known in enumerate(columns) if known[0] == "value"]
    return places[0] if places else None


def _name_column(columns):
    places = [place for place, known in enumerate(columns) if known[1] == _NAME]
    places += [place for place, known in enumerate(columns) if known[0] in _WORDS]
    return places[0] if places else None


def _is_number(text):
    try:
        return float(text) == float(text)
    except ValueError:
        return False

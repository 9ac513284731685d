"""Names and colors of classes in a raster file, where GDAL and QGIS find them."""

# Nothing is parsed here, only written.
from xml.etree.ElementTree import Element, SubElement, tostring  # nosec B405

# Column: name, GDAL's type (0 integer, 2 text) and usage (2 name, 5 minimum = maximum = value,
# 6 to 9 red, green, blue, alpha).
_COLUMNS = (
    ("Value", 0, 5),
    ("Class", 2, 2),
    ("Red", 0, 6),
    ("Green", 0, 7),
    ("Blue", 0, 8),
    ("Alpha", 0, 9),
)


def color_table(classes):
    """Colors by value, as rasterio writes them: 0 is clear.

    Parameters
    ----------
    classes : list of dict
        ``{"value", "name", "color"}``, color as ``#rrggbb``.

    Returns
    -------
    dict of int to (red, green, blue, alpha), 0 to 255
    """
    colors = {0: (0, 0, 0, 0)}
    for entry in classes:
        colors[entry["value"]] = (*_color(entry), 255)
    return colors


def _color(entry):
    text = str(entry.get("color") or "").lstrip("#")
    try:
        return tuple(bytes.fromhex(text)[:3]) if len(text) >= 6 else (128, 128, 128)
    except ValueError:
        return 128, 128, 128


def auxiliary_text(classes):
    """The text of the ``.aux.xml`` file with category names and raster attribute table."""
    root = Element("PAMDataset")
    band = SubElement(root, "PAMRasterBand", band="1")
    names = {entry["value"]: entry["name"] for entry in classes}
    categories = SubElement(band, "CategoryNames")
    for value in range(max(names, default=0) + 1):
        SubElement(categories, "Category").text = names.get(value, "")
    _attribute_table(band, classes)
    return tostring(root, encoding="unicode")


def _attribute_table(band, classes):
    table = SubElement(band, "GDALRasterAttributeTable", tableType="thematic")
    for index, (name, kind, usage) in enumerate(_COLUMNS):
        column = SubElement(table, "FieldDefn", index=str(index))
        for tag, value in (("Name", name), ("Type", kind), ("Usage", usage)):
            SubElement(column, tag).text = str(value)
    for index, entry in enumerate(classes):
        row = SubElement(table, "Row", index=str(index))
        for value in (entry["value"], entry["name"], *_color(entry), 255):
            SubElement(row, "F").text = str(value)

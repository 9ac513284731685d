"""What a raster is called in sentences: a file by its name, a layer in a file by both."""

import os
import re

# Such as GPKG:C:\data\survey.gpkg:relief or NETCDF:"/data/air.nc":t2m.
_IN_FILE = re.compile(r'[A-Z][A-Z0-9_]+:"?(?P<file>.+?)"?:(?P<layer>[^:\\/]+|//.+)')


def shown_name(path):
    """The name of a raster for the user: of its file and, where it is one of several, its own.

    >>> shown_name("/data/survey.tif"), shown_name("GPKG:/data/survey.gpkg:relief")
    ('survey.tif', 'survey.gpkg, relief')
    """
    found = _IN_FILE.fullmatch(path)
    if not found:
        return os.path.basename(path)
    return f"{os.path.basename(found['file'])}, {found['layer']}"


def short_name(path):
    """The name of a raster without the ending of its file; of a layer in a file its own name.

    >>> short_name("/data/survey.tif"), short_name("GPKG:/data/survey.gpkg:relief")
    ('survey', 'relief')
    """
    found = _IN_FILE.fullmatch(path)
    return found["layer"] if found else os.path.splitext(os.path.basename(path))[0]

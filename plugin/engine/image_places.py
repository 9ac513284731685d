"""Where images lie on the map: by their georeferencing, or the GPS position of a camera."""

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform

_LONGITUDE_LATITUDE = CRS.from_epsg(4326)


def image_points(images):
    """Find where images lie.

    Parameters
    ----------
    images : list of rasters.Description

    Returns
    -------
    points : list of dict or None
        GeoJSON points; None for an image that tells no place.
    crs : rasterio.crs.CRS or None
        That of the images if all are georeferenced in one, else longitude and latitude; None if
        no image tells a place.
    """
    grounds = {image.crs for image in images if image.transform is not None and image.crs}
    gps = any(image.position and image.transform is None for image in images)
    if not grounds and not gps:
        return [None] * len(images), None
    crs = CRS.from_wkt(grounds.pop()) if len(grounds) == 1 and not gps else _LONGITUDE_LATITUDE
    return [_point(image, crs) for image in images], crs


def _point(image, crs):
    if image.transform is not None and image.crs:
        place = image.transform @ (image.width / 2, image.height / 2)
        source = CRS.from_wkt(image.crs)
        if source != crs:
            place = [values[0] for values in transform(source, crs, *([v] for v in place))]
    else:
        place = image.position
    if place is None or not np.isfinite(place).all():
        return None
    return {"type": "Point", "coordinates": [float(value) for value in place]}

"""What a raster file says of itself beside its pixels."""

from .opening import opened


def read_tags(path):
    """Read the metadata of a raster.

    Returns
    -------
    tags : dict of str
        Of the file.
    band_tags : list of dict of str
        Of every band.

    Raises
    ------
    JobError
        If it cannot be opened.
    """
    with opened(path) as dataset:
        return dataset.tags(), [dataset.tags(band) for band in range(1, dataset.count + 1)]

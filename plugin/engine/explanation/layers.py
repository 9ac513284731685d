"""The rasters that are explained: opened as the model takes them, and checked."""

from ...jobs.errors import JobError
from ..classification import check_raster, chosen_bands
from ..rasters import Stack, open_layers


def open_input(job, card, progress):
    """Open the raster of a job with the bands that the model takes, or the stack of several.

    Parameters
    ----------
    job : ExplainClassification or MapEmbedding
        Its bands are those of the first raster; further ones give all of theirs.
    card : ModelCard
    progress : Progress

    Returns
    -------
    Raster or Stack
    """
    paths = [job.input, *(job.more_rasters or ())]
    bands = chosen_bands(card, paths, job.bands, progress)
    if len(paths) > 1 and bands and not job.bands:
        return Stack(paths, bands)
    return open_layers(job.input, paths[1:], bands)


def check_patches(subject, raster, extent, progress):
    """Check a raster and find the window that is asked for.

    Returns
    -------
    window : tuple of int
        Row, column, height and width.
    side : int
        Of a patch in pixels.

    Raises
    ------
    JobError
        If the raster does not suit the model, or the extent lies elsewhere.
    """
    side = subject.side_in(raster.grid)
    for note in raster.notes:
        progress.note(note)
    _check_layers(subject.card, raster, progress, side)
    window = (0, 0, raster.grid.height, raster.grid.width)
    if extent:
        window = raster.grid.window_of(extent)
        if 0 in window[2:]:
            raise JobError(
                f'The extent does not touch "{raster.name}".',
                "Draw it over the raster, in the raster's coordinate reference system.",
            )
    return window, side


def _check_layers(card, raster, progress, side):
    """As `check_raster`; who gave too few bands learns where the others go."""
    try:
        check_raster(card, raster, progress, side)
    except JobError as error:
        if len(raster.names) >= len(card.bands):
            raise
        more = f"{error.remedy} Further rasters go into MORE_RASTERS."
        raise JobError(error.found, more) from error

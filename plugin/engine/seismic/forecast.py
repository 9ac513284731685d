"""A trained seismic model: expected numbers of events in the cells of any window.

The models beside the network are in every file, so that a forecast always stands beside its
references: see `MODELS`.
"""

from dataclasses import dataclass

MODELS = (
    "uniform",  # Poisson, the same everywhere
    "smoothed_fixed",  # smoothed seismicity, one bandwidth
    "smoothed_adaptive",  # smoothed seismicity, distance to the k-th neighbor
    "etas",  # gridded ETAS
    "glm",  # non-negative additive model of excitation maps, background and ETAS
    "neuron",  # four parameters, a control
    "network",  # average of the residual networks
    "forecast",  # what ships: the network, or the reference if the network did not help
)


@dataclass
class Forecaster:
    """A model file, ready to forecast.

    Attributes
    ----------
    card : ModelCard
        ``card.training`` holds ``target_magnitude``, ``completeness``, ``window_days``, the split
        dates ``start``, ``train_end``, ``validation_end``, ``test_end`` (ISO text, UTC),
        ``catalog_hash``, ``ships`` ("network" or "reference"), ``test_openings`` (list).
    grid : seismic.grid grid of cells
        The spatial cells.
    """

    card: object
    grid: object

    def rates(self, catalog, starts_days, progress=None, names=MODELS):
        """Expected numbers of events in the windows that begin at `starts_days`.

        Only events before the start of a window are used for it.

        Parameters
        ----------
        catalog : Catalog
            All events, whatever their magnitude; those under the model's completeness are left
            out here.
        starts_days : array of float, shape (period,)
            Increasing starts of windows, in the catalog's days; each lasts
            ``card.training["window_days"]``.
        names : sequence of str
            Which of `MODELS`.

        Returns
        -------
        dict of str to array, shape (period, row, column)
            Rates of events of at least the target magnitude, in float64, row 0 northernmost.
        """
        raise NotImplementedError


def load_forecaster(path):
    """Read a model file of a seismic forecast.

    Raises
    ------
    JobError
        If the file is damaged, newer than this program or of another task.
    """
    raise NotImplementedError

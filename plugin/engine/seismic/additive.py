"""The additive model: a non-negative sum of excitation maps, background and ETAS.

The Poisson likelihood of such a sum is concave: there is one maximum.
"""

import numpy as np
from scipy.optimize import minimize

# ETAS keeps at least this share, so that no cell of the sum is without a rate.
_LEAST_ETAS = 0.02


def fit_additive(samples):
    """Fit the weights of the raw maps by maximum likelihood.

    Parameters
    ----------
    samples : recording.Samples

    Returns
    -------
    array, shape (map,)
        Expected events in a cell of a window per unit of each map; not negative.
    """
    held = samples.count > 0
    counts = samples.count[held].astype(float)
    raw = samples.centers()[held].double().numpy()
    totals = samples.totals.sum(0)
    unit = counts.sum() / np.maximum(totals, 1e-300)
    columns = raw * unit
    shares = totals * unit / counts.sum()  # 1, or 0 for a map that is empty

    def loss(weights):
        rates = columns @ weights
        value = shares @ weights - counts @ np.log(rates) / counts.sum()
        return value, shares - (counts / rates) @ columns / counts.sum()

    start = np.full(len(unit), 0.3 / len(unit))
    start[-1] = 0.7
    bounds = [(0.0, None)] * (len(unit) - 1) + [(_LEAST_ETAS, None)]
    options = {"maxiter": 1000, "maxfun": 3000, "ftol": 1e-11, "gtol": 1e-7}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return found.x * unit

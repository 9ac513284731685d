"""Complete what a network adds to a window: interpolation and back-projection, in few passes.

Interpolation is linear, and so is what a sensor sees. It need therefore see only what the network
adds; all iterations then work on coarse pixels, and the coarse image and its correction are
interpolated together, once. The result is that of `degradation.back_project`.

References
----------
Irani & Peleg 1991, doi:10.1016/1049-9652(91)90045-L (back-projection)
"""

import torch

from ..degradation import cubic_taps, gaussian_sigma, sensor_kernel, sensor_of_cubic

_PIXELS = 2**14  # of a strip: the fine pixels of these coarse ones take a megabyte


def complete(planes, coarse, sensor, iterations, valid=None, cut=0):
    """Interpolate a window, add what a network gave, and hold the sum to the measurements.

    Parameters
    ----------
    planes : torch.Tensor, shape (C, factor squared, H', W'), or None
        What a network adds to the middle of the window, see `rolling.added_planes`.
    coarse : torch.Tensor, shape (C, H, W)
        The window, with as much around what is kept as its result depends on.
    sensor : tuple
        Factor and blur.
    iterations : int
        Of the back-projection.
    valid : torch.Tensor, shape (1, H, W), optional
        1 where the window holds data; nothing is corrected elsewhere.
    cut : int
        Coarse pixels at every side that are not kept, at least 2.

    Returns
    -------
    torch.Tensor, shape (C, factor * (H - 2 * cut), factor * (W - 2 * cut))
    """
    factor, blur = sensor
    inset = 0 if planes is None else (coarse.shape[2] - planes.shape[3]) // 2
    if not iterations:
        return _finished(coarse, cut, factor, planes)
    missing = _inside(coarse - _seen_between(coarse, factor, blur), inset)
    if planes is not None:
        missing -= _seen_planes(planes, factor, blur)
    held = None if valid is None else _inside(valid, inset)
    if gaussian_sigma(blur, factor) == 0:
        total = _total(missing, held, sensor, 1)
        return _finished(coarse, cut, factor, planes, total[:, None])
    total = _total(missing, held, sensor, iterations)
    return _finished(_inside(coarse, inset) + total, cut - inset, factor, planes)


def _inside(images, inset):
    return images[..., inset : images.shape[-2] - inset, inset : images.shape[-1] - inset]


def ended(begun):
    """Call functions that give images, and put these in one batch; one alone is not copied."""
    return begun[0]()[None] if len(begun) == 1 else torch.stack([end() for end in begun])


def without_border(images, valid, border):
    """Images (N, C, H, W), and where they hold data, one by one and without a border.

    Yields
    ------
    torch.Tensor, shape (C, H', W')
    torch.Tensor, shape (1, H', W'), or None
    """
    for number, image in enumerate(images):
        held = None if valid is None else _inside(valid[number], border)
        yield _inside(image, border), held


def _seen_between(coarse, factor, blur):
    """What the sensor sees of an interpolated window (C, H, W); 0 where it sees beyond it."""
    weights = sensor_of_cubic(factor, blur).flatten().tolist()
    taps, margin = tuple(enumerate(weights)), len(weights) // 2
    bands, height, width = coarse.shape
    made = torch.zeros_like(coarse)
    step = _rows(coarse, width * bands)
    for start in range(margin, height - margin, step):
        rows = min(step, height - margin - start)
        above = coarse[:, start - margin : start + rows + margin]
        between = coarse.new_empty(bands, rows, width)
        _weigh(between, taps, lambda tap, above=above, rows=rows: above[:, tap : tap + rows])
        inside = made[:, start : start + rows, margin : width - margin]
        columns = inside.shape[2]
        _weigh(inside, taps, lambda tap, b=between, n=columns: b[..., tap : tap + n])
    return made


def _total(missing, held, sensor, iterations):
    """The sum of all corrections, before they are interpolated."""
    total = torch.zeros_like(missing)
    for number in range(iterations):
        step = missing if held is None else missing * held
        total += step
        if number + 1 < iterations:
            missing = missing - _seen_between(step, *sensor)
    return total


def _seen_planes(planes, factor, blur):
    """What the sensor sees of fine pixels (C, H, W), as if there were zeros around them."""
    kernel = sensor_kernel(factor, blur)[0].to(planes)
    side, (bands, phases, height, width) = kernel.shape[-1], planes.shape
    # For each tap of the sensor a row of weights: rows of taps first, then columns.
    weights = kernel.flatten(1).T.contiguous()
    seen = planes.new_zeros(bands, height + side - 1, width)
    step = _rows(planes, width)
    for band in range(bands):
        for row in range(0, height, step):
            strip = planes[band, :, row : row + step]
            parts = torch.mm(weights, strip.reshape(phases, -1))
            across = _added_across(parts.view(side, side, -1, width))
            for tap in range(side):
                start = row + side - 1 - tap
                seen[band, start : start + across.shape[1]] += across[tap]
    return seen[:, side // 2 : side // 2 + height]


def _added_across(parts):
    """Sum what the columns of the sensor see (row of taps, column of taps, rows, columns)."""
    middle, width = parts.shape[1] // 2, parts.shape[3]
    across = parts[:, middle]
    for tap in range(parts.shape[1]):
        shift = tap - middle
        if shift:
            to = slice(max(-shift, 0), width - max(shift, 0))
            across[..., to] += parts[:, tap, :, max(shift, 0) : width + min(shift, 0)]
    return across


def _rows(images, width):
    """Rows of a strip that stays in the cache; a graphics card takes all at once."""
    return max(1, _PIXELS // width) if images.device.type == "cpu" else 2**20


def _finished(between, margin, factor, *beside):
    """Interpolate the inside and add planes: a fine image (C, rows, columns).

    The planes (C, factor squared or 1, H', W') may have a margin too.
    """
    bands, height, width = between.shape
    height, width = height - 2 * margin, width - 2 * margin
    made = between.new_empty(bands, height, factor, width, factor)
    beside = [
        _inside(planes, (planes.shape[2] - height) // 2) for planes in beside if planes is not None
    ]
    step = _rows(between, width * bands)
    for start in range(0, height, step):
        rows = min(step, height - start)
        strip = interpolated(between[:, start : start + rows + 2 * margin], factor, margin)
        for planes in beside:
            strip += planes[:, :, start : start + rows]
        made[:, start : start + rows] = strip.view(bands, factor, factor, rows, width).permute(
            0, 3, 1, 4, 2
        )
    return made.view(bands, factor * height, factor * width)


def interpolated(coarse, factor, margin):
    """Interpolate what lies inside a margin.

    Parameters
    ----------
    coarse : torch.Tensor, shape (C, H, W)
    factor, margin : int
        A margin of at least 2.

    Returns
    -------
    torch.Tensor, shape (C, factor squared, H - 2 * margin, W - 2 * margin)
        The fine pixels of each coarse one.
    """
    bands, rows, columns = coarse.shape
    rows, columns = rows - 2 * margin, columns - 2 * margin
    taps = cubic_taps(factor)
    between = coarse.new_empty(bands, factor, 1, rows, coarse.shape[2])
    made = coarse.new_empty(bands, factor, factor, rows, columns)
    for phase, weights in enumerate(taps):
        _weigh(between[:, phase, 0], weights, lambda tap: coarse[:, margin + tap :][:, :rows])
    for phase, weights in enumerate(taps):
        _weigh(
            made[:, :, phase],
            weights,
            lambda tap: between[:, :, 0, :, margin + tap :][..., :columns],
        )
    return made.view(bands, factor * factor, rows, columns)


def _weigh(made, weights, shifted):
    """Sum shifted images with their weights, (tap, weight)."""
    (tap, weight), *others = weights
    torch.mul(shifted(tap), weight, out=made)
    for tap, weight in others:
        made.add_(shifted(tap), alpha=weight)

"""Made, real and scrambled images compared with those that were kept apart, a few at a time."""

import numpy as np

from ..metrics.image_sets import sliced_wasserstein

_COMPARED = 256
_TOGETHER = 64


def look(eye, collection, rows, progress, mirrored=False):
    """Features of images of a collection, of which only some are in memory at once.

    Parameters
    ----------
    eye : features.Eye
    collection : Collection
    rows : numpy.ndarray of int
    progress : Progress
    mirrored : bool

    Returns
    -------
    numpy.ndarray of float32, shape (len(rows), D)

    Raises
    ------
    Stopped
        If the user cancels.
    """
    found = []
    for start in range(0, len(rows), _TOGETHER):
        progress(start / len(rows), f"Looking at image {start + 1:,} of {len(rows):,}")
        images = collection.centers(rows[start : start + _TOGETHER])
        found.append(eye.features(images.flip(-1) if mirrored else images))
    return np.concatenate(found)


def alike(wanted, labels, chance):
    """Rows with the wanted labels, in their order, each as rarely as it can be.

    Parameters
    ----------
    wanted, labels : numpy.ndarray of int
    chance : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (len(wanted),)
        Places in `labels`; any for a label that is not there.
    """
    anywhere, taken, rows = chance.permutation(len(labels)), {}, []
    for label in wanted:
        fitting = anywhere[labels[anywhere] == label]
        fitting = fitting if len(fitting) else anywhere
        turn = taken.setdefault(label, 0)
        rows.append(fitting[turn % len(fitting)])
        taken[label] += 1
    return np.array(rows)


def compare(made, labels, collection, training, held, chance):
    """Sliced Wasserstein distances to held-out images, with as many images on each side.

    Parameters
    ----------
    made : torch.Tensor, shape (N, band, side, side)
    labels : numpy.ndarray of int, shape (N,)
    collection : Collection
    training, held : numpy.ndarray of int
        Rows, in an order by chance.
    chance : numpy.random.Generator

    Returns
    -------
    dict of dict
        ``"levels"`` of made, ``"floor"`` of training and ``"ceiling"`` of scrambled images.
    """
    held = held[: min(_COMPARED, len(made))]
    asked = collection.labels[held]
    truth = collection.centers(held).numpy()
    chosen = made.numpy()[alike(asked, labels, chance)]
    real = collection.centers(training[alike(asked, collection.labels[training], chance)]).numpy()
    pairs = {"levels": chosen, "floor": real, "ceiling": scrambled(real, chance)}
    return {name: sliced_wasserstein(truth, images) for name, images in pairs.items()}


def scrambled(images, chance):
    """Images with the same spectrum and mean each, but phases by chance: texture without form.

    Parameters
    ----------
    images : numpy.ndarray, shape (N, band, side, side)
    chance : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of float32, same shape
    """
    return np.stack([_scrambled(image, chance) for image in images])


def _scrambled(image, chance):
    noise = np.fft.rfft2(chance.normal(size=image.shape[-2:]))
    phases = noise / np.maximum(np.abs(noise), 1e-12)
    phases[0, 0] = 1
    made = np.fft.irfft2(np.fft.rfft2(image) * phases, image.shape[-2:])
    return made.clip(-1, 1).astype(np.float32)

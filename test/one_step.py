"""The gradients of one training step; torchrun starts it. Argument: where they go."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from plugin.engine import networks, ranks, training  # noqa: E402
from plugin.engine.normalization import measure  # noqa: E402
from plugin.engine.progress import Silent  # noqa: E402


def main(place):
    """Train with a single batch; batch normalization keeps its statistics."""
    ranks.join()
    found = {}

    def keep(parameters, most):
        found.update({str(n): p.grad.contiguous().clone() for n, p in enumerate(parameters)})

    torch.nn.utils.clip_grad_norm_ = keep
    torch.manual_seed(0)
    network = networks.build_classifier("small_cnn", 3, 3, 0.0)
    values = np.random.default_rng(0).normal(100, 40, (15, 3, 32, 32)).astype("float32")
    labels = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2])
    images = training.Images(values, labels, np.arange(15))
    nothing = training.Images(values, labels, np.arange(0))
    numbers = measure(values, np.arange(15))
    recipe = training.Recipe(
        1, 1e-3, keep_statistics=True, l1=1e-4, batch_size=15, balance="weights"
    )
    training.train(network, images, nothing, numbers, recipe, torch.device("cpu"), Silent())
    if ranks.is_first():
        save_file(found, place)
    ranks.barrier()
    ranks.leave()


main(sys.argv[1])

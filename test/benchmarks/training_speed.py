"""Images a second of the trainings, against a bare PyTorch loop over data in memory.

Run with the engine's Python from the repository: ``python test/benchmarks/training_speed.py
[THREADS ...]``. The bare loop has the same network, batches, normalization, augmentation, loss and
AdamW, and nothing else: no averaged weights, no clipped gradients, no schedule, no progress. Both
take turns in one process, and the best of some rounds counts. The trainings run two epochs. Image
classifiers also learn from a file, as where decoded images are too many for the memory.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from timing import in_processes

SIDE, BATCH, STEPS, EPOCHS, ROUNDS = 96, 32, 8, 2, 4


def measure(threads):
    from plugin.engine import device
    from timing import machine

    device.choose_device("cpu")
    if threads == "1":
        print(f"machine: {machine()}")
    said = f"{threads} thread{'s' * (threads != '1')}"
    images("Train image classifier", _in_memory(BATCH * STEPS), said)
    with tempfile.TemporaryFile() as file:
        images("Train image classifier, images in a file of 2 GB", _in_file(file), said)
    patches(said)


def report(what, ours, bare, count, said):
    from timing import alternately

    best = alternately({"ours": ours, "bare": bare}, ROUNDS)
    print(
        f"{what}, {said}: {best['bare'] / best['ours']:.2f} of a bare loop "
        f"({count / best['ours']:.1f} images a second)",
        flush=True,
    )


def _in_memory(count):
    import numpy as np

    return np.random.default_rng(0).integers(0, 256, (count, 3, SIDE, SIDE), np.uint8)


def _in_file(file):
    import numpy as np

    shape = 2**31 // (3 * SIDE**2), 3, SIDE, SIDE
    values = np.memmap(file, np.uint8, "w+", shape=shape)
    part = _in_memory(1024)
    for start in range(0, len(values), 1024):
        values[start : start + 1024] = part[: len(values) - start]
    return values


def images(what, values, said):
    """The training of image classifiers; the bare loop takes its images from memory."""
    import numpy as np
    import torch

    from plugin.engine.augmentation import augment
    from plugin.engine.losses import cross_entropy
    from plugin.engine.networks import build_classifier
    from plugin.engine.normalization import to_network_range
    from plugin.engine.progress import Silent
    from plugin.engine.training import Images, Recipe, train

    cpu, numbers = torch.device("cpu"), {"mean": [127.0] * 3, "sd": [127.0] * 3}
    chosen = np.random.default_rng(1).permutation(len(values))[: BATCH * STEPS]
    labels = np.arange(len(values)) % 4
    training = Images(values, labels, chosen)
    recipe = Recipe(EPOCHS, 1e-3, augment="overhead", batch_size=BATCH, keep_last=True)
    held, known = torch.from_numpy(values[chosen]), torch.from_numpy(labels[chosen])

    def ours():
        nobody = Images(values, labels, chosen[:0])
        train(_network(), training, nobody, numbers, recipe, cpu, Silent())

    def bare():
        network, chance = _network().train(), torch.Generator().manual_seed(0)
        optimizer, weights = torch.optim.AdamW(network.parameters(), lr=1e-3), torch.ones(4)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(held), generator=chance).split(BATCH):
                batch = augment(to_network_range(held[rows], numbers), "overhead", 1.0, chance)
                answers = network(batch.contiguous(memory_format=torch.channels_last))
                optimizer.zero_grad()
                cross_entropy(answers, known[rows], weights, 0.1).backward()
                optimizer.step()

    def _network():
        torch.manual_seed(0)
        return build_classifier("mobilenet_v2", 3, 4).to(memory_format=torch.channels_last)

    report(what, ours, bare, EPOCHS * BATCH * STEPS, said)


def patches(said):
    """The training of pixel classifiers; the bare loop takes batches that are cut already."""
    import numpy as np
    import torch

    from plugin.engine.augmentation import relight
    from plugin.engine.networks import build_pixel_network
    from plugin.engine.normalization import to_network_range
    from plugin.engine.pixels.feeding import Patches, Watched
    from plugin.engine.pixels.learning import Recipe, labeled, learn
    from plugin.engine.pixels.losses import pixel_loss
    from plugin.engine.progress import Silent

    ground = _ground()
    everything, cpu = np.arange(len(ground.pixels)), torch.device("cpu")
    feed = Patches(ground, everything, 96, "none", turned=True)
    recipe = Recipe(EPOCHS, 1e-3, batch_size=16)
    numbers, labels = {"mean": [0.0] * 3, "sd": [1.0] * 3}, ground.pixels.labels
    cut = list(feed.batches(16, np.random.default_rng(0)))

    def ours():
        nobody = Watched(ground, everything[:0], 96, 0)
        learn(_network(), feed, labels, nobody, numbers, recipe, cpu, Silent())

    def bare():
        network, chance = _network().train(), torch.Generator().manual_seed(0)
        optimizer, weights = torch.optim.AdamW(network.parameters(), lr=1e-3), torch.ones(2)
        for _ in range(EPOCHS):
            for values, truth in cut:
                batch = to_network_range(torch.from_numpy(values), numbers)
                batch = relight(batch, 0.5, chance).contiguous(memory_format=torch.channels_last)
                answers = labeled(network(batch), torch.from_numpy(truth))
                optimizer.zero_grad()
                pixel_loss("cross_entropy", *answers, weights).backward()
                optimizer.step()

    def _network():
        torch.manual_seed(0)
        network = build_pixel_network("unet_mobilenet_v2", 3, 2)
        return network.to(memory_format=torch.channels_last)

    count = EPOCHS * sum(len(values) for values, _ in cut)
    report("Train pixel classifier", ours, bare, count, said)


def _ground():
    """Three bands of chance on 8 x 8 blocks, every fourth row labeled."""
    import numpy as np

    from plugin.engine.pixels.ground import BLOCK, Ground, Pixels

    side = 8 * BLOCK
    values = np.random.default_rng(0).normal(size=(64, 3, BLOCK, BLOCK)).astype(np.float32)
    rows, columns = (part.ravel() for part in np.indices((side // 4, side)))
    pixels = Pixels(4 * rows, columns, ((columns // 64) % 2).astype(np.int16), rows)
    return Ground(pixels, side, side, np.arange(64, dtype=np.int32).reshape(8, 8), values)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2])
    else:
        in_processes(__file__, sys.argv[1:])

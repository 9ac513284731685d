"""The parameters that several jobs share."""

from .declare import choice, integer

DEVICES = (
    ("auto", "Automatic: the fastest there is"),
    ("cpu", "CPU"),
    ("cuda", "NVIDIA GPU (CUDA)"),
    ("mps", "Apple GPU (MPS)"),
)


def device():
    """Where the network runs."""
    return choice("Device", "auto", DEVICES, advanced=True, help="What the network runs on.")


def batch_size():
    """Images in one step."""
    return integer(
        "Batch size",
        0,
        unit="images",
        minimum=0,
        maximum=4096,
        advanced=True,
        unset=True,
        help="Images in one step of the network. 0: automatic.",
    )


def steps():
    """How many steps a training takes, if time is not to end it."""
    return integer(
        "Steps",
        0,
        minimum=0,
        maximum=10_000_000,
        advanced=True,
        unset=True,
        help="Steps of the training, whatever time they take: the same number, seed and computer "
        "give the same model. 0: as many as the time limit allows.",
    )


def seed():
    """Where chance starts."""
    return integer(
        "Seed",
        0,
        minimum=0,
        maximum=2**31 - 1,
        advanced=True,
        help="The same seed, data and computer give the same result, as long as no time limit "
        "ends the training.",
    )

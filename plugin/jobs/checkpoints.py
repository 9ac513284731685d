"""Trainings that can go on after an interruption: where their checkpoints are."""

CHECKPOINT = "checkpoint"
START = (CHECKPOINT, "The checkpoint of this training, which was interrupted")
ONLY_STARTS = (("scratch", "From nothing"), START)
START_HELP = (
    "A training that was canceled or killed leaves a checkpoint beside MODEL; it goes on with the same "
    "values and the same MODEL."
)


def checkpoint_folder(job):
    """The folder where a job keeps what it has learned so far.

    Parameters
    ----------
    job : object
        A job.

    Returns
    -------
    str
        Empty for a job that trains nothing or writes no model.
    """
    model = getattr(job, "model", "") if hasattr(job, "start_from") else ""
    return beside(model) if model else ""


def beside(model):
    """The folder beside a model where its training keeps what it has learned so far."""
    return f"{model}.{CHECKPOINT}"


def how_to_go_on(folder):
    """What one is told whose training was interrupted."""
    return (
        f'What was learned so far is kept in "{folder}". To go on, run it again with the same '
        "values, the same MODEL and START_FROM checkpoint."
    )

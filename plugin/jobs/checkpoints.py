"""Where a training starts from: a model of the user's, or its own checkpoint after an interruption."""

from .errors import JobError

JOB_FILE = "job.json"  # in the folder of a checkpoint: what its job was
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


def earlier(folder):
    """Where a checkpoint lies while another training with the same MODEL is at work."""
    return f"{folder}.earlier"


def kept_aside(folder):
    """What one is told who begins anew although there is a checkpoint."""
    return (
        f'An earlier training was interrupted: what it learned is kept as "{earlier(folder)}" until '
        f'this one has ended. To go on with it instead, cancel, and rename it "{folder}".'
    )


def how_to_go_on(folder):
    """What one is told whose training was interrupted."""
    return (
        f'What was learned so far is kept in "{folder}". To go on, run it again with the same '
        "values, the same MODEL and START_FROM checkpoint."
    )


def no_checkpoint(folder):
    """The error of a training that shall go on, and has no checkpoint."""
    return JobError(
        f'There is no checkpoint "{folder}".',
        "Give MODEL the name that it had in the training that was interrupted, or choose another "
        "START_FROM.",
    )


def other_values(before, now, free):
    """Names of the values that a checkpoint's training and this one do not share.

    Parameters
    ----------
    before, now : dict
        Value by parameter name; as JSON reads them, without tuples.
    free : collection of str
        Names that need not agree.

    Returns
    -------
    list of str
    """
    return [name for name in now if name not in free and before.get(name) != now[name]]


def refuse_others(folder, names):
    """Refuse a checkpoint that is that of a training with other values.

    Raises
    ------
    JobError
        If there are names.
    """
    if names:
        raise JobError(
            f'The checkpoint "{folder}" is that of a training with another '
            f"{' and another '.join(name.upper() for name in names)}.",
            "Give the same values and inputs as at first, or choose another START_FROM.",
        )


def check_base_model(job, weights):
    """Refuse a model of the user's without the start from it, and the start without the model.

    Parameters
    ----------
    job : object
        A training with `start_from` and `base_model`.
    weights : str
        What else it may start from, for the sentence.

    Raises
    ------
    JobError
    """
    if job.start_from == "model" and not job.base_model:
        raise JobError(
            "Start from is a model of mine, but no model is given.",
            f"Choose a model file in BASE_MODEL, or start from {weights}.",
        )
    if job.base_model and job.start_from not in ("model", CHECKPOINT):
        raise JobError(
            f"A model of yours is given, but the training would start from {job.start_from}.",
            "Choose the start from a model of mine (START_FROM model), or leave BASE_MODEL empty.",
        )

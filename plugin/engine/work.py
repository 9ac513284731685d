"""Do one job, and say in a user's words why it could not be done."""

import errno
import gc
import sys
import traceback

from ..jobs import JOBS
from ..jobs.declare import from_values
from ..jobs.errors import JobError, Stopped
from ..jobs.output_rules import refuse_clashes, refuse_missing_layers, refuse_no_place
from ..jobs.places import sweep
from ..jobs.withdrawing import results_of
from . import joint, memory, notices, repeating, wording
from .fingerprints import changed, states
from .tasks import load

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")
DISK_FULL = ("no space left", "disk full", "disk is full", "not enough space", "quota exceeded")
ERRNO_DISK_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
ERRNO_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def do(name, values, progress, language="", sources=None):
    """Check a job and do it.

    Parameters
    ----------
    name : str
        The job's name in `plugin.jobs.JOBS`.
    values : dict
        Value by parameter name (lower case).
    progress : Progress
    language : str
        Of the report, such as ``"zh_CN"``; English where there is no translation.
    sources : dict of str to str, optional
        What the report calls the temporary files that stand for layers, by their path.

    Returns
    -------
    dict
        Output by name in upper case.

    Raises
    ------
    JobError
        If the job cannot be done, whatever the cause; nothing half-written is left.
    Stopped
        If the user cancelled; nothing half-written is left either.
    """
    run = load(name)
    job = from_values(JOBS[name], values)
    refuse_no_place(job)
    refuse_missing_layers(job)
    refuse_clashes(job)
    _say_device(name, job, progress)
    notices.send_to(progress.note, progress.warning)
    with results_of(job) as results:
        try:
            progress.check()
            with wording.spoken(language), repeating.standing_for(sources or {}):
                outputs = _run(name, run, job, progress)
            progress.flush()
            progress.check()
        except BaseException as error:
            if isinstance(error, Exception):
                _withdraw(results, error, progress)
            sweep(JOBS[name], values)
            raise
        results.keep()
    return outputs


def _run(name, run, job, progress):
    """Do a job, and tell of inputs that were changed meanwhile."""
    before = states(job)
    outputs = joint.run(name, run, job, progress)
    for path in changed(before):
        progress.warning(
            f'"{path}" was changed while it was read: the result may be partly of what it was '
            "before and partly of what it is now. Run it again."
        )
    return outputs


def _withdraw(results, error, progress):
    """Take back what a job has put in place; a trained model stays, unless the user cancelled."""
    trained = [] if isinstance(error, Stopped) else results.models()
    for path, aside in results.withdraw(but=trained).items():
        progress.warning(
            f'Another program has written "{path}" meanwhile, and it stays; what was there before '
            f'the job is "{aside}" now.'
        )
    for path in trained:
        progress.note(f'The model was finished before that, and is at "{path}".')


def _say_device(name, job, progress):
    """Name what the networks run on; a training says so itself."""
    if hasattr(job, "device") and not name.startswith("train_"):
        from .device import choose_device, describe

        progress.note(f"Running on {describe(choose_device(job.device))}.")


def explain(error, name):
    """Turn any error into the `JobError` that the user reads.

    Parameters
    ----------
    error : BaseException
    name : str
        The job's name, for errors that nobody foresaw.

    Returns
    -------
    JobError
        A `JobError` as it is, its cause being told to the log file only; any other error as a
        sentence with the trace.
    """
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    print(trace, file=sys.stderr)
    if isinstance(error, JobError):
        return error
    return JobError(*_found_and_remedy(error, name), trace)


def _found_and_remedy(error, name):
    said = _first_line(error)
    if isinstance(error, MemoryError) or any(words in said.lower() for words in OUT_OF_MEMORY):
        return _out_of_memory(said)
    if _errno(error) in ERRNO_DISK_FULL or any(words in said.lower() for words in DISK_FULL):
        return f"The disk is full{_file_of(error)}.", "Free some space, or write to another disk."
    if _errno(error) in ERRNO_REFUSED:
        return (
            f"Access was refused{_file_of(error)}.",
            "Choose a place that you may read and write.",
        )
    if isinstance(error, ImportError):
        return f"The engine is not complete: {said}.", 'Run "Prepare engine" again.'
    return (
        f'The engine met an error that it does not know in "{name}": {said}.',
        "Please report it with the trace that is in the log.",
    )


def _out_of_memory(said):
    where = "the GPU" if "cuda" in said.lower() or "mps" in said.lower() else "the computer"
    smaller = "Choose a smaller batch size or image size"
    if where == "the GPU":
        return f"There is not enough memory on {where}.", f"{smaller}, or the CPU as the device."
    return f"There is not enough memory in {where}.", f"{smaller}, or close other programs."


def _errno(error):
    return error.errno if isinstance(error, OSError) else None


def _file_of(error):
    name = getattr(error, "filename", None)
    return f' at "{name}"' if name else ""


def _first_line(error):
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return said[:300].rstrip(". ")


def release_memory():
    """Give back what a job that has ended no longer needs, on the GPU too."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    memory.give_back()

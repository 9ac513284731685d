"""Whether a training can go on from its checkpoint."""

import json
import os

from ..plugin.jobs.checkpoints import (
    CHECKPOINT,
    JOB_FILE,
    checkpoint_folder,
    no_checkpoint,
    other_values,
    refuse_others,
)
from ..plugin.jobs.declare import declared, to_values
from ..plugin.jobs.places import READ_KINDS


def check_checkpoint(asked):
    """Refuse to go on from a checkpoint that is not there, or is that of other values."""
    folder = checkpoint_folder(asked.job)
    if not folder or asked.job.start_from != CHECKPOINT:
        return
    if not os.path.isfile(os.path.join(folder, JOB_FILE)):
        raise no_checkpoint(folder)
    try:
        with open(os.path.join(folder, JOB_FILE), encoding="utf-8") as file:
            before = json.load(file)
        known = {"algorithm": before["do"], **before["values"]}
    except (OSError, ValueError, KeyError, TypeError):
        return  # the engine tells what is wrong with it
    files = {part.name for part in declared(asked.job) if part.kind in READ_KINDS}
    free = files | {part.name for part in declared(asked.job) if part.is_output} | {"start_from"}
    now = json.loads(json.dumps({"algorithm": asked.name, **to_values(asked.job)}))
    refuse_others(folder, other_values(known, now, free))

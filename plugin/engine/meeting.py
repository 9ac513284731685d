"""How the processes of a job find each other, also after some of them were started again.

The store of torchrun outlives a restart, with the addresses of dead processes in it, and counts restarts
on each machine by itself. So the first process invites: it waits for a greeting of all others, says which
greetings it heard, and begins when all have seen theirs among them.
"""

import datetime
import json
import os
import time
import uuid
from functools import partial

from ..jobs.errors import JobError

_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 900.0


def meet(distributed, number, count, timeout, check=lambda: None, patience=_PATIENCE_SECONDS):
    """Wait for the other processes.

    Parameters
    ----------
    distributed : module
        ``torch.distributed``.
    number, count : int
        Of this process, and of all.
    timeout : datetime.timedelta
        For all that is done with the store once it is there.
    check : callable
        Called many times a second; raises `Stopped` if the user has cancelled.
    patience : float
        Seconds in which the others have to come.

    Returns
    -------
    torch.distributed.Store
        One that only the processes of this attempt use.

    Raises
    ------
    JobError
        If they do not come.
    """
    has_host = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    is_host = number == 0 and not has_host
    soon = datetime.timedelta(seconds=patience)
    store = distributed.TCPStore(
        address, port, count, is_host, timeout=soon, wait_for_workers=False
    )
    store.set_timeout(timeout)
    own = uuid.uuid4().hex
    store.set(f"greeting {number}", own)
    pause = partial(_pause, time.monotonic() + patience, check)
    token = _invite(store, count, pause) if number == 0 else _accept(store, number, own, pause)
    return distributed.PrefixStore(token, store)


def _invite(store, count, pause):
    """Say who was heard until all have answered; gives the name of the attempt."""
    heard, token = None, ""
    while True:
        now = [_read(store, f"greeting {number}") for number in range(count)]
        if now != heard:
            heard, token = now, uuid.uuid4().hex
            if all(heard):
                store.set("invited", json.dumps([token, heard]))
        elif all(heard) and all(store.check([f"{token} {k}"]) for k in range(1, count)):
            store.set(f"{token} begins", "1")
            return token
        pause()


def _accept(store, number, own, pause):
    """Answer the invitation that names this process, and wait until all have; gives its name."""
    answered = ""
    while True:
        token, heard = json.loads(_read(store, "invited") or '["", []]')
        if heard[number : number + 1] == [own]:
            if token != answered:
                store.set(f"{token} {number}", "1")
                answered = token
            if store.check([f"{token} begins"]):
                return token
        pause()


def _pause(latest, check):
    check()
    if time.monotonic() > latest:
        raise JobError(
            "The other processes of the job did not come: some ended, or cannot reach this one.",
            "Look at what torchrun said of them, and whether the machines reach each other; then "
            "start the job again.",
        )
    time.sleep(_PAUSE_SECONDS)


def _read(store, key):
    return store.get(key).decode() if store.check([key]) else ""

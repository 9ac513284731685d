"""How the processes of a job find each other, also after some of them were started again.

The store of torchrun outlives a restart, with the addresses of dead processes in it, and counts restarts
on each machine by itself. So the first process invites: it waits for a greeting of all others, says which
greetings it heard, and begins when all have seen theirs among them.
"""

import json
import os
import time
import uuid

_PAUSE_SECONDS = 0.05


def meet(distributed, number, count, timeout):
    """Wait for the other processes.

    Parameters
    ----------
    distributed : module
        ``torch.distributed``.
    number, count : int
        Of this process, and of all.
    timeout : datetime.timedelta
        For all that is done with the store.

    Returns
    -------
    torch.distributed.Store
        One that only the processes of this attempt use.
    """
    has_host = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    is_host = number == 0 and not has_host
    store = distributed.TCPStore(
        address, port, count, is_host, timeout=timeout, wait_for_workers=False
    )
    own = uuid.uuid4().hex
    store.set(f"greeting {number}", own)
    token = _invite(store, count) if number == 0 else _accept(store, number, own)
    return distributed.PrefixStore(token, store)


def _invite(store, count):
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
        time.sleep(_PAUSE_SECONDS)


def _accept(store, number, own):
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
        time.sleep(_PAUSE_SECONDS)


def _read(store, key):
    return store.get(key).decode() if store.check([key]) else ""

"""Run a generator in a thread, some items ahead of who uses them."""

import queue
import threading

_WAIT_SECONDS = 0.1


def ahead(items, check=lambda: None, depth=2):
    """Run an iterable in a thread that is `depth` items ahead.

    Parameters
    ----------
    items : iterable
        Whatever it raises rises here.
    check : callable
        Called several times a second while waiting; may raise to give up.
    depth : int

    Yields
    ------
    object
        The items in their order.
    """
    waiting, left = queue.Queue(depth), threading.Event()
    thread = threading.Thread(target=_fill, args=(waiting, items, left), daemon=True)
    thread.start()
    try:
        while True:
            kind, item = _next(waiting, check)
            if kind == "error":
                raise item
            if kind == "end":
                return
            yield item
    finally:
        left.set()
        thread.join()


def _fill(waiting, items, left):
    try:
        for item in items:
            if not _put(waiting, ("item", item), left):
                return
        _put(waiting, ("end", None), left)
    except BaseException as error:
        _put(waiting, ("error", error), left)


def _put(waiting, word, left):
    while not left.is_set():
        try:
            waiting.put(word, timeout=_WAIT_SECONDS)
            return True
        except queue.Full:
            continue
    return False


def _next(waiting, check):
    while True:
        check()
        try:
            return waiting.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            continue

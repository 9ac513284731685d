"""One job's conversation with an engine, from asking to the last word."""

import time
from dataclasses import dataclass

from . import engine_log
from .engine_process import ENDED
from .jobs import protocol
from .jobs.errors import JobError, Stopped

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Limits:
    """How long to wait for what, in seconds. There is no limit on the time a job takes."""

    start: float = 240
    silence: float = 120
    cancel: float = 1.5
    grace: float = 10
    idle: float = 600


class EngineGone(Exception):  # noqa: N818
    """The engine died or is silent.

    Parameters
    ----------
    found, remedy : str
        As in `JobError`.
    has_accepted : bool
        Whether it had begun with the job.
    """

    def __init__(self, found, remedy, has_accepted):
        super().__init__(found)
        self.found, self.remedy, self.has_accepted = found, remedy, has_accepted


class Conversation:
    """Asks an engine for one job and passes on what it says.

    Parameters
    ----------
    engine : EngineProcess
    ask : dict
        The message of `protocol.do`.
    listener : object
        Has ``progress(fraction, text)``, ``note(text)``, ``warning(text)``,
        ``metric(name, value, step)`` and ``log(line)``; called in the caller's thread.
    is_canceled : callable
        Asked ten times a second.
    limits : Limits

    Attributes
    ----------
    is_open : bool
        Whether the engine may still be working on the job.
    """

    def __init__(self, engine, ask, listener, is_canceled, limits):
        self._engine, self._ask, self._listener = engine, ask, listener
        self._is_canceled, self._limits = is_canceled, limits
        self._has_accepted = False
        self.is_open = False

    def hold(self):
        """Talk until the last word.

        Returns
        -------
        dict
            Output by name in upper case.

        Raises
        ------
        JobError
            If the job cannot be done.
        Stopped
            If it was cancelled before it was done; `is_open` tells whether the engine has stopped too.
        EngineGone
            If the engine died or is silent.
        """
        self._wait_until_ready()
        self._send_ask()
        try:
            while self.is_open:
                last_word = self._pass_on(self._next(self._limits.silence, "said anything"))
        except Stopped:
            self.cancel()
            last_word = self.wait_for_last_word(self._limits.cancel)
            if last_word is None or last_word["say"] != "done":
                raise
        return self._outcome(last_word)

    def cancel(self):
        """Ask the engine to stop the job."""
        self._engine.send(protocol.cancel(self._ask["id"]))

    def wait_for_last_word(self, seconds):
        """Wait for the end of a cancelled job, passing nothing on.

        Returns
        -------
        dict or None
            The last word if it came: the engine is free again.
        """
        until = time.monotonic() + seconds
        while self.is_open and time.monotonic() < until:
            message = self._engine.hear(POLL_SECONDS)
            if message is ENDED:
                return None
            if message is not None and self._is_last_word(message):
                self.is_open = False
                return message
        return None

    def _wait_until_ready(self):
        while not self._engine.is_ready:
            message = self._next(self._limits.start, "started")
            if message["say"] == "noise":
                self._listener.log(message["text"])
            elif message["say"] == "failed":
                self._engine.leave()
                self._raise_failure(message)
            elif message["say"] == "ready":
                self._greet(message)

    def _greet(self, message):
        if message.get("v") != protocol.VERSION:
            self._engine.leave()
            raise JobError(
                f"The engine speaks version {message.get('v')} of the protocol, and QGIS speaks "
                f"version {protocol.VERSION}: the plugin was updated meanwhile.",
                "Restart QGIS.",
            )
        self._engine.pid = message.get("pid") or self._engine.pid
        self._engine.is_ready = True

    def _send_ask(self):
        try:
            self._engine.send(self._ask)
        except (TypeError, ValueError) as error:
            raise JobError(
                f"A value cannot be sent to the engine: {error}.",
                "Give finite numbers, texts, and lists of them.",
            ) from error
        self.is_open = True

    def _next(self, patience, what):
        """Wait for the next message, looking meanwhile whether the user has cancelled."""
        quiet = 0.0
        while quiet < patience:
            if self._is_canceled():
                raise Stopped()
            began = time.monotonic()
            message = self._engine.hear(POLL_SECONDS)
            if message is ENDED:
                self._raise_death()
            if message is not None:
                return message
            # Not the clock: a computer that slept, or a busy QGIS, is no silent engine.
            quiet += min(time.monotonic() - began, 1.0)
        raise EngineGone(f"The engine has not {what} for {patience:g} s.", engine_log.AGAIN, True)

    def _pass_on(self, message):
        """Hand a message to the listener; give it back."""
        if message["say"] == "noise":
            self._listener.log(message["text"])
        elif message.get("id") == self._ask["id"]:
            self._has_accepted = True
            self.is_open = not self._is_last_word(message)
            self._tell(message)
        return message

    def _tell(self, message):
        say, listener = message["say"], self._listener
        if say == "progress":
            listener.progress(message["fraction"], message["text"])
        elif say == "metric":
            listener.metric(message["name"], message["value"], message["step"])
        elif say in ("note", "warning"):
            getattr(listener, say)(message["text"])

    def _is_last_word(self, message):
        return message["say"] in protocol.LAST_WORDS and message.get("id") == self._ask["id"]

    def _outcome(self, last_word):
        if last_word["say"] == "stopped":
            raise Stopped()
        if last_word["say"] == "failed":
            self._raise_failure(last_word)
        return last_word["outputs"]

    def _raise_failure(self, message):
        trace = message.get("trace", "")
        if trace:
            self._listener.log(trace)
        raise JobError(message["found"], message["remedy"], trace)

    def _raise_death(self):
        cause, remedy = engine_log.explain_exit(self._engine.exit_code())
        raise EngineGone(f"The engine died: {cause}.", remedy, self._has_accepted)

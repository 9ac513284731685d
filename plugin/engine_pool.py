"""The engines that run: one waits warm for the next job, the others work."""

import os
import threading

from . import engine_log
from .engine_process import EngineProcess
from .jobs.errors import JobError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class EnginePool:
    """Starts engines, keeps one idle engine warm for a while, and ends them.

    Parameters
    ----------
    logs : callable
        Gives the folder of the log files.
    idle_seconds : float
        How long an idle engine is kept.
    """

    def __init__(self, logs, idle_seconds):
        self._logs, self._idle_seconds = logs, idle_seconds
        self._lock = threading.Lock()
        self._engines = set()
        self._idle = None
        self._timer = None

    def take(self, key):
        """Take an engine for a job: the warm one if it is of this environment, or a new one.

        Parameters
        ----------
        key : tuple
            The command that starts the engine, and what tells its environment from another.

        Returns
        -------
        tuple of EngineProcess and bool
            The engine, and whether it was warm.

        Raises
        ------
        JobError
            If a new one cannot be started.
        """
        engine = self._take_idle()
        if engine is not None and engine.key == key and engine.is_alive():
            return engine, True
        if engine is not None:
            self._dismiss(engine)
        return self.start(key), False

    def start(self, key):
        """Start a new engine; see `take`."""
        command = key[0]
        try:
            engine = EngineProcess(key, ROOT, self._logs())
        except OSError as error:
            raise JobError(
                f'The engine\'s Python "{command[0]}" cannot be started: {error.strerror}.',
                engine_log.PREPARE,
            ) from error
        with self._lock:
            self._engines.add(engine)
        return engine

    def give_back(self, engine, keep):
        """Give back an engine that is free: it is kept warm if `keep`, unless one is already."""
        with self._lock:
            is_kept = keep and engine in self._engines and self._idle is None
            if is_kept:
                self._idle = engine
                self._restart_timer(engine)
        if not is_kept:
            self._dismiss(engine)

    def bury(self, engine):
        """End an engine that is dead or does not answer, and its children, at once."""
        engine.kill()
        with self._lock:
            self._engines.discard(engine)

    def let_go(self):
        """Let the idle engine go."""
        engine = self._take_idle()
        if engine is not None:
            self._dismiss(engine)

    def close(self):
        """End all engines, and wait until they have ended."""
        with self._lock:
            engines, self._engines, self._idle = self._engines, set(), None
        # No new threads here: an interpreter that is ending starts none.
        for engine in engines:
            engine.ask_to_leave()
        for engine in engines:
            engine.wait_or_kill()

    def _take_idle(self):
        with self._lock:
            engine, self._idle = self._idle, None
        return engine

    def _restart_timer(self, engine):
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(self._idle_seconds, self._cool, args=(engine,))
        self._timer.daemon = True
        self._timer.start()

    def _cool(self, engine):
        with self._lock:
            is_idle = self._idle is engine
            if is_idle:
                self._idle = None
        if is_idle:
            self._dismiss(engine)

    def _dismiss(self, engine):
        engine.leave()
        with self._lock:
            self._engines.discard(engine)

"""Run jobs in the engine, and keep one engine warm between them.

>>> outputs = run("describe_model", {"model": "rocks.safetensors"}, listener, is_canceled)
... # doctest: +SKIP
"""

import atexit
import itertools
import os
import threading
import time

from . import engine_log
from .conversation import Conversation, EngineGone, Limits
from .engine_pool import EnginePool
from .jobs import JOBS, protocol
from .jobs.errors import JobError
from .jobs.places import sweep

# Jobs whose engine ends with them: training leaves its memory scattered.
NOT_KEPT_WARM = (
    "train_image_classifier",
    "train_image_generator",
    "train_object_detector",
    "train_pixel_classifier",
    "train_grid_forecast",
    "train_seismic_forecast",
    "train_upscaler",
)
_ids = itertools.count(1)


def engine_command(python=None):
    """The command that starts the engine.

    Parameters
    ----------
    python : str, optional
        The engine's Python; the prepared one if not given.

    Raises
    ------
    JobError
        If the engine has not been prepared.
    """
    if python is None:
        from . import environment

        python = environment.engine_python()
    if python is None:
        raise JobError(
            "The engine is not prepared on this computer.",
            'Run "Prepare engine" of Deep Geology in the Processing toolbox once.',
        )
    return (str(python), "-X", "utf8", "-s", "-u", "-m", "plugin.engine")


def log_folder():
    """Where the log files of the engines are."""
    from . import environment

    return os.path.join(str(environment.home()), "logs")


class Worker:
    """Runs jobs, each in an engine of its own, and keeps the last engine warm.

    Parameters
    ----------
    command : callable
        ``command(python)`` gives the command that starts an engine.
    logs : callable
        Gives the folder of the log files.
    limits : Limits
    """

    def __init__(self, command=engine_command, logs=log_folder, limits=None):
        self._command = command
        self._limits = limits or Limits()
        self._pool = EnginePool(logs, self._limits.idle)

    def run(self, job_name, values, listener, is_canceled, python=None, language="", sources=None):
        """Run a job in the engine; may be called from several threads at once.

        Parameters
        ----------
        job_name : str
            A name in `JOBS`.
        values : dict
            Value by parameter name (lower case), plain enough for JSON.
        listener : object
            Has ``starting()``, called if no engine is warm, ``progress(fraction, text)``,
            ``note(text)``, ``warning(text)``, ``metric(name, value, step)`` and ``log(line)``;
            called in this thread.
        is_canceled : callable
            Asked ten times a second.
        python : str, optional
            The engine's Python; the prepared one if not given.
        language : str, optional
            Of the report, as QGIS names it; English where there is no translation.
        sources : dict of str to str, optional
            What the report calls the temporary files that stand for layers, by their path.

        Returns
        -------
        dict
            Output by name in upper case.

        Raises
        ------
        JobError
            If the job cannot be done, or the engine died. Nothing half-written is left.
        Stopped
            Within 2 s of a cancel. An engine that has not stopped by then is given 10 s in
            all before it and its children are killed and what they left is removed.
        """
        if job_name not in JOBS:
            raise JobError(f'There is no job "{job_name}".', f"Use one of: {', '.join(JOBS)}.")
        ask = protocol.do(next(_ids), job_name, values, language, sources)
        key = _with_stamp(self._command(python))
        engine, is_warm = self._pool.take(key)
        if not is_warm:
            listener.starting()
        try:
            return self._converse(engine, ask, listener, is_canceled)
        except EngineGone as gone:
            if gone.has_accepted or not is_warm:
                raise self._obituary(engine, gone, listener) from None
        # The warm engine had died while it waited: that is nothing the user should know of.
        engine = self._pool.start(key)
        try:
            return self._converse(engine, ask, listener, is_canceled)
        except EngineGone as gone:
            raise self._obituary(engine, gone, listener) from None

    def let_go(self):
        """Let the idle engine go, as before its environment is changed."""
        self._pool.let_go()

    def close(self):
        """End all engines; for the end of QGIS and the unloading of the plugin."""
        self._pool.close()

    def _converse(self, engine, ask, listener, is_canceled):
        conversation = Conversation(engine, ask, listener, is_canceled, self._limits)
        try:
            outputs = conversation.hold()
        except EngineGone:
            self._bury(engine, ask)
            raise
        except BaseException:
            self._part_from(engine, conversation, ask)
            raise
        self._give_back(engine, ask)
        return outputs

    def _give_back(self, engine, ask):
        self._pool.give_back(engine, keep=ask["do"] not in NOT_KEPT_WARM)

    def _part_from(self, engine, conversation, ask):
        """After a failure or a cancel: keep an engine that is free, wait for one that is not."""
        if not conversation.is_open:
            self._give_back(engine, ask)
            return
        conversation.cancel()
        arguments = (engine, conversation, ask)
        threading.Thread(target=self._wait_or_bury, args=arguments, daemon=True).start()

    def _wait_or_bury(self, engine, conversation, ask):
        if conversation.wait_for_last_word(self._limits.grace - self._limits.cancel):
            self._give_back(engine, ask)
        else:
            self._bury(engine, ask)

    def _bury(self, engine, ask):
        """End an engine, its children, and what they left half-written."""
        self._pool.bury(engine)
        for _ in range(5):
            if not sweep(JOBS[ask["do"]], ask["values"], engine.pid):
                return
            time.sleep(0.2)  # Windows lets go of the files of a dead process a little later

    @staticmethod
    def _obituary(engine, gone, listener):
        trace = engine_log.last_lines(engine.log_path)
        listener.log(f"The engine's log is {engine.log_path}; it ends with:\n{trace}")
        return JobError(gone.found, gone.remedy, trace)


def _with_stamp(command):
    """A command with what changes when its Python is rebuilt at the same place."""
    python = command[0]
    settings = os.path.join(os.path.dirname(os.path.dirname(python)), "pyvenv.cfg")
    return tuple(command), _changed_at(python), _changed_at(settings)


def _changed_at(path):
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


_worker = Worker()
run = _worker.run
let_go = _worker.let_go
close = _worker.close
atexit.register(close)

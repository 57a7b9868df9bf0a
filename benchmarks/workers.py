"""A session that lives in a process of its own and answers method calls through a pipe.

TensorFlow and PyTorch bring an OpenMP and a thread pool each; in one process they disturb one another.
In two processes whose calls alternate, only one works at a time and both have the whole machine.
"""

import importlib
import multiprocessing
import os
import traceback
from multiprocessing.connection import Connection
from typing import Any


class WorkerError(RuntimeError):
    """A session failed; the message is its own traceback."""


class Worker:
    """Starts `target` (`"module:Class"`) in a new process; every attribute is a method of the session.

    Args:
        target: `"module:Class"` of the session.
        threads: int. Number of CPU cores and of threads that the session may use.
        **arguments: picklable arguments of the session.
    """

    def __init__(self, target: str, *, threads: int, **arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, target, threads, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._pipe.send((method, args, kwargs))
            return self._receive()

        return call

    def close(self) -> None:
        """Ends the process."""
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.terminate()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _receive(self) -> Any:
        try:
            failed, answer = self._pipe.recv()
        except EOFError:
            self._process.join(timeout=10)
            raise WorkerError(f"the worker ended with exit code {self._process.exitcode}") from None
        if failed:
            raise WorkerError(answer)
        return answer


def _serve(pipe: Connection, target: str, threads: int, arguments: dict) -> None:
    # Before any library starts its pool. The affinity is what really holds every pool to the cores.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(threads)
    # Threads that spin while they wait slow PyTorch down tenfold when anything else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    try:
        module, name = target.split(":")
        session = getattr(importlib.import_module(module), name)(threads=threads, **arguments)
        pipe.send((False, None))
    except Exception:
        pipe.send((True, traceback.format_exc()))
        return
    while True:
        try:
            method, args, kwargs = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((False, getattr(session, method)(*args, **kwargs)))
        except Exception:
            pipe.send((True, traceback.format_exc()))

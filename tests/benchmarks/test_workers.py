import os
from pathlib import Path

import pytest

from benchmarks.workers import Worker, WorkerError


class Adder:
    """A session as the workers run it."""

    def __init__(self, threads, start):
        self.total = start
        self.threads = threads

    def add(self, number):
        self.total += number
        return self.total

    def place(self):
        return os.getpid(), os.environ["OMP_NUM_THREADS"], len(os.sched_getaffinity(0))

    def fail(self):
        raise KeyError("on purpose")

    def die(self):
        os._exit(3)


# pytest imports this file under a name that a new process cannot import; the path to it can.
TARGET = "test_workers:Adder"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)


def test_a_worker_keeps_its_state_in_its_own_process():
    with Worker(TARGET, threads=1, start=5) as worker:
        assert worker.add(2) == 7
        assert worker.add(3) == 10
        pid, threads, cores = worker.place()
        assert pid != os.getpid() and threads == "1" and cores == 1


def test_a_failure_comes_back_with_its_traceback_and_the_worker_lives_on():
    with Worker(TARGET, threads=1, start=0) as worker:
        with pytest.raises(WorkerError, match="on purpose"):
            worker.fail()
        assert worker.add(1) == 1
        with pytest.raises(WorkerError, match="exit code 3"):
            worker.die()

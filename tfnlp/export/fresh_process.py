"""Runs a SavedModel where nothing of tfnlp or Keras can be imported; a script of its own, not a module.

`python -I fresh_process.py JOB.json`, where the job is `{"version": folder, "texts": [base64, ...],
"timed": [row, ...], "load": [op library, ...], "asker": script, "out": file.npz}`, and what the script wants beside.
The answer holds what the script's `ask` gives, `milliseconds` of each timed text asked alone, and `batch_seconds` of
batches of 32 of them.
"""

import base64
import importlib.util
import itertools
import json
import sys
import time

BLOCKED = {"tfnlp", "keras", "tf_keras"}
BATCH = 32
TIMED_BATCHES = 8


class Without:
    """A finder of modules that does not see the blocked packages: they are as absent as on a server."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        """Finds what the finder finds, but for the blocked packages."""
        if name.partition(".")[0] in BLOCKED:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)


def main():
    """Answers one job."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 - a script with as few imports as can be
        job = json.load(file)
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    import numpy as np
    import tensorflow as tf

    for library in job["load"]:
        tf.load_op_library(library)
    model = tf.saved_model.load(job["version"])
    texts = [base64.b64decode(text) for text in job["texts"]]
    asker = _asker(job["asker"])
    answers = asker.ask(tf, np, model, texts, BATCH, job)
    signature, entry, exit_ = getattr(asker, "TIMED", ("serving_default", "text", "scores"))
    serve = model.signatures[signature]

    milliseconds = []
    for row in job["timed"]:
        text = {entry: tf.constant([texts[row]], tf.string)}
        began = time.perf_counter()
        serve(**text)[exit_].numpy()
        milliseconds.append(1e3 * (time.perf_counter() - began))

    batch_seconds = []
    # However few they are, the timed texts fill whole batches: each comes as often as it takes.
    turns = itertools.cycle([texts[row] for row in job["timed"]])
    for _ in range(TIMED_BATCHES if job["timed"] else 0):
        batch = {entry: tf.constant(list(itertools.islice(turns, BATCH)), tf.string)}
        began = time.perf_counter()
        serve(**batch)[exit_].numpy()
        batch_seconds.append(time.perf_counter() - began)

    loaded = sorted(BLOCKED.intersection(sys.modules))
    if loaded:
        raise SystemExit(f"the SavedModel brought in {', '.join(loaded)}")
    np.savez(
        job["out"],
        milliseconds=np.asarray(milliseconds),
        batch_seconds=np.asarray(batch_seconds),
        **answers,
    )


def _asker(path):
    """The script beside this one that knows what the task answers; it is no part of a package here."""
    specification = importlib.util.spec_from_file_location("asker", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()

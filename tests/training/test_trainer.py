import keras
import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.training import Trainer, adamw


class StopAfter(keras.callbacks.Callback):
    """Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.place = (epoch, batch)
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.place:
            raise KeyboardInterrupt


def figures(progress):
    return [
        {key: value for key, value in row.items() if not key.endswith("seconds")} for row in progress.history
    ]


def run(task, corpus, checkpoint, *, resume=False, callbacks=(), **options):
    trainer = Trainer(
        task, checkpoint=checkpoint, batch_size=4, seed=5, callbacks=callbacks, **{"epochs": 5, **options}
    )
    return trainer.fit(*corpus, validation=corpus, resume=resume)


@pytest.mark.parametrize(
    ("stop", "average_weights"),
    [
        ((1, 0), 0.9),
        ((3, 4), 0.0),
        *(pytest.param(stop, 0.0, marks=pytest.mark.slow) for stop in ((0, 2), (1, 0))),
        *(pytest.param(stop, 0.9, marks=pytest.mark.slow) for stop in ((0, 2), (3, 4))),
    ],
    ids=str,
)
def test_a_broken_run_goes_on_bit_for_bit(compiled, corpus, tmp_path, stop, average_weights, monkeypatch):
    if stop == (1, 0):  # once as large weights are trained
        monkeypatch.setattr(adamw, "LARGE", 1)
    whole = compiled(average_weights)
    expected = run(whole, corpus, tmp_path / "whole.npz", early_stopping=0)

    broken = compiled(average_weights)
    with pytest.raises(KeyboardInterrupt):
        run(broken, corpus, tmp_path / "broken.npz", early_stopping=0, callbacks=[StopAfter(*stop)])
    taken_up = compiled(average_weights)
    taken_up.set_weights(
        [np.zeros_like(weight) for weight in taken_up.get_weights()]
    )  # all must come from the file
    found = run(taken_up, corpus, tmp_path / "broken.npz", early_stopping=0, resume=True)

    assert figures(found) == figures(expected)
    for ours, theirs in zip(taken_up.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_the_best_epoch_is_kept_and_patience_ends_the_run(compiled, corpus, tmp_path):
    task = compiled(average_weights=0.0, learning_rate=0.02)
    progress = run(task, corpus, tmp_path / "c.npz", epochs=40, early_stopping=2, monitor="valid_loss")
    losses = [row["valid_loss"] for row in progress.history]
    assert progress.best_epoch == int(np.argmin(losses)) + 1
    # The steps alone take less than the epoch with its validation.
    assert all(0 < row["steps_seconds"] < row["seconds"] + 0.001 for row in progress.history)
    assert progress.finished
    assert len(losses) == 40 or len(losses) == progress.best_epoch + 2
    assert task.evaluate(*corpus, verbose=0)[0] == pytest.approx(min(losses), rel=1e-5)


def test_averages_are_what_is_evaluated_and_kept(compiled, corpus, tmp_path):
    task = compiled(average_weights=0.9)
    progress = run(task, corpus, tmp_path / "c.npz", epochs=3, early_stopping=0, monitor="valid_loss")
    best = progress.history[progress.best_epoch - 1]
    assert task.evaluate(*corpus, verbose=0)[0] == pytest.approx(best["valid_loss"], rel=1e-5)


def test_a_finished_run_is_only_loaded(compiled, corpus, tmp_path):
    first = compiled()
    expected = run(first, corpus, tmp_path / "c.npz", epochs=2)
    again = compiled()
    assert run(again, corpus, tmp_path / "c.npz", epochs=2, resume=True) == expected
    for ours, theirs in zip(again.get_weights(), first.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_without_validation_the_last_epoch_is_kept(compiled, corpus):
    trainer = Trainer(compiled(), epochs=3, batch_size=4)
    progress = trainer.fit(*corpus)
    assert (progress.epoch, progress.best_epoch) == (3, 3)


def test_mistakes_are_named(compiled, corpus, tmp_path):
    texts, labels = corpus
    with pytest.raises(UserError, match="no checkpoint"):
        run(compiled(), corpus, tmp_path / "none.npz", resume=True)
    run(compiled(), corpus, tmp_path / "c.npz", epochs=1)
    with pytest.raises(UserError, match="not those the run began with"):
        run(compiled(), (texts[::-1], labels[::-1]), tmp_path / "c.npz", resume=True)
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(UserError, match="not a readable checkpoint"):
        run(compiled(), corpus, tmp_path / "c.npz", resume=True)
    with pytest.raises(ValueError, match="monitor"):
        Trainer(compiled(), monitor="accuracy")


def test_a_training_that_diverges_says_so(compiled, corpus, tmp_path):
    task = compiled(average_weights=0.0)
    task.compile(optimizer=keras.optimizers.SGD(1e38))
    with pytest.raises(UserError, match=r"diverged.*training\.learning_rate"):
        run(task, corpus, tmp_path / "c.npz", early_stopping=0)


def test_buckets_can_be_switched_off(compiled, corpus, tmp_path):
    kept = [
        figures(run(compiled(), corpus, tmp_path / str(bucket), bucket=bucket, epochs=1))
        for bucket in (True, False)
    ]
    assert kept[0] != kept[1]

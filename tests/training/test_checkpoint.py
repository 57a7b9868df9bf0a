import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.training import Progress, load_checkpoint, save_checkpoint


def test_everything_comes_back(compiled, corpus, tmp_path):
    task = compiled()
    task.fit(*corpus, epochs=2, batch_size=4, verbose=0)
    progress = Progress(
        epoch=2, history=[{"loss": 0.5}, {"loss": 0.25}], best_epoch=1, best_value=0.75, waited=1
    )
    best = task.get_weights()
    save_checkpoint(tmp_path / "c.npz", task, progress, best)
    other = compiled()
    found, found_best = load_checkpoint(tmp_path / "c.npz", other)
    assert found == progress
    for ours, theirs in zip(found_best, best):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(other.optimizer.variables, task.optimizer.variables):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(other.variables, task.variables):
        if "seed_generator" in theirs.path or theirs.trainable:
            np.testing.assert_array_equal(ours, theirs)


def test_a_checkpoint_of_another_model_is_refused(compiled, tmp_path):
    save_checkpoint(tmp_path / "c.npz", compiled(), Progress(), None)
    other = compiled(average_weights=0.0)  # no averages: fewer variables
    with pytest.raises(UserError, match="another shape"):
        load_checkpoint(tmp_path / "c.npz", other)


def test_a_full_disk_leaves_the_old_checkpoint(compiled, tmp_path, monkeypatch):
    task = compiled()
    save_checkpoint(tmp_path / "c.npz", task, Progress(epoch=1), None)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match=r"c\.npz"):
        save_checkpoint(tmp_path / "c.npz", task, Progress(epoch=2), None)
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "c.npz", task)[0].epoch == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]

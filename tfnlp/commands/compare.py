"""`tfnlp compare`: several encoders or variants on the same data and budget, and one table of what each gives."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import statistics
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from tfnlp.commands.classifying import baseline_of, log_rows
from tfnlp.commands.comparison_files import read_row, write_files
from tfnlp.commands.comparison_plan import PlannedTraining, plan
from tfnlp.commands.corpora import corpora_of
from tfnlp.commands.measuring import measure
from tfnlp.commands.run_folder import RunFolder
from tfnlp.commands.train import train
from tfnlp.data.corpus import Corpus
from tfnlp.errors import UserError, WorkError
from tfnlp.evaluation.comparison import Comparison, Serving
from tfnlp.evaluation.page import duration
from tfnlp.evaluation.readable import readable_text
from tfnlp.export.quiet import quiet_tensorflow
from tfnlp.files import write_json_atomically, write_text_atomically
from tfnlp.recipe import Recipe
from tfnlp.training.devices import describe_device
from tfnlp.training.trainer import fingerprint_of

logger = logging.getLogger(__name__)

# Says which texts a comparison is of; what makes a folder one.
DATA_FILE = "data.json"
_LONGEST_REASON = 240


def compare(
    recipe: Recipe,
    names: Sequence[str],
    *,
    out: Path,
    seeds: int = 3,
    resume: bool = False,
    go_on_with: str = "",
    callbacks: Callable[[str], Sequence[keras.callbacks.Callback]] = lambda heading: (),
) -> Comparison:
    """Trains each encoder with each seed, measures its copies, and writes the comparison.

    ```
    OUT/
      comparison.html  comparison.md  comparison.csv  comparison.json  plots/
      NAME/seed-SEED/      an ordinary run
      NAME/serving.json    sizes and speeds of its copies
      NAME/failure.txt     where it failed, if it did
      data.json            which texts all this is of
    ```

    An encoder that fails is given up, and the others go on.

    Args:
        recipe: a checked recipe; see `encoder_table` for what each encoder takes from it.
        names: of encoders, and of variants that the recipe lists.
        out: the comparison's folder.
        seeds: how many seeds, at least 1.
        resume: whether to go on with the comparison in `out`: what is finished is read back, a training that was
            broken off goes on from its checkpoint. Further encoders and seeds may be asked for.
        go_on_with: the command to name if Ctrl-C stops it.
        callbacks: makes Keras callbacks for a training, given a heading such as `2/6 text_cnn, seed 1`.

    Returns:
        the comparison; look at its `failed`.

    Raises:
        UserError: for a mistake in the recipe, the corpus or the folder; before anything is trained.
    """
    planned = plan(recipe, names, seeds, out)
    _check_folder(out, resume)
    logger.info("device: %s, precision %s", describe_device(), recipe.training.precision)
    corpora = corpora_of(planned[0].recipe.corpus, recipe.seed)
    log_rows(corpora)
    judged_on = _judged_on(corpora)
    finished = {(item.encoder, item.seed) for item in planned if _is_finished(item)}
    baseline = baseline_of(corpora, judged_on).as_dict() if recipe.evaluation.baseline else None
    _check_data(out, corpora)
    if finished:
        logger.info("%d of %d trainings are finished already", len(finished), len(planned))
    try:
        with quiet_tensorflow():  # it finds many graphs in one process worth a warning
            failures = _train_all(planned, finished, corpora, callbacks)
            serving = _measure_all(planned, failures)
    except KeyboardInterrupt:
        logger.warning("stopped; what is finished is kept. Go on with: %s", go_on_with)
        raise
    rows = [
        read_row([item for item in planned if item.encoder == name], judged_on, serving, failures)
        for name in names
    ]
    comparison = Comparison(
        name=recipe.name,
        judged_on=judged_on,
        texts={part: len(corpus) for part, corpus in corpora.items()},
        device=describe_device(),
        seeds=sorted({item.seed for item in planned}),
        rows=rows,
        multi_label=corpora["train"].multi_label,
        baseline=baseline,
    )
    write_files(out, comparison, recipe)
    return comparison


def seconds_left(remaining: Sequence[str], known: Mapping[str, Sequence[float]]) -> float | None:
    """Estimates how long the remaining trainings take.

    Args:
        remaining: the encoder of each.
        known: encoder -> seconds of its trainings so far.

    Returns:
        seconds: of an encoder that was trained the mean of its own, of another the mean of all; None if none was.
    """
    everything = [seconds for values in known.values() for seconds in values]
    if not everything:
        return None
    return sum(statistics.fmean(known.get(name) or everything) for name in remaining)


def _check_folder(out: Path, resume: bool) -> None:
    is_comparison = (out / DATA_FILE).is_file()
    if resume and not is_comparison:
        raise UserError(f"{out} holds no comparison to go on with; leave --resume out to begin one there")
    if not resume and is_comparison:
        raise UserError(f"{out} holds a comparison; go on with it by --resume, or name another --out")
    if not resume and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not an empty folder; name another --out")


def _judged_on(corpora: Mapping[str, Corpus]) -> str:
    for part in ("test", "valid"):
        if part in corpora:
            return part
    raise UserError(
        "there are no texts to compare the encoders on; give corpus.test, or a corpus.test_fraction above 0"
    )


def _check_data(out: Path, corpora: Mapping[str, Corpus]) -> None:
    """Writes which texts the comparison is of or, if that is written, holds the texts against it."""
    found = {part: fingerprint_of(corpus.texts, corpus.labels or []) for part, corpus in corpora.items()}
    path = out / DATA_FILE
    if not path.is_file():
        write_json_atomically(path, found)
    elif json.loads(path.read_text(encoding="utf-8")) != found:
        raise UserError(
            f"the texts are not those that {out} was begun with; put the old files back, or name another --out"
        )


def _is_finished(item: PlannedTraining) -> bool:
    """Whether a training is done; raises UserError if it is, but with other settings than planned."""
    run = RunFolder(item.folder)
    if not run.metrics.is_file():
        return False
    old, new = (_flat(recipe.model_dump()) for recipe in (run.load_recipe(), item.recipe))
    changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    if changed:
        key = changed[0]
        raise UserError(
            f"{item.folder} was trained with {key} = {old.get(key)!r}, and now it is {new.get(key)!r}; put the old "
            "setting back, delete that folder, or name another --out"
        )
    return True


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as one mapping of dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def _train_all(
    planned: Sequence[PlannedTraining],
    finished: set[tuple[str, int]],
    corpora: dict[str, Corpus],
    callbacks: Callable[[str], Sequence[keras.callbacks.Callback]],
) -> dict[str, str]:
    """Trains what is not finished; returns encoder -> why it failed."""
    failures: dict[str, str] = {}
    known: dict[str, list[float]] = {}
    for item in planned:
        if (item.encoder, item.seed) in finished:
            seconds = json.loads(RunFolder(item.folder).metrics.read_text(encoding="utf-8"))["seconds"]
            known.setdefault(item.encoder, []).append(seconds)
    for number, item in enumerate(planned, start=1):
        if (item.encoder, item.seed) in finished or item.encoder in failures:
            continue
        remaining = [
            later.encoder
            for later in planned[number - 1 :]
            if (later.encoder, later.seed) not in finished and later.encoder not in failures
        ]
        left = seconds_left(remaining, known)
        heading = f"{number}/{len(planned)} {item.encoder}, seed {item.seed}"
        if left is not None:
            heading += f" ({f'about {duration(left)}' if left >= 60 else 'less than a minute'} left)"
        logger.info("training %s", heading)
        if item.seed == planned[0].seed:
            _serving_file(item).unlink(missing_ok=True)  # it is of the model that is now trained anew
        try:
            metrics = _train(item, corpora, callbacks(heading))
        except Exception as error:
            failures[item.encoder] = _give_up(item, error, f"seed {item.seed}")
        else:
            finished.add((item.encoder, item.seed))
            known.setdefault(item.encoder, []).append(metrics["seconds"])
        finally:
            keras.backend.clear_session()  # or the graphs of every training stay in memory
            gc.collect()
    return failures


def _train(
    item: PlannedTraining, corpora: dict[str, Corpus], callbacks: Sequence[keras.callbacks.Callback]
) -> dict[str, Any]:
    """Trains one encoder with one seed, from its checkpoint if it has a sound one."""
    (item.folder.parent / "failure.txt").unlink(missing_ok=True)
    run = RunFolder(item.folder)
    if run.checkpoint.is_file() and run.load_recipe().model_dump() == item.recipe.model_dump():
        try:
            return train(item.recipe, resume=item.folder, callbacks=callbacks, corpora=corpora)
        except UserError as error:
            logger.warning("%s: cannot go on (%s); training it anew", item.folder, error)
    if item.folder.exists():
        shutil.rmtree(item.folder)
    return train(item.recipe, folder=item.folder, callbacks=callbacks, corpora=corpora)


def _give_up(item: PlannedTraining, error: Exception, when: str) -> str:
    """Notes down how an encoder failed; returns why, in a line."""
    write_text_atomically(item.folder.parent / "failure.txt", "".join(traceback.format_exception(error)))
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    reason = first if isinstance(error, UserError | WorkError) else f"{type(error).__name__}: {first}"
    reason = readable_text(f"{when}: {reason}", _LONGEST_REASON)
    logger.warning("%s failed: %s", item.encoder, reason)
    return reason


def _measure_all(planned: Sequence[PlannedTraining], failures: dict[str, str]) -> dict[str, Serving]:
    """Measures the copies of each encoder's first seed, all in one go, so that the machine is the same to all."""
    serving = {}
    for item in planned:
        if item.seed != planned[0].seed or item.encoder in failures:
            continue
        try:
            file = _serving_file(item)
            if not file.is_file():
                logger.info("measuring %s", item.encoder)
                write_json_atomically(file, asdict(measure(RunFolder(item.folder))))
            serving[item.encoder] = Serving(**json.loads(file.read_text(encoding="utf-8")))
        except Exception as error:
            failures[item.encoder] = _give_up(item, error, "export")
    return serving


def _serving_file(item: PlannedTraining) -> Path:
    return item.folder.parent / "serving.json"

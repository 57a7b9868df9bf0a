"""What a comparison's folder holds: its rows are read from the runs, its table and pictures written beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfnlp.commands.comparison_plan import PlannedTraining
from tfnlp.commands.run_folder import RunFolder
from tfnlp.evaluation.comparison import Comparison, EncoderFigures, Serving, Training
from tfnlp.evaluation.comparison_page import write_comparison
from tfnlp.evaluation.comparison_table import comma_separated, markdown
from tfnlp.files import write_json_atomically, write_text_atomically
from tfnlp.plots.pareto import ParetoPoint, plot_pareto
from tfnlp.plots.seeds import plot_seeds
from tfnlp.recipe import Recipe


def read_row(
    planned: Sequence[PlannedTraining],
    judged_on: str,
    serving: Mapping[str, Serving],
    failures: Mapping[str, str],
) -> EncoderFigures:
    """An encoder's row, from what its runs hold."""
    trainings = []
    train_texts = 0
    for item in planned:
        run = RunFolder(item.folder)
        if not run.metrics.is_file():
            continue
        metrics = json.loads(run.metrics.read_text(encoding="utf-8"))
        history = run.read_history()
        train_texts = metrics["rows"]["train"]
        trainings.append(
            Training(
                seed=item.seed,
                accuracy=metrics[judged_on]["accuracy"],
                macro_f1=metrics[judged_on]["macro_f1"],
                valid_accuracy=metrics["valid"]["accuracy"] if "valid" in metrics else None,
                parameters=metrics["parameters"],
                epochs=metrics["epochs"],
                best_epoch=metrics["best_epoch"],
                epoch_seconds=[row["seconds"] for row in history],
                steps_seconds=[row["steps_seconds"] for row in history],
                run=str(item.folder),
            )
        )
    first = planned[0]
    return EncoderFigures(
        encoder=first.encoder,
        trainings=trainings,
        train_texts=train_texts,
        serving=serving.get(first.encoder),
        failure=failures.get(first.encoder, ""),
        settings=first.recipe.encoder.model_dump(),
    )


def write_files(out: Path, comparison: Comparison, recipe: Recipe) -> None:
    """Writes the comparison in all its forms."""
    limit = recipe.export.max_accuracy_drop
    write_json_atomically(out / "comparison.json", comparison.as_dict())
    write_text_atomically(out / "comparison.csv", comma_separated(comparison))
    write_text_atomically(out / "comparison.md", markdown(comparison, limit))
    choice = comparison.recommended
    chosen = choice.best_training if choice else None
    commands = []
    if chosen:
        commands = [
            f"tfnlp predict {chosen.run} TEXT",
            f"tfnlp export {chosen.run} --out saved_models/{comparison.name}",
        ]
    settings = recipe.model_dump(exclude_none=True, exclude={"encoder"})
    write_comparison(
        out / "comparison.html",
        comparison,
        settings=settings,
        plots=_plots(out / "plots", comparison),
        commands=commands,
        max_int8_drop=limit,
    )


def _plots(folder: Path, comparison: Comparison) -> dict[str, Path]:
    """Draws what there is to draw."""
    plots = {}
    what = "exact match, %" if comparison.multi_label else "accuracy, %"
    choice, best, front = comparison.recommended, comparison.best, comparison.pareto_front
    points = [
        ParetoPoint(
            row.encoder,
            row.lite_ms,
            row.accuracy.mean,
            row.accuracy.deviation,
            on_front=row in front,
            recommended=row is choice,
        )
        for row in comparison.rows
        if row.accuracy and row.lite_ms and not row.failure
    ]
    if points and best and best.accuracy:
        top = best.accuracy.mean
        band = (top - (comparison.standard_error or 0.0), top)
        plots["pareto"] = plot_pareto(points, folder / "pareto.png", band=band, y_label=what)
    accuracies = {
        row.encoder: [item.accuracy for item in row.trainings] for row in comparison.rows if row.trainings
    }
    if accuracies:
        plots["seeds"] = plot_seeds(
            accuracies,
            folder / "seeds.png",
            recommended=choice.encoder if choice else None,
            baseline=comparison.baseline["accuracy"] if comparison.baseline else None,
            x_label=what,
        )
    return plots

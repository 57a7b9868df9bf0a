"""A run's gradients: measured while it trains, drawn and told when it is done."""

from __future__ import annotations

from typing import Any

import keras

from tfnlp.commands.run_folder import RunFolder
from tfnlp.evaluation.gradient_section import GradientSection
from tfnlp.plots.gradients import plot_gradient_health
from tfnlp.recipe import Recipe
from tfnlp.tasks.probes import probe_of
from tfnlp.training.gradient_health import GradientMeter
from tfnlp.training.gradient_recorder import GradientRecorder, read_gradient_health
from tfnlp.training.gradient_trouble import gradient_warnings

# More texts cost time and change the means little.
_MOST_ROWS = 32


def gradient_recorder(
    task: keras.Model, recipe: Recipe, run: RunFolder, texts: Any, labels: Any
) -> GradientRecorder:
    """What measures the task's gradients at each epoch, on some of the texts that it learns from."""
    training = recipe.training
    probe = probe_of(task, texts, labels, rows=min(training.batch_size, _MOST_ROWS))
    return GradientRecorder(
        GradientMeter(probe),
        run.gradient_health,
        histograms=run.tensorboard / "gradients" if training.tensorboard else None,
        encoder=recipe.encoder.model_dump(),
        training=training.model_dump(),
    )


def gradient_section(recipe: Recipe, run: RunFolder) -> GradientSection | None:
    """What a run's report says of its gradients, and their picture; None if they were not measured."""
    records = read_gradient_health(run.gradient_health)
    if not records:
        return None
    picture = plot_gradient_health(records, run.plots / "gradient_health.png")
    settings = {"encoder": recipe.encoder.model_dump(), "training": recipe.training.model_dump()}
    return GradientSection(records, list(gradient_warnings(records, **settings).values()), picture)


def gradient_figures(section: GradientSection | None) -> dict[str, Any] | None:
    """For `metrics.json`."""
    if section is None:
        return None
    last = section.records[-1]
    return {
        "norm": last.norm,
        "reach": last.reach(),
        "horizon": last.horizon,
        "warnings": section.warnings,
    }

"""The table of a comparison: for a terminal, as CSV, as Markdown."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfnlp.evaluation.comparison import Comparison, EncoderFigures, Spread

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class Column:
    """A column: its heading, the same in two short lines for a terminal, and what it holds."""

    heading: str
    narrow: str
    meaning: str


def columns(comparison: Comparison) -> list[Column]:
    """The table's columns."""
    right = "exact match" if comparison.multi_label else "accuracy"
    return [
        Column("encoder", "encoder", "the network; ★ marks the recommended one"),
        Column(f"{right}, %", f"{right}\n%", "mean ± standard deviation over the seeds"),
        Column(
            "macro F1, %", "macro F1\n%", "mean F1 over the classes; mean ± standard deviation over the seeds"
        ),
        Column("parameters", "para-\nmeters", "number of weights"),
        Column(
            "s an epoch",
            "s an\nepoch",
            "seconds an epoch with its validation: the median over epochs, without each run's first",
        ),
        Column(
            "texts/s trained",
            "train\na sec",
            "texts a second in training, input pipeline included, validation left out; of the same epochs",
        ),
        Column(
            "texts/s served",
            "serve\na sec",
            "texts a second that the exported SavedModel answers on the CPU, in batches of 32",
        ),
        Column("SavedModel, KiB", "saved\nKiB", "what a server loads"),
        Column("int8, KiB", "int8\nKiB", "the .tflite file with weights in 8 bits"),
        Column(
            "ms on LiteRT",
            "Lite\nms",
            "median milliseconds of the int8 file for one text on one thread, from string to scores",
        ),
    ]


def cells(comparison: Comparison, row: EncoderFigures) -> list[str]:
    """The row's figures as one reads them, in the order of `columns`; `–` where there is none."""
    serving = row.serving
    star = " ★" if row is comparison.recommended else ""
    return [
        row.encoder + star,
        _spread(row.accuracy),
        _spread(row.macro_f1),
        short(row.parameters),
        short(row.epoch_seconds),
        short(row.train_texts_per_second),
        short(serving.texts_per_second if serving else None),
        kibibytes(serving.saved_model_bytes if serving else None),
        kibibytes(serving.int8_bytes if serving else None),
        short(row.lite_ms),
    ]


def remarks(comparison: Comparison, max_int8_drop: float | None = None) -> list[str]:
    """What the figures alone do not say: the baseline, each failure, and int8 files that lost too much.

    Args:
        comparison: the comparison.
        max_int8_drop: points of accuracy that an int8 file may lose without a remark, or None for any number.
    """
    lines = []
    if comparison.baseline:
        found = comparison.baseline
        lines.append(
            f"To beat: {found['name'][0].lower()}{found['name'][1:]}, accuracy {100 * found['accuracy']:.1f} %, "
            f"macro F1 {100 * found['macro_f1']:.1f} %, in {short(found['seconds'])} s."
        )
    for row in comparison.rows:
        if row.failure:
            lines.append(f"{row.encoder} failed: {row.failure}")
        drop = row.serving.int8_drop if row.serving else None
        if drop is not None and max_int8_drop is not None and drop > max_int8_drop:
            lines.append(
                f"{row.encoder}: its int8 file loses {drop:.1f} points of accuracy on the validation texts."
            )
    return lines


def terminal_table(comparison: Comparison) -> Table:
    """The table to print with rich; it fits 80 columns."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title(comparison), title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for number, column in enumerate(columns(comparison)):
        # A variant may have a long name: it goes on in the next line rather than take the figures' room.
        figures = number > 0
        table.add_column(
            column.narrow, justify="right" if figures else "left", no_wrap=figures, overflow="fold"
        )
    for row in comparison.rows:
        style = "dim" if row.failure else "bold" if row is comparison.recommended else ""
        table.add_row(*(Text(cell) for cell in cells(comparison, row)), style=style)
    return table


def markdown(comparison: Comparison, max_int8_drop: float | None = None) -> str:
    """The whole comparison as Markdown: title, table, verdict, remarks."""
    headings = [column.heading for column in columns(comparison)]
    lines = [
        f"# {_escaped(title(comparison))}",
        "",
        "| " + " | ".join(headings) + " |",
        "| --- |" + " ---: |" * (len(headings) - 1),
        *("| " + " | ".join(cells(comparison, row)) + " |" for row in comparison.rows),
        "",
        _escaped(comparison.verdict),
        "",
        *(f"- {_escaped(line)}" for line in remarks(comparison, max_int8_drop)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def comma_separated(comparison: Comparison) -> str:
    """The table as CSV for programs: plain numbers, a row an encoder, an empty cell where there is no figure."""
    file = io.StringIO()
    rows = [_plain_row(comparison, row) for row in comparison.rows]
    writer = csv.DictWriter(file, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def title(comparison: Comparison) -> str:
    """What was compared, in a line."""
    texts = comparison.texts[comparison.judged_on]
    kind = {"test": "test", "valid": "validation"}[comparison.judged_on]
    count = len(comparison.seeds)
    return f"{comparison.name}: {texts:,} {kind} texts, {count} seed{'' if count == 1 else 's'}"


def short(value: float | None) -> str:
    """A number in few characters: `1.2M`, `34k`, `812`, `2.4`, `0.083`."""
    if value is None:
        return "–"
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit * 0.9995:
            return f"{value / unit:.3g}{name}"
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}" if value < 10 else f"{value:.3g}"


def kibibytes(count: int | None) -> str:
    """Bytes as KiB."""
    return "–" if count is None else f"{count / 1024:,.0f}"


def _spread(value: Spread | None) -> str:
    if value is None:
        return "–"
    mean = f"{100 * value.mean:.1f}"
    return mean if value.deviation is None else f"{mean}±{100 * value.deviation:.1f}"


def _plain_row(comparison: Comparison, row: EncoderFigures) -> dict[str, Any]:
    serving = row.serving
    accuracy, macro_f1 = row.accuracy, row.macro_f1
    return {
        "encoder": row.encoder,
        "recommended": int(row is comparison.recommended),
        "on_pareto_front": int(row in comparison.pareto_front),
        "seeds": len(row.trainings),
        "accuracy_mean": accuracy.mean if accuracy else None,
        "accuracy_deviation": accuracy.deviation if accuracy else None,
        "macro_f1_mean": macro_f1.mean if macro_f1 else None,
        "macro_f1_deviation": macro_f1.deviation if macro_f1 else None,
        "parameters": row.parameters,
        "epochs_mean": row.epochs,
        "seconds_per_epoch": row.epoch_seconds,
        "train_texts_per_second": row.train_texts_per_second,
        "serve_texts_per_second": serving.texts_per_second if serving else None,
        "saved_model_bytes": serving.saved_model_bytes if serving else None,
        "int8_bytes": serving.int8_bytes if serving else None,
        "lite_ms": row.lite_ms,
        "int8_accuracy_drop_points": serving.int8_drop if serving else None,
        "failure": row.failure,
    }


def _escaped(line: str) -> str:
    r"""Keeps what stands in a message from being read as Markdown: `[encoder]`, `<b>`, `a_b_c`."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>|#" else character for character in line)

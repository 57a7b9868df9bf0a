"""Rows of a client's questions and answers: cutting long ones into requests, reading a classifier's or a tagger's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfnlp.serving.errors import Code, ServingError, invalid_argument
from tfnlp.text.tagged_text import TaggedText, served_text

# The score from which a multi-label model gives a label, as in `tfnlp.edge`.
_THRESHOLD = 0.5


def row_parts(arrays: Mapping[str, np.ndarray], size: int) -> Iterator[Mapping[str, np.ndarray]]:
    """Cuts inputs into parts of at most `size` rows; inputs without a row are one part.

    Raises:
        ServingError: INVALID_ARGUMENT if the inputs have not all the same number of rows.
    """
    counts = {name: len(array) if array.ndim else None for name, array in arrays.items()}
    if None in counts.values() or len(set(counts.values())) > 1:
        raise invalid_argument(f"`batch_size` needs inputs of as many rows each. Received: {_counts(counts)}")
    rows = next(iter(counts.values()), None) or 0
    for start in range(0, max(rows, 1), size):
        yield {name: array[start : start + size] for name, array in arrays.items()}


def join_parts(parts: list[dict[str, np.ndarray]], sizes: list[int]) -> dict[str, np.ndarray]:
    """Joins the answers to parts of so many rows.

    Raises:
        ServingError: FAILED_PRECONDITION if an output has not one row for each row asked.
    """
    for part, size in zip(parts, sizes, strict=True):
        counts = {name: len(array) if array.ndim else None for name, array in part.items()}
        if set(counts.values()) - {size}:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"the model does not answer row by row: {size} rows gave {_counts(counts)}. Ask without `batch_size`.",
            )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _counts(counts: Mapping[str, int | None]) -> str:
    return ", ".join(
        f"{name}: {'a single value' if count is None else f'{count} rows'}" for name, count in counts.items()
    )


def classifier_rows(answer: Mapping[str, np.ndarray], count: int, multi_label: bool) -> list[dict[str, Any]]:
    """A text classifier's outputs as `tfnlp.edge.EdgeClassifier.predict` gives them.

    Args:
        answer: `label` and `score` `[batch]`, `labels` and `scores` `[batch, classes]`; strings as bytes.
        count: texts asked.
        multi_label: whether to name all labels of at least 0.5, best first.

    Raises:
        ServingError: FAILED_PRECONDITION if these are no classifier's outputs.
    """
    shapes = {name: array.shape for name, array in answer.items()}
    wide = (count, shapes["scores"][-1] if shapes.get("scores") else 0)
    strings = {name for name, array in answer.items() if array.dtype == object}
    expected = {"label": (count,), "score": (count,), "labels": wide, "scores": wide}
    if shapes != expected or strings != {"label", "labels"}:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            "this is no text classifier of tfnlp, which answers with label, score, labels and scores: "
            f"use `ask`. Received: {', '.join(f'{name} {list(shape)}' for name, shape in sorted(shapes.items()))}",
        )
    rows = []
    for label, score, labels, scores in zip(
        *(answer[name] for name in ("label", "score", "labels", "scores"))
    ):
        names = [name.decode("utf-8", "replace") for name in labels]
        row: dict[str, Any] = {
            "label": label.decode("utf-8", "replace"),
            "score": float(score),
            "scores": {name: float(one) for name, one in zip(names, scores)},
        }
        if multi_label:
            best_first = np.argsort(-scores, kind="stable")
            row["labels"] = [names[place] for place in best_first if scores[place] >= _THRESHOLD]
        rows.append(row)
    return rows


def tagger_rows(answer: Mapping[str, np.ndarray], texts: Sequence[bytes]) -> list[TaggedText]:
    """A tagger's outputs as `tfnlp.edge.EdgeTagger.tag` gives them.

    Args:
        answer: the outputs of `serving_default`, see `tfnlp.export.tagger_serving`; strings as bytes.
        texts: the texts asked about.
    """
    rows = []
    for row, text in enumerate(texts):
        length, count = int(answer["lengths"][row]), int(answer["span_lengths"][row])
        tags, scores, starts, ends = (
            answer[name][row][:length].tolist() for name in ("tags", "scores", "starts", "ends")
        )
        labels, firsts, lasts, sure = (
            answer[f"span_{name}"][row][:count].tolist() for name in ("labels", "starts", "ends", "scores")
        )
        names = [tag.decode("utf-8", "replace") for tag in tags]
        spans = [
            (label.decode("utf-8", "replace"), first, last, score)
            for label, first, last, score in zip(labels, firsts, lasts, sure)
        ]
        rows.append(served_text(text, starts, ends, names, scores, spans))
    return rows

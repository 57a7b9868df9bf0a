"""One call from a trained task to a version folder whose copies are proved to agree, and back again."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfnlp.errors import UserError, did_you_mean
from tfnlp.export.agreement import Agreement, compare_copies, make_proof
from tfnlp.export.disk import full_disk_told
from tfnlp.export.saved_model import write_saved_model
from tfnlp.export.task_export import export_of_kind, export_of_task
from tfnlp.export.tflite import PRECISIONS, convert_tflite, package_settings
from tfnlp.export.versions import staged_version, version_folder
from tfnlp.files import write_bytes_atomically, write_json_atomically

_LOG = logging.getLogger(__name__)
# TensorFlow Serving leaves this folder alone, but for its warm-up requests.
EXTRA = "assets.extra"
MODEL_FILE = Path(EXTRA) / "model.json"
AGREEMENT_FILE = Path(EXTRA) / "agreement.json"


@dataclasses.dataclass(frozen=True)
class ExportResult:
    """What was exported.

    Attributes:
        folder: the version folder, `saved_models/<name>/<version>`.
        version: its number.
        lite_files: precision -> `.tflite` file.
        agreement: the proof.
    """

    folder: Path
    version: int
    lite_files: dict[str, Path]
    agreement: Agreement


def export(
    task: Any,
    directory: str | os.PathLike[str],
    *,
    lite: Sequence[str] = ("float32",),
    texts: Sequence[Any],
    labels: Sequence[str] | Sequence[Sequence[str]] | None = None,
    max_accuracy_drop: float = 1.0,
    extra_files: Mapping[str, bytes] | None = None,
) -> ExportResult:
    """Exports a trained task for TensorFlow Serving and the edge, and proves that every copy agrees.

    All is built in a hidden folder beside the versions and appears in one rename, so a server that
    watches the folder sees a whole version or none. The version folder holds the SavedModel, and in
    `assets.extra`, which servers ignore: the `.tflite` files (`model.<precision>.tflite`),
    `model.json`, `agreement.json`, and `agreement_texts.jsonl.gz`, the texts of the proof with
    Keras's scores. That last file repeats the validation texts: take it out before publishing a
    model trained on private text (`verify` then has nothing to go by).

    Args:
        task: a trained `TextClassifier`, `TokenTagger` or `LanguageModel`.
        directory: the model's folder, `saved_models/<name>`; the model is served under its name.
        lite: precisions of the `.tflite` files: any of `"float32"`, `"float16"`, `"int8"`, or none.
        texts: validation texts for the proof; may be empty. For a tagger, texts, or sentences: tokens, or
            `TaggedSentence`s; for a language model, sentences.
        labels: their true labels (lists of labels for a multi-label task), or None. For a tagger the tags of
            sentences of tokens; a `TaggedSentence` has its own. A language model has none.
        max_accuracy_drop: percentage points of accuracy that int8 and float16 may lose; percent by which they may
            raise a language model's perplexity.
        extra_files: name -> content of further files for `assets.extra`.

    Returns:
        where it stands and how well the copies agree.

    Raises:
        AgreementError: if a copy does not agree; nothing is left behind.
        UserError: if a precision is unknown, an op is not served by the stock model server, the
            disk is full, ...; nothing is left behind.
    """
    directory = Path(directory)
    for precision in lite:
        if precision not in PRECISIONS:
            raise UserError(
                f"unknown precision `{precision}`; there are {', '.join(PRECISIONS)}."
                f"{did_you_mean(precision, PRECISIONS)}"
            )
    name = directory.resolve().name
    with full_disk_told(directory), staged_version(directory) as staged:
        ops = write_saved_model(task, staged.folder, staged.scratch, model_name=name)
        lite_files = {}
        for precision in dict.fromkeys(lite):
            content = convert_tflite(task, precision, name=name)
            lite_files[precision] = write_bytes_atomically(_lite_file(staged.folder, precision), content)
        settings, _ = package_settings(task, name)
        write_json_atomically(
            staged.folder / MODEL_FILE,
            {
                **settings,
                "labels": export_of_task(task).labels_of(task),
                "lite": list(lite_files),
                "ops": ops,
            },
        )
        for file, content in (extra_files or {}).items():
            write_bytes_atomically(staged.folder / EXTRA / file, content)

        proof = make_proof(task, texts, labels)
        agreement = compare_copies(proof, staged.folder, lite_files, max_accuracy_drop)
        agreement.require()
        proof.write(staged.folder)
        write_json_atomically(staged.folder / AGREEMENT_FILE, agreement.as_dict())
        folder = staged.publish()
    _LOG.debug("Exported %s.", folder)
    return ExportResult(
        folder=folder,
        version=int(folder.name),
        lite_files={precision: _lite_file(folder, precision) for precision in lite_files},
        agreement=agreement,
    )


def verify(path: str | os.PathLike[str]) -> Agreement:
    """Proves an export again, from its files alone: no Keras model is needed.

    The texts kept beside the export go through the SavedModel in a fresh process and through every
    `.tflite` file, and are held against the scores that Keras gave when it was exported; the ops
    are scanned too.

    Args:
        path: a version folder, or a model's folder (its highest version is taken).

    Returns:
        the agreement; look at its `problems`, or call `require()`.

    Raises:
        UserError: if there is no export, or it lacks what the proof needs.
    """
    folder = version_folder(path)
    settings = read_model_file(folder)
    try:
        limit = json.loads((folder / AGREEMENT_FILE).read_text(encoding="utf-8"))["max_accuracy_drop"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"`{folder / AGREEMENT_FILE}` is missing or damaged ({error}). Export the model anew."
        ) from error
    lite_files = {precision: _lite_file(folder, precision) for precision in settings["lite"]}
    proof = export_of_kind(settings.get("task", "text_classifier")).read_proof(folder, settings)
    return compare_copies(proof, folder, lite_files, limit)


def read_model_file(folder: Path) -> dict[str, Any]:
    """Reads `model.json` of a version folder.

    Raises:
        UserError: if it is missing or damaged.
    """
    path = folder / MODEL_FILE
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        return {**settings, "labels": list(settings["labels"]), "lite": list(settings["lite"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"`{path}` is missing or damaged ({error}): `{folder}` was not written whole by `tfnlp export`. "
            "Export the model anew."
        ) from error


def _lite_file(folder: Path, precision: str) -> Path:
    return folder / EXTRA / f"model.{precision}.tflite"

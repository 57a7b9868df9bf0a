"""What a `TokenTagger` gives for its export; the functions are those of `tfnlp.export.task_export.TaskExport`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.data.tagging.corpus import joined_tokens
from tfnlp.errors import UserError
from tfnlp.export.label_files import check_labels, lines
from tfnlp.export.metadata import AXIS_LABELS, VOCABULARY, AssociatedFile, TensorDescription
from tfnlp.export.portable import portable
from tfnlp.export.proof_texts import ProofText, as_bytes, awkward_proof_texts
from tfnlp.export.tag_proof import Tagging, TagProof, asks_lite
from tfnlp.export.task_export import LiteNetwork
from tfnlp.export.warmup import WARMUP_TEXTS, batches_of, predict_log
from tfnlp.text.pieces import piece_ends
from tfnlp.text.tagging_twin import PythonTaggingPreprocessor

ASSETS = ("vocab.txt", "tags.txt")
# Every sentence is asked twice, of every copy; a few hundred tell as much as thousands.
_MOST_SENTENCES = 400


def labels_of(task: Any) -> list[str]:
    """The tags."""
    return list(task.tags)


def settings_of(task: Any) -> dict[str, Any]:
    """The tags' scheme, and how many tokens a `.tflite` file reads at once."""
    return {"scheme": task.scheme, "lite_tokens": lite_tokens(task)}


def lite_tokens(task: Any) -> int:
    """The tokens that a `.tflite` file reads at once: no more than a training did."""
    return min(task.max_tokens, task.piece_tokens)


def serving(task: Any, scratch: Path) -> tuple[Any, dict[str, Any]]:
    """The signatures `serving_default` and `tag_tokens`; see `tfnlp.export.tagger_serving`."""
    from tfnlp.export.tagger_serving import TaggerModule

    check_labels(task.tags, "tags.txt")
    # `tf.saved_model.save` copies assets by name.
    tags_file = scratch / "tags.txt"
    tags_file.write_bytes(lines(task.tags))
    module = TaggerModule(task, str(tags_file))
    return module, {"serving_default": module.serve, "tag_tokens": module.tag_tokens}


def warm_up(model_name: str) -> Iterable[Any]:
    """A few texts, and a sentence of tokens."""
    import tensorflow as tf

    for batch in batches_of([text.encode() for text in WARMUP_TEXTS]):
        texts = tf.make_tensor_proto(batch, dtype=tf.string, shape=[len(batch)])
        yield predict_log(model_name, "serving_default", {"text": texts})
    tokens = [b"tfnlp", "好".encode(), b"."]
    inputs = {
        "tokens": tf.make_tensor_proto([tokens], dtype=tf.string, shape=[1, len(tokens)]),
        "lengths": tf.make_tensor_proto([len(tokens)], dtype=tf.int32, shape=[1]),
    }
    yield predict_log(model_name, "tag_tokens", inputs)


def lite_network(task: Any) -> LiteNetwork:
    """Ids of one text's tokens in, a tag and its probability for each token out.

    Inputs: `token_ids` int32 `[1, lite_tokens]`, padded on the right with 0; where the tagger reads them, `char_ids`
    int32 `[1, lite_tokens, max_characters]` and `casing` int32 `[1, lite_tokens]`. Outputs: `scores` float32 and
    `tags` int32, both `[1, lite_tokens]`, 0 under padding.
    """
    import tensorflow as tf

    time, characters = lite_tokens(task), task.preprocessor.max_characters
    shapes = {"token_ids": [1, time]}
    if task.character_encoder is not None:
        shapes["char_ids"] = [1, time, characters]
    if task.casing is not None:
        shapes["casing"] = [1, time]

    def network(*ids: Any) -> dict[str, Any]:
        batch = dict(zip(shapes, ids, strict=True))
        mask = tf.not_equal(batch["token_ids"], 0)
        tags, scores = task.decode_with_scores(task(batch, training=False), mask)
        scores = tf.where(mask, tf.cast(scores, tf.float32), 0.0)
        return {"scores": tf.ensure_shape(scores, [1, time]), "tags": tf.ensure_shape(tags, [1, time])}

    inputs = [tf.TensorSpec(shape, tf.int32, name=name) for name, shape in shapes.items()]
    described = {
        "token_ids": TensorDescription(
            "token_ids",
            f"Token ids of one text, padded on the right with 0 to {time}.",
            ["batch", "token"],
            [
                AssociatedFile(
                    "vocab.txt",
                    "The tokens, one a line; a token's id is its line, from 0.",
                    lines(task.preprocessor.vocabulary.tokens),
                    VOCABULARY,
                )
            ],
        ),
        "char_ids": TensorDescription(
            "char_ids",
            f"Ids of the characters of each token, padded on the right with 0 to {characters}.",
            ["batch", "token", "character"],
        ),
        "casing": TensorDescription("casing", "How each token is written; 0 is padding.", ["batch", "token"]),
    }
    files = []
    if "char_ids" in shapes:
        letters = task.preprocessor.characters.vocabulary.tokens
        files.append(AssociatedFile("characters.txt", "The characters, one a line.", lines(letters)))
    tags = AssociatedFile(
        "tags.txt",
        "The tags, one a line; a tag's number is its line, from 0.",
        lines(task.tags),
        AXIS_LABELS,
    )
    return LiteNetwork(
        inputs=inputs,
        function=network,
        title="Token tagger",
        does="ids of a text's tokens in, a tag and its probability for each out",
        input_descriptions=[described[name] for name in shapes],
        output_descriptions=[
            TensorDescription("scores", "Each tag's probability, from 0 to 1.", ["batch", "token"]),
            TensorDescription("tags", "The number of each token's tag.", ["batch", "token"], [tags]),
        ],
        files=files,
    )


def make_proof(task: Any, texts: Sequence[Any], labels: Any = None) -> TagProof:
    """Asks Keras about validation texts or sentences and the awkward texts.

    Args:
        task: a trained `TokenTagger`.
        texts: texts (`str` or `bytes`), `TaggedSentence`s, or sentences of tokens; may be empty. Of more than 400 so
            many are taken, spread evenly. A sentence is asked twice: as its tokens, and as a text, its own or its
            tokens joined.
        labels: the tags of each sentence, or None; a `TaggedSentence` has its own.

    Raises:
        UserError: if there are not as many labels as texts.
    """
    import tensorflow as tf

    if labels is not None and len(labels) != len(texts):
        raise UserError(
            f"`labels` must be one a text. Received: {len(labels)} labels for {len(texts)} texts."
        )
    picks = np.linspace(0, max(len(texts) - 1, 0), num=min(len(texts), _MOST_SENTENCES)).astype(int)
    spaced = task.preprocessor.tokenizer.kind != "char"
    asked = [
        question
        for pick in picks
        for question in _questions(texts[pick], None if labels is None else labels[pick], spaced)
    ]
    asked += awkward_proof_texts()
    # The CPU: beside a GPU, TensorFloat-32 alone would move the scores by more than the tolerance.
    with portable(task), tf.device("/CPU:0"):
        taggings = _taggings(task, asked)
        pieces = _read_in_pieces(task, asked)
    return TagProof(asked, taggings, pieces, list(task.tags), task.scheme)


def _questions(item: Any, tags: Sequence[str] | None, spaced: bool) -> list[ProofText]:
    """What a proof asks about one validation text or sentence."""
    if isinstance(item, str | bytes):
        return [ProofText(as_bytes(item))]
    tokens = tuple(getattr(item, "tokens", item))
    text = getattr(item, "text", None)
    if text is None:
        text = joined_tokens(tokens, spaced=spaced)[0]
    tags = getattr(item, "tags", tags)
    unit = as_bytes(text)
    return [ProofText(unit), ProofText(unit, labels=None if tags is None else tuple(tags), tokens=tokens)]


def _taggings(task: Any, asked: Sequence[ProofText]) -> list[Tagging]:
    """Keras's answers."""
    found: dict[int, Tagging] = {}
    for is_text in (True, False):
        rows = [row for row, text in enumerate(asked) if (text.tokens is None) == is_text]
        answers = task.tag_rows([asked[row].content if is_text else asked[row].tokens for row in rows])
        for row, answer in zip(rows, answers, strict=True):
            places = np.stack([answer.starts, answer.ends], axis=1).astype(np.int32)
            # A sentence's tokens lie in no text of its own.
            found[row] = Tagging(answer.tags, answer.scores, places if is_text else np.zeros_like(places))
    return [found[row] for row in range(len(asked))]


def _read_in_pieces(task: Any, asked: Sequence[ProofText]) -> dict[int, Tagging]:
    """Keras's answers where a `.tflite` file reads a text in several pieces: Keras is asked about each of them."""
    preprocessor = task.preprocessor
    if preprocessor.tokenizer.kind == "segmenter":
        return {}  # no `.tflite` file, and no twin that could cut
    twin = PythonTaggingPreprocessor(preprocessor.settings(), preprocessor.vocabulary.tokens)
    found = {}
    for row, text in enumerate(asked):
        if not asks_lite(text):
            continue
        if text.tokens is None:
            tokens, starts, ends = twin.tokenize(text.content)
        else:
            tokens = list(text.tokens)
            starts = ends = [0] * len(tokens)
        borders = piece_ends(tokens, lite_tokens(task))
        if len(borders) > 1:
            pieces = [tokens[start:end] for start, end in itertools.pairwise([0, *borders])]
            answers = task.tag_rows(pieces)
            found[row] = Tagging(
                np.concatenate([answer.tags for answer in answers]),
                np.concatenate([answer.scores for answer in answers]),
                np.stack([starts, ends], axis=1).astype(np.int32),
            )
    return found


def read_proof(version: Path, settings: dict[str, Any]) -> TagProof:
    """Reads the proof of a version."""
    return TagProof.read(version, settings["labels"], settings["scheme"])

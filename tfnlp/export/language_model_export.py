"""What a `LanguageModel` gives for its export; the functions are those of `tfnlp.export.task_export.TaskExport`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfnlp.export.label_files import lines
from tfnlp.export.language_model_proof import LanguageModelProof, make_language_model_proof
from tfnlp.export.metadata import VOCABULARY, AssociatedFile, TensorDescription
from tfnlp.export.portable import portable
from tfnlp.export.task_export import LiteNetwork
from tfnlp.export.warmup import WARMUP_TEXTS, batches_of, predict_log

ASSETS = ("vocab.txt",)


def labels_of(task: Any) -> list[str]:
    """None: what it foretells are the words of its vocabulary."""
    return []


def settings_of(task: Any) -> dict[str, Any]:
    """How many tokens it reads at once at most, or None."""
    return {"context": task.max_tokens}


def serving(task: Any, scratch: Path) -> tuple[Any, dict[str, Any]]:
    """The signatures; see `tfnlp.export.language_model_serving`."""
    from tfnlp.export.language_model_serving import LanguageModelModule

    module = LanguageModelModule(task)
    return module, {
        "serving_default": module.serve,
        "generate": module.generate,
        "search": module.search,
        "score": module.score,
    }


def warm_up(model_name: str) -> Iterable[Any]:
    """A few prompts and texts."""
    import tensorflow as tf

    for batch in batches_of([text.encode() for text in WARMUP_TEXTS]):
        rows = len(batch)
        texts = tf.make_tensor_proto(batch, dtype=tf.string, shape=[rows])
        yield predict_log(model_name, "serving_default", {"prompt": texts})
        yield predict_log(model_name, "score", {"text": texts})
        numbers = {
            "max_tokens": (8, tf.int32),
            "temperature": (0.8, tf.float32),
            "top_k": (20, tf.int32),
            "top_p": (0.9, tf.float32),
            "repetition_penalty": (1.2, tf.float32),
            "seed": (1, tf.int64),
        }
        settings = {
            name: tf.make_tensor_proto([number] * rows, dtype=dtype, shape=[rows])
            for name, (number, dtype) in numbers.items()
        }
        yield predict_log(model_name, "generate", {"prompt": texts, **settings})
        length_penalty = tf.make_tensor_proto([0.0] * rows, dtype=tf.float32, shape=[rows])
        search = {"max_tokens": settings["max_tokens"], "length_penalty": length_penalty}
        yield predict_log(model_name, "search", {"prompt": texts, **search})


def lite_network(task: Any) -> LiteNetwork:
    """One step: a token's id and a state in, the next token's log-probabilities and the state out.

    Inputs: `token_id` int32 `[1]`, and the tensors of the state, `state_00` and so on, which are all 0 before the first
    token. Outputs: `log_probabilities` float32 `[1, vocabulary]` in nats, and the state, in the same order.
    """
    import tensorflow as tf

    size = task.preprocessor.vocabulary_size
    with portable(task):
        state = [tf.convert_to_tensor(part) for part in task.initial_state(1)]
    if any(np.asarray(part).any() for part in state):
        raise NotImplementedError(f"{type(task.encoder).__name__} begins with a state that is not 0")
    # A window of one token keeps nothing; the interpreter knows no input of size 0.
    kept = [place for place, part in enumerate(state) if part.shape.num_elements()]
    names = [f"state_{place:02d}" for place in kept]
    specs = [
        tf.TensorSpec(state[place].shape, state[place].dtype, name=name) for place, name in zip(kept, names)
    ]

    def network(token_id: Any, *given: Any) -> dict[str, Any]:
        parts = dict(zip(kept, given, strict=True))
        logs, after = task.step(
            token_id, tuple(parts.get(place, tf.zeros_like(part)) for place, part in enumerate(state))
        )
        left = {
            name: tf.ensure_shape(after[place], spec.shape) for place, name, spec in zip(kept, names, specs)
        }
        return {"log_probabilities": tf.ensure_shape(logs, [1, size]), **left}

    vocabulary = AssociatedFile(
        "vocab.txt",
        "The tokens, one a line; a token's id is its line, from 0.",
        lines(task.preprocessor.vocabulary.tokens),
        VOCABULARY,
    )
    states = [
        TensorDescription(name, "A part of the state; 0 before the first token.", _axes(spec))
        for name, spec in zip(names, specs)
    ]
    return LiteNetwork(
        inputs=[tf.TensorSpec([1], tf.int32, name="token_id"), *specs],
        function=network,
        title="Language model",
        does="a token's id and a state in, what comes next and the state out",
        input_descriptions=[
            TensorDescription(
                "token_id",
                f"The token to read; {task.preprocessor.end_id}, the sentence's end, stands before the first.",
                ["batch"],
                [vocabulary],
            ),
            *states,
        ],
        output_descriptions=[
            TensorDescription(
                "log_probabilities", "Of each token to come next, in nats.", ["batch", "token"], [vocabulary]
            ),
            *states,
        ],
    )


def _axes(spec: Any) -> list[str]:
    return ["batch", *(f"axis_{place}" for place in range(1, len(spec.shape)))]


def make_proof(task: Any, texts: Sequence[Any], labels: Any = None) -> LanguageModelProof:
    """Asks Keras; see `tfnlp.export.language_model_proof`."""
    return make_language_model_proof(task, texts)


def read_proof(version: Path, settings: dict[str, Any]) -> LanguageModelProof:
    """Reads the proof of a version."""
    return LanguageModelProof.read(version)

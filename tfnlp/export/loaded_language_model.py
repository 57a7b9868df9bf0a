"""An exported language model, asked as the trained one is."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from tfnlp.decoding.random_numbers import seeds_of
from tfnlp.decoding.settings import DecodingSettings
from tfnlp.decoding.stop_texts import StopTexts
from tfnlp.errors import UserError
from tfnlp.evaluation.perplexity import LanguageModel, SentenceScores
from tfnlp.export.loaded import SavedModelExport, is_lite, utf8
from tfnlp.text.sentence_twin import PythonSentencePreprocessor
from tfnlp.text.vocabulary import Vocabulary


class LoadedLanguageModel(LanguageModel, Protocol):
    """What every loaded language model has."""

    kind: str
    preprocessor: PythonSentencePreprocessor

    def stream_text(self, prompt: str = "", **settings: Any) -> Iterator[str]:
        """What follows a prompt, in pieces."""


def load_language_model(path: str | os.PathLike[str]) -> LoadedLanguageModel:
    """Loads an exported language model.

    Args:
        path: a version folder, a model's folder (its highest version is taken), or a `.tflite` file.

    Returns:
        an object with `score(texts)`, `generate(prompt)` and `stream_text(prompt)`, as `LanguageModel` has them.

    Raises:
        UserError: if the path is no exported language model.
    """
    if is_lite(path):
        from tfnlp.edge import EdgeLanguageModel

        return EdgeLanguageModel(path)
    return SavedModelLanguageModel(path)


class SavedModelLanguageModel(SavedModelExport):
    """Scores and writes texts with a SavedModel, through its signatures `score`, `generate` and `search`.

    Args:
        path: a version folder, or a model's folder (its highest version is taken).
        batch_size: texts a batch.

    Raises:
        UserError: if there is no export of a language model at the path, or it cannot be loaded.
    """

    kind = "language_model"

    def __init__(self, path: str | os.PathLike[str], batch_size: int = 64):
        super().__init__(path, self.kind)
        self.max_tokens: int | None = self.settings["context"]
        self.preprocessor = PythonSentencePreprocessor(
            self.settings["preprocessor"], Vocabulary.load(self.folder / "assets" / "vocab.txt").tokens
        )
        self.batch_size = batch_size

    def score(self, texts: Sequence[str | bytes]) -> SentenceScores:
        """Log-probabilities of sentences; see `LanguageModel.score`."""
        import tensorflow as tf

        if isinstance(texts, str | bytes):
            raise UserError("`texts` must be a list of texts. Received one text: put it in brackets.")
        names = ("log_probability", "known_log_probability", "tokens", "unknown")
        found: dict[str, Any] = {name: [np.zeros(0)] for name in names}
        # Alike in length they need little padding.
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(order), self.batch_size):
            batch = [utf8(texts[row]) for row in order[start : start + self.batch_size]]
            answer = self._model.signatures["score"](text=tf.constant(batch, tf.string))
            for name in names:
                found[name].append(answer[name].numpy())
        places = np.argsort(order) if order else np.zeros(0, np.int64)
        columns = {name: np.concatenate(parts)[places] for name, parts in found.items()}
        nowhere = np.zeros(len(order), np.int64)
        return SentenceScores(
            columns["log_probability"].astype(np.float64),
            columns["known_log_probability"].astype(np.float64),
            columns["tokens"].astype(np.int64),
            columns["unknown"].astype(np.int64),
            nowhere,
            nowhere,
            np.asarray([_characters(text) for text in texts], np.int64),
        )

    def generate(self, prompt: str | Sequence[str] = "", **settings: Any) -> Any:
        """Goes on with a text until its sentence ends; see `LanguageModel.generate`, whose texts these are.

        Args:
            prompt: the beginning of a sentence, or a list of such.
            **settings: as for `LanguageModel.generate`; `beams` is 4 or None, and with them there is neither a
                repetition penalty nor a stop text.

        Returns:
            the prompt and what follows; a list for a list.

        Raises:
            UserError: if an option is out of range, or the export has no such beams or not so many tokens.
        """
        from tfnlp.export.language_model_serving import MOST_TOKENS

        asked = DecodingSettings(**settings)
        if asked.max_tokens > MOST_TOKENS:
            raise UserError(
                f"an export writes {MOST_TOKENS:,} tokens at most. Received: max_tokens={asked.max_tokens}"
            )
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        texts = self._drawn(prompts, asked) if asked.beams is None else self._searched(prompts, asked)
        return texts[0] if isinstance(prompt, str) else texts

    def _drawn(self, prompts: Sequence[str], asked: DecodingSettings) -> list[str]:
        import tensorflow as tf

        rows = len(prompts)
        seed = secrets.randbits(63) if asked.seed is None else asked.seed
        texts = self._written(
            "generate",
            prompts,
            asked,
            temperature=tf.fill([rows], float(asked.temperature)),
            top_k=tf.fill([rows], asked.top_k or 0),
            top_p=tf.fill([rows], 1.0 if asked.top_p is None else float(asked.top_p)),
            repetition_penalty=tf.fill([rows], float(asked.repetition_penalty or 1.0)),
            seed=tf.constant(seeds_of(prompts, seed), tf.int64),
        )
        if asked.stop:
            cut = StopTexts(asked.stop).cut
            texts = [one + cut(text[len(one) :]) for one, text in zip(prompts, texts)]
        return texts

    def _searched(self, prompts: Sequence[str], asked: DecodingSettings) -> list[str]:
        import tensorflow as tf

        from tfnlp.export.language_model_serving import BEAMS

        if asked.beams != BEAMS or asked.repetition_penalty is not None or asked.stop:
            raise UserError(
                f"an export searches with {BEAMS} beams, without a repetition penalty and without stop texts: "
                f"ask for `beams={BEAMS}` alone, or ask the run."
            )
        penalties = tf.fill([len(prompts)], float(asked.length_penalty))
        return self._written("search", prompts, asked, length_penalty=penalties)

    def _written(
        self, signature: str, prompts: Sequence[str], asked: DecodingSettings, **inputs: Any
    ) -> list[str]:
        """What a signature goes on with; `inputs` are those of its own."""
        import tensorflow as tf

        answer = self._model.signatures[signature](
            prompt=tf.constant([utf8(one) for one in prompts], tf.string),
            max_tokens=tf.fill([len(prompts)], asked.max_tokens),
            **inputs,
        )
        return [text.decode("utf-8", "replace") for text in answer["text"].numpy()]

    def stream_text(self, prompt: str = "", **settings: Any) -> Iterator[str]:
        """The same in one piece: a signature answers once."""
        text = self.generate(prompt, **settings)
        yield text[len(prompt) :]


def _characters(text: str | bytes) -> int:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return len(" ".join(shown.split())) + 1

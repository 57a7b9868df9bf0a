"""A tagger on a small device: a `.tflite` file, NumPy and the LiteRT interpreter."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfnlp.data.tagging.tagged_rows import joined_row, rows_of
from tfnlp.edge.lite_runner import LiteRunner
from tfnlp.edge.model_file import TAGGER, ModelFile
from tfnlp.errors import UserError
from tfnlp.text.pieces import piece_ends
from tfnlp.text.tagged_text import TaggerAnswers, TagNumbers, are_texts
from tfnlp.text.tagging_twin import PythonTaggingPreprocessor, Tokens


class EdgeTagger(TaggerAnswers):
    """Tags texts, and sentences that are cut already, with a `.tflite` file alone.

    ```python
    tagger = EdgeTagger("model.int8.tflite")
    [answer] = tagger.tag(["Ada Lovelace lived in London."])
    answer.tags  # ("B-PER", "E-PER", "O", "O", "S-LOC", "O")
    answer.spans[1]  # TaggedSpan(start=22, end=28, byte_start=22, byte_end=28, label="LOC", text="London", score=0.98)
    ```

    A text of more tokens than the file reads at once is read in pieces, see `tfnlp.text.pieces`. Several threads may
    share one; they take turns.

    Args:
        path: a file written by `tfnlp export --lite` of a tagger.
        num_threads: threads for one text, at least 1.

    Attributes:
        tags: the tags by number.
        scheme: theirs, one of `tfnlp.data.tagging.SCHEMES`.
        max_tokens: how many tokens are read at once.
        settings: how a text becomes tokens and ids.

    Raises:
        UserError: if the file is not such a file.
    """

    def __init__(self, path: str | os.PathLike[str], num_threads: int = 1):
        file = ModelFile.read(path)
        if file.task != TAGGER:
            raise UserError(f"`{path}` is a {file.task}, not a tagger: load it with `EdgeClassifier`.")
        self.name = file.name
        self.tags = file.labels
        self.scheme: str = file.settings["scheme"]
        self.settings = file.preprocessor
        self._preprocess = PythonTaggingPreprocessor(file.preprocessor, file.vocabulary, file.characters)
        self._network = LiteRunner(file.model, path, num_threads)
        self.max_tokens = self._network.shapes["token_ids"][1]

    def tokenize(self, text: str | bytes) -> Tokens:
        """Cuts a text into tokens, with the bytes where each starts and ends."""
        return self._preprocess.tokenize(text)

    def tag_rows(self, x: Any, *, batch_size: int = 256) -> list[TagNumbers]:
        """Tags texts or sentences by number; `tag` and `predict` make words of it.

        Args:
            x: texts (`str`, or bytes that should be UTF-8), or sentences: tokens, `TaggedSentence`s, a `TaggedCorpus`.
            batch_size: nothing; texts go one by one.
        """
        found = []
        if are_texts(x):
            for text in x:
                tokens, starts, ends = self.tokenize(text)
                found.append(TagNumbers(text, *self._tagged(tokens), np.asarray(starts), np.asarray(ends)))
            return found
        spaced = self.settings["kind"] != "char"
        for row in rows_of(x):
            text, starts, ends = joined_row(row, spaced)
            found.append(TagNumbers(text, *self._tagged(row), np.asarray(starts), np.asarray(ends)))
        return found

    def _tagged(self, tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Tags int32 and their probabilities float32, both `[tokens]`."""
        tags, scores = np.zeros(len(tokens), np.int32), np.zeros(len(tokens), np.float32)
        for start, end in itertools.pairwise([0, *piece_ends(tokens, self.max_tokens)]):
            if start == end:
                continue  # an empty text
            for output in self._network.run(self._features(tokens[start:end])):
                kind = tags if output.dtype == np.int32 else scores
                kind[start:end] = output[0, : end - start]
        return tags, scores

    def _features(self, tokens: Sequence[str]) -> dict[str, np.ndarray]:
        arrays = {name: np.zeros(shape, np.int32) for name, shape in self._network.shapes.items()}
        for place, token in enumerate(tokens):
            arrays["token_ids"][0, place] = self._preprocess.token_id(token)
            if "casing" in arrays:
                arrays["casing"][0, place] = self._preprocess.casing_id(token)
            if "char_ids" in arrays:
                ids = self._preprocess.character_ids(token)
                arrays["char_ids"][0, place, : len(ids)] = ids
        return arrays

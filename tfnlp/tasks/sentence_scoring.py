"""Sentences under a language model: each by itself in batches, or all as one stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tfnlp.data.sentence_stream import encode_sentences, sentence_rows
from tfnlp.evaluation.perplexity import SentenceScores
from tfnlp.text.sentence_preprocessor import END_ID, SentencePreprocessor

if TYPE_CHECKING:
    from tfnlp.tasks.language_model import LanguageModel

# Columns of so many tokens begin anew rarely enough that it hardly shows.
COLUMN_TOKENS = 500
# Of tokens times words: more are judged piece by piece. The answer does not depend on it.
_NUMBERS_AT_ONCE = 1 << 23


class _Scorer:
    """What both ways share: losses of tokens become the scores of sentences."""

    def __init__(self, model: LanguageModel):
        self.model = model

    def losses(self, tokens: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """The negative log-likelihood of the tokens of `encode_sentences`: float64 `[tokens]`, nats."""
        raise NotImplementedError

    def score(self, texts: Sequence[str]) -> SentenceScores:
        """Scores sentences, a text each; an empty one has its end alone."""
        preprocessor = self.model.preprocessor
        tokens, lengths = encode_sentences(preprocessor, texts)
        if not len(lengths):
            nothing = np.zeros(0, np.int64)
            return SentenceScores(np.zeros(0), np.zeros(0), *[nothing] * 5)
        logs = -self.losses(tokens, lengths)
        starts = np.cumsum(lengths) - lengths
        unknown = np.zeros(len(tokens), bool)
        ends = np.cumsum(lengths) - 1
        unknown[np.delete(np.arange(len(tokens)), ends)] = _unknown_words(preprocessor, texts)

        def summed(values: np.ndarray) -> np.ndarray:
            return np.add.reduceat(values, starts)

        nowhere = np.zeros(len(lengths), np.int64)
        return SentenceScores(
            log_probabilities=summed(logs),
            known_log_probabilities=summed(np.where(unknown, 0.0, logs)),
            tokens=lengths,
            unknown=summed(unknown.astype(np.int64)),
            impossible=nowhere,
            known_impossible=nowhere,
            characters=np.array([len(" ".join(_as_text(text).split())) + 1 for text in texts], np.int64),
        )


class SentenceScorer(_Scorer):
    """Scores each sentence by itself.

    Args:
        model: a language model.
        batch_size: int, most sentences read at a time; the answer does not depend on it.
    """

    def __init__(self, model: LanguageModel, batch_size: int = 64):
        super().__init__(model)
        self.batch_size = batch_size

    def losses(self, tokens: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """See `_Scorer`."""
        read, _, _ = sentence_rows(tokens, lengths, self.model.max_tokens)
        ids, rows = read.flat_values.numpy(), read.row_lengths().numpy()
        starts = np.cumsum(rows) - rows
        judge = self.model.judge_rows
        losses = np.zeros(len(tokens))
        order = np.argsort(rows, kind="stable")
        while len(order):
            # The longest first: what does not fit into memory fails at once.
            longest = int(rows[order[-1]])
            number = max(1, min(self.batch_size, _tokens_at_once(self.model) // longest))
            order, chosen = order[:-number], order[-number:]
            places = starts[chosen][:, None] + np.arange(longest)
            real = np.arange(longest) < rows[chosen][:, None]
            places[~real] = 0
            found = judge(np.where(real, ids[places], 0), np.where(real, tokens[places], 0)).numpy()
            losses[places[real]] = found[real]
        return losses


class StreamScorer(_Scorer):
    """Scores sentences that follow each other: all that was read before, in earlier calls too, counts.

    A model with a limited context begins anew after as many tokens as it reads at once.

    Args:
        model: a language model.
    """

    def __init__(self, model: LanguageModel):
        super().__init__(model)
        self.reader = _ColumnReader(model, 1)

    def losses(self, tokens: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """See `_Scorer`."""
        return self.reader.losses(tokens[np.newaxis])[0]


def column_losses(model: LanguageModel, tokens: np.ndarray, columns: int) -> np.ndarray:
    """As `StreamScorer`, quicker: the stream is cut into columns, each of which begins anew.

    Returns:
        float64 `[tokens]`, nats.
    """
    columns = max(1, min(columns, len(tokens)))
    length = -(-len(tokens) // columns)
    padded = np.zeros(columns * length, tokens.dtype)
    padded[: len(tokens)] = tokens
    cut = padded.reshape(columns, length)
    before = np.concatenate([[END_ID], cut[:-1, -1]]) if columns else cut[:, -1]
    return _ColumnReader(model, columns, before).losses(cut).reshape(-1)[: len(tokens)]


class _ColumnReader:
    """Reads columns of a text on and on.

    Args:
        model: a language model.
        columns: int.
        before: int32 `[columns]`, the token before each; an end by default.
    """

    def __init__(self, model: LanguageModel, columns: int, before: np.ndarray | None = None):
        self.model = model
        self.before = np.full(columns, END_ID, np.int32) if before is None else before.astype(np.int32)
        self.state = model.initial_state(columns)
        self.room = model.max_tokens

    def losses(self, tokens: np.ndarray) -> np.ndarray:
        """The negative log-likelihood of the next tokens, int32 `[columns, time]`: float64, nats, 0 for padding."""
        columns, time = tokens.shape
        read = np.concatenate([self.before[:, np.newaxis], tokens[:, :-1]], axis=1) if time else tokens
        most = max(1, _tokens_at_once(self.model) // columns)
        losses, done = np.zeros((columns, time)), 0
        while done < time:
            if self.room == 0:
                self.state, self.room = self.model.initial_state(columns), self.model.max_tokens
            number = min(most, time - done, self.room or most)
            here = slice(done, done + number)
            found, self.state = self.model.judge_columns(read[:, here], tokens[:, here], self.state)
            losses[:, here] = found.numpy()
            done += number
            self.room = None if self.room is None else self.room - number
        if time:
            self.before = tokens[:, -1]
        return losses


def _tokens_at_once(model: LanguageModel) -> int:
    """So many that their distributions over all words take some tens of megabytes."""
    return max(32, _NUMBERS_AT_ONCE // model.softmax.vocabulary_size)


def _unknown_words(preprocessor: SentencePreprocessor, texts: Sequence[str]) -> np.ndarray:
    batches = [texts[start : start + 1024] for start in range(0, len(texts), 1024)]
    return np.concatenate([preprocessor.unknown_words(batch).numpy() for batch in batches])


def _as_text(text: str | bytes) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text

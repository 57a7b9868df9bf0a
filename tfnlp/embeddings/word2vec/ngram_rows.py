"""word2vec's input side with character n-grams: what words share in spelling, they share in their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfnlp.embeddings.word2vec.char_ngrams import CharNgrams, NgramVectors
from tfnlp.embeddings.word2vec.input_side import starting_rows
from tfnlp.embeddings.word2vec.row_table import RowTable


class NgramRows:
    """A word's vector is the mean of its own row and of its n-grams' rows.

    Each of these rows takes the word's whole gradient, as in fastText: so the mean goes as far as one row of
    word2vec would. (The gradient of a mean of n rows is an n-th for each, and a word of 20 n-grams would hardly learn.)
    Only buckets that some word of the vocabulary falls into have a row.

    Args:
        words: the vocabulary.
        ngrams: which n-grams a word has.
        dimension: width of a vector.
        seed: the same seed gives the same start, drawn as that of plain word rows.

    Reference:
        Bojanowski et al., 2017, section 3.2, https://arxiv.org/abs/1607.04606
    """

    # Words differ in how many n-grams they have: a step's shapes hang on its words.
    compilable = False

    def __init__(self, words: Sequence[str], ngrams: CharNgrams, dimension: int, seed: int):
        numbers, splits = ngrams(words)
        self.ngrams = ngrams
        self.seen, compact = np.unique(numbers, return_inverse=True)
        self.words = len(words)
        # Each word's own row goes in front of its n-grams'.
        rows = np.insert((self.words + compact).astype(np.int32), splits[:-1], np.arange(self.words))
        lengths = np.diff(splits) + 1
        self._rows = tf.constant(rows, tf.int32)
        self._starts = tf.constant(np.cumsum(lengths) - lengths, tf.int32)
        self._lengths = tf.constant(lengths, tf.int32)
        self.dimension = dimension
        self.table = RowTable(starting_rows(self.words + len(self.seen), dimension, seed))

    @property
    def variables(self) -> list[tf.Variable]:
        """The rows of the words, then of the buckets: float32 `[words + buckets seen, width]`."""
        return [self.table.values]

    def look_up(self, ids: tf.Tensor) -> tf.Tensor:
        """Int32 ids of words, any shape → their vectors, float32 `[..., padded_width(dimension)]`."""
        unique, position = tf.unique(tf.reshape(ids, [-1]))
        rows, owner = self._rows_of(unique)
        vectors = tf.math.segment_mean(self.table.look_up(rows), owner)
        return tf.gather(vectors, tf.reshape(position, tf.shape(ids)))

    def descend(
        self, ids: tf.Tensor, gradients: tf.Tensor, pairs: tf.Tensor, learning_rate: tf.Tensor
    ) -> None:
        """Moves the words' and their n-grams' rows; arguments as of `RowTable.descend`."""
        unique, position = tf.unique(tf.reshape(ids, [-1]))
        number = tf.size(unique)
        gradients = tf.reshape(gradients, [-1, self.table.values.shape[1]])
        gradients = tf.math.unsorted_segment_sum(gradients, position, number)
        pairs = tf.math.unsorted_segment_sum(tf.reshape(pairs, [-1]), position, number)
        rows, owner = self._rows_of(unique)
        # Summed up row by row here: a scatter in which a row comes twice adds in any order, and rounds in any way.
        rows, position = tf.unique(rows)
        number = tf.size(rows)
        gradients = tf.math.unsorted_segment_sum(tf.gather(gradients, owner), position, number)
        pairs = tf.math.unsorted_segment_sum(tf.gather(pairs, owner), position, number)
        self.table.descend(rows, gradients, pairs, learning_rate)

    def unseen(self) -> NgramVectors:
        """Vectors for words that are not in the vocabulary, as far as has been learnt."""
        return NgramVectors(self.ngrams, self.seen, self.table.values.numpy()[self.words :, : self.dimension])

    def _rows_of(self, ids):
        """These words' rows, one word's behind another's, and which of `ids` each belongs to: int32 `[n]` both."""
        lengths = tf.gather(self._lengths, ids)
        owner = tf.repeat(tf.range(tf.size(ids)), lengths)
        starts = tf.gather(self._starts, ids) - tf.cumsum(lengths, exclusive=True)
        return tf.gather(self._rows, tf.gather(starts, owner) + tf.range(tf.size(owner))), owner

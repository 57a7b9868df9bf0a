"""Lookup tables that read `vocab.txt` themselves, so that a saved model carries the file as an asset."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfnlp.text.vocabulary import UNKNOWN_ID, Vocabulary

VOCABULARY_FILE = "vocab.txt"


class VocabularyAsset(tf.Module):
    """A real `vocab.txt` that `tf.saved_model.save` copies to `assets/vocab.txt`.

    Our own file lies in a temporary folder that lives as long as this object.

    Args:
        vocabulary: the tokens.
    """

    def __init__(self, vocabulary: Vocabulary):
        super().__init__()
        folder = tempfile.mkdtemp(prefix="tfnlp-vocabulary-")
        self._cleanup = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = str(Path(folder, VOCABULARY_FILE))
        vocabulary.save(self._path)
        self.asset = tf.saved_model.Asset(self._path)


class VocabularyTable(VocabularyAsset):
    """A vocabulary inside the graph: strings to ids, and single code points to ids without making strings.

    Both tables are filled from one `vocab.txt`: here from our own, in a saved model from its asset, wherever the
    folder is moved.

    Args:
        vocabulary: the tokens.
        whole_words: whether tokens of several characters are looked up too; False spares their table.
    """

    def __init__(self, vocabulary: Vocabulary, *, whole_words: bool = True):
        super().__init__(vocabulary)
        self.characters = tf.lookup.StaticHashTable(_CodePointInitializer(self._path), UNKNOWN_ID)
        self.words: Any = None
        if whole_words:
            self.words = tf.lookup.StaticHashTable(
                tf.lookup.TextFileInitializer(
                    self._path,
                    key_dtype=tf.string,
                    key_index=tf.lookup.TextFileIndex.WHOLE_LINE,
                    value_dtype=tf.int64,
                    value_index=tf.lookup.TextFileIndex.LINE_NUMBER,
                ),
                UNKNOWN_ID,
            )

    def character_ids(self, code_points: tf.Tensor) -> tf.Tensor:
        """Returns the int32 ids of tokens of one character, given as int32 code points."""
        return tf.cast(self.characters.lookup(tf.cast(code_points, tf.int64)), tf.int32)

    def word_ids(self, words: tf.Tensor) -> tf.Tensor:
        """Returns the int32 ids of string tokens."""
        return tf.cast(self.words.lookup(words), tf.int32)


class _CodePointInitializer(tf.lookup.TextFileInitializer):
    """Fills a table from the lines of a file that hold one character: its code point -> the line's number from 0."""

    def __init__(self, path: str):
        line = tf.lookup.TextFileIndex.LINE_NUMBER
        super().__init__(path, key_dtype=tf.int64, key_index=line, value_dtype=tf.int64, value_index=line)

    @property
    def _shared_name(self) -> str:
        return super()._shared_name + "_code_points"

    def initialize(self, table: tf.lookup.StaticHashTable) -> tf.Operation | None:
        lines = tf.strings.split(tf.io.read_file(tf.convert_to_tensor(self._filename, tf.string)), "\n")
        ids = tf.where(tf.equal(tf.strings.length(lines, unit="UTF8_CHAR"), 1))[:, 0]
        code_points = tf.raw_ops.UnicodeDecode(
            input=tf.gather(lines, ids), input_encoding="UTF-8", errors="strict"
        ).char_values
        # A table may not be filled with nothing; no text holds the code point -1.
        keys = tf.concat([tf.constant([-1], tf.int64), tf.cast(code_points, tf.int64)], axis=0)
        values = tf.concat([tf.constant([UNKNOWN_ID], tf.int64), ids], axis=0)
        return tf.raw_ops.InitializeTableV2(table_handle=table.resource_handle, keys=keys, values=values)

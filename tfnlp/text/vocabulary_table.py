"""Lookup tables that read `vocab.txt` themselves, so that a saved model carries the file as an asset."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

import tensorflow as tf

from tfnlp.text.vocabulary import UNKNOWN_ID, Vocabulary

VOCABULARY_FILE = "vocab.txt"


class VocabularyTable(tf.Module):
    """A vocabulary inside the graph: strings to ids, and single code points to ids without making strings.

    Both tables are filled from one real `vocab.txt`. `tf.saved_model.save` finds it as an asset, copies it to
    `assets/vocab.txt`, and the saved model fills its tables from that copy wherever the folder is moved. Our own
    file lies in a temporary folder that lives as long as this object.

    Args:
        vocabulary: the tokens.
        whole_words: whether tokens of several characters are looked up too; False spares their table.
    """

    def __init__(self, vocabulary: Vocabulary, *, whole_words: bool = True):
        super().__init__()
        folder = tempfile.mkdtemp(prefix="tfnlp-vocabulary-")
        self._cleanup = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        path = str(Path(folder, VOCABULARY_FILE))
        vocabulary.save(path)
        self.asset = tf.saved_model.Asset(path)
        self.characters = tf.lookup.StaticHashTable(_CodePointInitializer(path), UNKNOWN_ID)
        self.words = None
        if whole_words:
            self.words = tf.lookup.StaticHashTable(
                tf.lookup.TextFileInitializer(
                    path,
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
        return tf.raw_ops.InitializeTableV2(
            table_handle=table.resource_handle, keys=tf.cast(code_points, tf.int64), values=ids
        )

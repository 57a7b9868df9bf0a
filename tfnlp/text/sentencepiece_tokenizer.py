"""SentencePiece: pieces learnt from raw text, spaces included."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfnlp.errors import UserError
from tfnlp.text.corpus_stream import stream_batches
from tfnlp.text.tf_text import import_tf_text
from tfnlp.text.tokenizer import Tokenizer, cut_ragged, unpadded
from tfnlp.text.vocabulary import PAD_ID, PAD_TOKEN, UNKNOWN_ID, UNKNOWN_TOKEN, Vocabulary
from tfnlp.text.vocabulary_table import VocabularyAsset

DEFAULT_MAX_SIZE = 8000
MODEL_FILE = "sentencepiece.model"
MODEL_TYPES = ("unigram", "bpe")
_SENTENCE_BYTES = 4000  # the trainer skips anything above 4,192
_SENTENCES = 1_000_000  # the trainer keeps a random sample of this many


@keras.saving.register_keras_serializable(package="tfnlp")
class SentencePieceTokenizer(Tokenizer):
    """Cuts raw texts into pieces of a SentencePiece model that `adapt` learns.

    A piece that begins a word starts with `▁`. Texts are normalised to NFKC, and case-folded with `lowercase`. Has
    neither begin nor end marks; padding is 0 and unknown 1. Needs `tensorflow_text`, and so does the process that
    loads the saved model; learning needs the package `sentencepiece`.

    Args:
        lowercase: bool. Whether to fold case. Defaults to `True`.
        min_count: int. Must stay 1: the model chooses its pieces by likelihood.
        max_size: int or None. Greatest vocabulary `adapt` makes, special tokens included; None stands for 8,000.
        model_type: str. "unigram" or "bpe". Defaults to "unigram".
        character_coverage: float between 0.9 and 1. Share of the corpus's characters that get a piece of their own.

    Raises:
        UserError: if a setting is out of range.

    Reference:
        Kudo and Richardson, SentencePiece, EMNLP 2018, https://arxiv.org/abs/1808.06226
    """

    kind = "sentencepiece"

    def __init__(
        self,
        *,
        lowercase: bool = True,
        min_count: int = 1,
        max_size: int | None = DEFAULT_MAX_SIZE,
        model_type: str = "unigram",
        character_coverage: float = 0.9995,
        **kwargs: Any,
    ):
        super().__init__(lowercase=lowercase, min_count=min_count, max_size=max_size, **kwargs)
        if min_count != 1:
            raise UserError(
                f"SentencePiece knows no `min_count`; set `max_size`. Received: min_count={min_count}"
            )
        if model_type not in MODEL_TYPES:
            raise UserError(f"`model_type` must be one of {MODEL_TYPES}. Received: model_type={model_type!r}")
        if not 0.9 <= character_coverage <= 1:
            raise UserError(
                f"`character_coverage` must lie between 0.9 and 1. Received: character_coverage={character_coverage}"
            )
        self.model_type = model_type
        self.character_coverage = character_coverage
        self._model: bytes | None = None
        self._cutter: Any = None
        self._tokens: Any = None

    def adapt(self, corpus: Iterable[Any]) -> None:
        """Learns the model from a corpus, streamed once; at most a random million of its sentences is held.

        Args:
            corpus: an iterable of str or bytes, a numpy array, or a `tf.data.Dataset` of strings, batched or not.

        Raises:
            UserError: if the corpus is one string, holds anything but strings, or is too small or too rich in
                characters for a model of this size; if `sentencepiece` is not installed.
        """
        sentencepiece = _import_sentencepiece()
        sentencepiece.set_random_generator_seed(0)
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=_sentences(corpus),
                model_writer=model,
                vocab_size=self.max_size or DEFAULT_MAX_SIZE,
                model_type=self.model_type,
                character_coverage=self.character_coverage,
                normalization_rule_name="nmt_nfkc_cf" if self.lowercase else "nmt_nfkc",
                pad_id=PAD_ID,
                unk_id=UNKNOWN_ID,
                bos_id=-1,
                eos_id=-1,
                pad_piece=PAD_TOKEN,
                unk_piece=UNKNOWN_TOKEN,
                hard_vocab_limit=False,
                input_sentence_size=_SENTENCES,
                shuffle_input_sentence=True,
                num_threads=4,  # fixed, since sums over threads decide ties
                minloglevel=2,
            )
        except RuntimeError as error:
            raise UserError(
                f"SentencePiece could not learn a model from this corpus ({error}). Give it more text, raise "
                f"`max_size` (now {self.max_size}) or lower `character_coverage` (now {self.character_coverage})."
            ) from error
        self.set_model(model.getvalue())

    def set_model(self, model: bytes) -> None:
        """Takes a trained SentencePiece model; its piece 0 must be `[PAD]` and its piece 1 `[UNK]`.

        Raises:
            UserError: if the bytes are no model, or the special pieces differ.
        """
        try:
            processor = _import_sentencepiece().SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise UserError(f"These bytes are no SentencePiece model ({error}).") from error
        pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
        self._set_model(model, Vocabulary(pieces))

    def set_vocabulary(self, tokens: Sequence[str] | Vocabulary) -> None:
        """Not for SentencePiece, whose pieces mean nothing without their scores: see `set_model`."""
        raise UserError(
            "A SentencePiece tokenizer needs its whole model. Call `adapt(corpus)` or `set_model(bytes)`."
        )

    @property
    def model(self) -> bytes:
        """The SentencePiece model in use, as the bytes of its file."""
        self._require_vocabulary()
        return self._model or b""

    def settings(self) -> dict[str, Any]:
        """What the Python twin needs, as plain JSON; `model` is the model's file in base64."""
        return {**super().settings(), "model": base64.b64encode(self.model).decode("ascii")}

    def detokenize(self, ids: Any) -> tf.Tensor:
        """Writes ids as texts again.

        Args:
            ids: int tensor `[batch, time]`, ragged `[batch, (tokens)]`, or `[tokens]` for one text. Padding (0) is
                left out, an unknown piece is written ` ⁇ `.

        Returns:
            string tensor `[batch]`, or a scalar.
        """
        self._require_vocabulary()
        ids, scalar = unpadded(ids)
        texts = self._cutter.detokenize(tf.cast(ids, tf.int32))
        return texts[0] if scalar else texts

    def save_assets(self, directory: str) -> None:
        """Writes `vocab.txt` and `sentencepiece.model` into the folder."""
        super().save_assets(directory)
        if self._model is not None:
            Path(directory, MODEL_FILE).write_bytes(self._model)

    def load_assets(self, directory: str) -> None:
        """Reads `vocab.txt` and `sentencepiece.model` from the folder."""
        path = Path(directory, MODEL_FILE)
        if path.exists():
            self._set_model(path.read_bytes(), Vocabulary.load(Path(directory, "vocab.txt")))

    def get_config(self) -> dict[str, Any]:
        """Returns the settings, without the model."""
        return {
            **super().get_config(),
            "model_type": self.model_type,
            "character_coverage": self.character_coverage,
        }

    def _set_model(self, model: bytes, vocabulary: Vocabulary) -> None:
        self._model = model
        self._set(vocabulary)

    def _make_table(self, vocabulary: Vocabulary) -> VocabularyAsset:
        self._cutter = import_tf_text().SentencepieceTokenizer(self._model, out_type=tf.int32)
        self._cutter._model_resource = _named_model(self._cutter._model_resource, self._model or b"")
        self._tokens = tf.constant(vocabulary.tokens)
        return VocabularyAsset(vocabulary)

    def _ids(self, texts: tf.Tensor, max_tokens: int | None, truncate: str) -> tf.RaggedTensor:
        return cut_ragged(self._cutter.tokenize(texts), max_tokens, truncate)

    def _tokens_with_offsets(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, ...]:
        self._require_vocabulary()
        pieces, starts, ends = self._cutter.tokenize_with_offsets(texts)
        tokens = pieces.with_values(tf.gather(self._tokens, pieces.values))
        return tokens, tf.cast(starts, tf.int64), tf.cast(ends, tf.int64)


def _sentences(corpus: Iterable[Any]) -> Iterator[str]:
    """Yields a corpus in lines short enough for the trainer."""
    for batch in stream_batches(corpus):
        for text in batch:
            for line in text.splitlines():
                for start in range(0, len(line), _SENTENCE_BYTES):
                    yield line[start : start + _SENTENCE_BYTES].decode("utf-8", "ignore").replace("\0", "")


def _named_model(resource: Any, model: bytes) -> Any:
    """Gives TF Text's model resource a name of its own, so that the model outlives its kernel.

    TF Text leaves the resource to the kernel that made it, and `tf.random.set_seed` (so `keras.utils.set_random_seed`
    too) drops all cached kernels: every tokenizer alive would fail with "SentencepieceResource does not exist". A
    resource with a shared name stays in the resource manager.
    """
    operations = import_tf_text(
        "tensorflow_text.python.ops.sentencepiece_tokenizer"
    ).gen_sentencepiece_tokenizer
    name = "sentencepiece_" + hashlib.sha256(model).hexdigest()

    class NamedModel(type(resource)):  # type: ignore[misc]
        def _create_resource(self) -> Any:
            return operations.sentencepiece_op(model=model, shared_name=name)

    return NamedModel(model, name)


def _import_sentencepiece() -> Any:
    try:
        import sentencepiece
    except ImportError:
        raise UserError(
            "The sentencepiece tokenizer learns with sentencepiece. Run: pip install sentencepiece"
        ) from None
    return sentencepiece

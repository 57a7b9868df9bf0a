"""The preprocessor once more in plain Python, for places that have no TensorFlow: same text, same ids."""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from tfnlp.errors import UserError, did_you_mean
from tfnlp.text.truncation import check_truncation, truncate_sequence
from tfnlp.text.unicode_table import IGNORE, SINGLE, SPACE, load_table
from tfnlp.text.vocabulary import UNKNOWN_TOKEN, Vocabulary

KINDS = ("word", "char", "space", "wordpiece", "sentencepiece")
MAX_BYTES_PER_WORD = 100  # WordPiece: a longer word is [UNK] as a whole, as in BERT


class PythonPreprocessor:
    """Turns a text into the ids that the graph's `TextPreprocessor` gives, with the standard library alone.

    Graph and twin read one frozen Unicode table, so they agree on every text, broken UTF-8 included. Only the kind
    "sentencepiece" needs a package, `sentencepiece`.

    Args:
        settings: what `TextPreprocessor.settings()` returned: `kind`, `lowercase`, `max_tokens`, `truncate`; for
            the kind "sentencepiece" also `model`, the model's bytes, plain or as base64 text.
        vocabulary: the tokens in the order of their ids, `[PAD]` and `[UNK]` first.

    Raises:
        UserError: if a setting is missing or wrong, or the settings were written with another Unicode table.

    Example:
        >>> twin = PythonPreprocessor({"kind": "char", "lowercase": True, "max_tokens": 4, "truncate": "tail"},
        ...                           ["[PAD]", "[UNK]", "我", "b"])
        >>> twin("我 Bé")
        [2, 1, 3, 1]
    """

    def __init__(self, settings: Mapping[str, Any], vocabulary: Sequence[str]):
        missing = {"kind", "lowercase", "max_tokens", "truncate"} - set(settings)
        if missing:
            raise UserError(
                f"The preprocessor settings lack {sorted(missing)}. Pass what `TextPreprocessor.settings()` gives."
            )
        self.kind = settings["kind"]
        if self.kind not in KINDS:
            hint = did_you_mean(str(self.kind), KINDS)
            raise UserError(f"`kind` must be one of {KINDS}. Received: {self.kind!r}.{hint}")
        check_truncation(settings["max_tokens"], settings["truncate"])
        frozen = settings.get("unicode", load_table().version)
        if frozen != load_table().version:
            raise UserError(
                f"This model's texts were cut with the character table of Unicode {frozen}; this tfnlp holds that of "
                f"{load_table().version}. Install the tfnlp version that exported the model, or export it again."
            )
        self.lowercase = bool(settings["lowercase"])
        self.max_tokens = int(settings["max_tokens"])
        self.truncate = settings["truncate"]
        self.vocabulary = Vocabulary(vocabulary)
        self._processor = _load_sentencepiece(settings.get("model")) if self.kind == "sentencepiece" else None

    def __call__(self, text: str | bytes) -> list[int]:
        """Returns the ids of one text, truncated, without padding; an empty text gives an empty list."""
        if self._processor is not None:
            return truncate_sequence(self._processor.encode(_as_bytes(text)), self.max_tokens, self.truncate)
        tokens = self._split(text)
        if self.kind == "wordpiece":
            tokens = [piece for word in tokens for piece in self._pieces(word)]
        index = self.vocabulary.index
        return [index(token) for token in truncate_sequence(tokens, self.max_tokens, self.truncate)]

    def tokenize(self, text: str | bytes) -> list[str]:
        """Returns all tokens of one text, neither truncated nor replaced by `[UNK]` (but WordPiece knows no other)."""
        if self._processor is not None:
            return self._processor.encode(_as_bytes(text), out_type=str)
        tokens = self._split(text)
        return (
            [piece for word in tokens for piece in self._pieces(word)] if self.kind == "wordpiece" else tokens
        )

    def _split(self, text: str | bytes) -> list[str]:
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        if self.kind == "char":
            shown = text.translate(_translation(self.lowercase, False))
            return list(" ".join(part for part in shown.split(" ") if part))
        shown = text.translate(_translation(self.lowercase, self.kind != "space"))
        return [word for word in shown.split(" ") if word]

    def _pieces(self, word: str) -> list[str]:
        """Cuts a word into the longest pieces from the left; a word that does not come out is `[UNK]`."""
        if len(word.encode("utf-8")) > MAX_BYTES_PER_WORD:
            return [UNKNOWN_TOKEN]
        pieces: list[str] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                if (piece := prefix + word[start:end]) in self.vocabulary:
                    break
            else:
                return [UNKNOWN_TOKEN]
            pieces.append(piece)
            start = end
        return pieces


class _Translation(dict):
    """A `str.translate` table filled as characters are met: classes become spaces, lower-case forms, nothing."""

    def __init__(self, lowercase: bool, isolate: bool):
        super().__init__()
        self.lowercase = lowercase
        self.isolate = isolate

    def __missing__(self, code_point: int) -> str | None:
        table = load_table()
        kind = table.classes[code_point]
        character: str | None = chr(table.lower.get(code_point, code_point) if self.lowercase else code_point)
        if kind == SPACE:
            character = " "
        elif kind == IGNORE:
            character = None
        elif kind == SINGLE and self.isolate:
            character = f" {character} "
        self[code_point] = character
        return character


@functools.cache
def _translation(lowercase: bool, isolate: bool) -> _Translation:
    return _Translation(lowercase, isolate)


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _load_sentencepiece(model: bytes | str | None) -> Any:
    if not model:
        raise UserError(
            "The settings of a SentencePiece preprocessor need `model`, the bytes of its model file."
        )
    try:
        import sentencepiece
    except ImportError:
        raise UserError(
            "This model cuts its texts with SentencePiece, which is not installed. Run: pip install sentencepiece"
        ) from None
    raw = base64.b64decode(model) if isinstance(model, str) else model
    return sentencepiece.SentencePieceProcessor(model_proto=raw)

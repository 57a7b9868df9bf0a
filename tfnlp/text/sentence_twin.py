"""The sentence preprocessor once more in plain Python, for places that have no TensorFlow: same text, same ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tfnlp.text.twin import PythonPreprocessor
from tfnlp.text.unicode_table import is_spaceless
from tfnlp.text.vocabulary import PAD_ID, UNKNOWN_ID

# What corpora that come cut write in the place of a rare word; it is what `[UNK]` learnt.
_UNKNOWN_WORD = "<unk>"
_NO_LIMIT = 1 << 60


class EncodedSentence(NamedTuple):
    """A sentence as ids.

    Attributes:
        token_ids: without an end.
        is_unknown: of each, whether the vocabulary lacks it.
    """

    token_ids: list[int]
    is_unknown: list[bool]


class PythonSentencePreprocessor:
    """Turns a text into the ids that the graph's `SentencePreprocessor` gives, and ids into the text that it writes.

    Args:
        settings: what `SentencePreprocessor.settings()` returned.
        vocabulary: the tokens in the order of their ids, `[PAD]`, `[UNK]` and `</s>` first.

    Raises:
        UserError: if a setting is missing or wrong, or the settings were written with another Unicode table.
    """

    def __init__(self, settings: Mapping[str, Any], vocabulary: Sequence[str]):
        self.end_id: int = settings["end_id"]
        self.tokens = list(vocabulary)
        self._twin = PythonPreprocessor(
            {**settings, "max_tokens": _NO_LIMIT, "truncate": "tail"}, self.tokens
        )
        self.kind = self._twin.kind

    @property
    def joins_cut_words(self) -> bool:
        """Whether spaces that part words cut by hand, in Chinese, are none of the text that this reads."""
        return self.kind != "space"

    def __call__(self, text: str | bytes) -> EncodedSentence:
        """The ids of one text, without its end."""
        ids, unknown = [], []
        for token in self._twin.tokenize(text):
            found = self._twin.vocabulary.index(token)
            # A word `[PAD]` that stands in a text is no padding, and `</s>` none of the ends.
            ids.append(UNKNOWN_ID if found in (PAD_ID, self.end_id) else found)
            unknown.append(ids[-1] == UNKNOWN_ID and not (self.kind == "space" and token == _UNKNOWN_WORD))
        return EncodedSentence(ids, unknown)

    def detokenize(self, token_ids: Iterable[int]) -> str:
        """Writes ids as a text again, ends and padding left out; see `Tokenizer.detokenize`."""
        text, spaced = "", False
        for token in (self.tokens[i] for i in token_ids if i not in (PAD_ID, self.end_id)):
            before, after = self._spacing(token)
            text += f" {token}" if spaced and before else token
            spaced = after
        return text

    def _spacing(self, token: str) -> tuple[bool, bool]:
        if self.kind == "space":
            return True, True
        if self.kind == "char":
            return False, False
        return not is_spaceless(token[0]), not is_spaceless(token[-1])

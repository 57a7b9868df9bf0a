"""A language model's texts: prompts in, prompts and what follows out, wholly in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from tfnlp.decoding.beam import beam_search
from tfnlp.decoding.choice import Choice
from tfnlp.decoding.loop import Generated, generate_ids
from tfnlp.decoding.stop_texts import StopTexts
from tfnlp.text.padding import pad_ragged
from tfnlp.text.vocabulary import UNKNOWN_ID

if TYPE_CHECKING:
    from tfnlp.tasks.language_model_network import LanguageModelNetwork

# What is never written: a word that is none.
FORBIDDEN = (UNKNOWN_ID,)


class Written(NamedTuple):
    """Texts and what they are made of.

    Attributes:
        texts: string `[batch]`, the prompts as they came and what follows.
        generated: the tokens that follow.
    """

    texts: Any
    generated: Generated


class EncodedPrompts(NamedTuple):
    """Prompts as a model reads them.

    Attributes:
        token_ids: int32 `[batch, time]`, beginning with the sentence's end that stands before it, padded with 0.
        lengths: int32 `[batch]`.
        limits: int32 `[batch]`, how many tokens may follow at most.
        dropped: int32 `[batch]`, how many tokens of the beginning did not find room.
    """

    token_ids: Any
    lengths: Any
    limits: Any
    dropped: Any


class SentenceWriter:
    """Goes on with texts.

    Args:
        model: the language model.
    """

    def __init__(self, model: LanguageModelNetwork):
        self.model = model
        self.end_id: int = model.preprocessor.end_id
        # Graphs of their own: their tables, of characters and of words, are saved once however often they are asked.
        self.ragged = tf.function(
            model.preprocessor.ragged, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
        )
        self.detokenize = tf.function(
            model.preprocessor.detokenize,
            input_signature=[tf.TensorSpec([None, None], tf.int32)],
            autograph=False,
        )

    def encode(self, prompts: Any, max_tokens: Any) -> EncodedPrompts:
        """Turns prompts into ids.

        A model that reads so many tokens at most keeps a prompt's last ones: so many that what is to follow has room,
        but half of all at least.

        Args:
            prompts: string `[batch]`.
            max_tokens: int32, how many tokens are to follow: a scalar, or one for each `[batch]`.
        """
        ids = self.ragged(prompts)
        ids = tf.concat([tf.fill([ids.nrows(), 1], self.end_id), ids], axis=1)
        whole = tf.cast(ids.row_lengths(), tf.int32)
        limits = tf.broadcast_to(tf.cast(max_tokens, tf.int32), tf.shape(whole))
        room = self.model.max_tokens
        if room is None:
            return EncodedPrompts(pad_ragged(ids), whole, limits, tf.zeros_like(whole))
        # The last token that follows is not read.
        lengths = tf.minimum(whole, tf.maximum(room - limits + 1, (room + 1) // 2))
        dropped = whole - lengths
        ends = tf.cast(ids.row_limits(), tf.int32)
        places = tf.ragged.range(ends - lengths, ends)
        ids = places.with_values(tf.gather(ids.values, places.values))
        return EncodedPrompts(pad_ragged(ids), lengths, tf.minimum(limits, room - lengths + 1), dropped)

    def write(
        self,
        prompts: Any,
        *,
        max_tokens: Any,
        choice: Choice,
        seed: Any = 0,
        beams: int | None = None,
        length_penalty: Any = 0.0,
        stop: StopTexts | None = None,
    ) -> Written:
        """Goes on with prompts; each text is the same alone and in any batch.

        Args:
            prompts: string `[batch]`.
            max_tokens: int32, tokens to add at most: a scalar, or one for each `[batch]`.
            choice: how they are chosen.
            seed: int, a scalar or `[batch]`; see `prompt_streams`.
            beams: how many, to search the likeliest text instead of drawing.
            length_penalty: of the beams, a scalar or one for each `[batch]`; see `beam_search`.
            stop: each text ends before the first of these.
        """
        encoded = self.encode(prompts, max_tokens)
        options = {
            "end_id": self.end_id,
            "max_tokens": encoded.limits,
            "choice": choice,
            "is_stopped": None if stop is None else lambda ids: stop.found_in_graph(self.detokenize(ids)),
            "read_on": self.model.read_on,
        }
        state = self.model.initial_state(tf.shape(encoded.token_ids)[0])
        given = (self.model.step, state, encoded.token_ids, encoded.lengths)
        if beams is None:
            generated = generate_ids(*given, seed=seed, **options)
        else:
            found = beam_search(*given, beams=beams, length_penalty=length_penalty, **options)
            lengths = found.lengths[:, 0]
            width = tf.reduce_max(tf.concat([[0], lengths], 0))
            generated = Generated(
                found.token_ids[:, 0, :width], lengths, found.log_probabilities[:, 0, :width]
            )
        following = self.following(encoded, generated.token_ids, prompts)
        if stop is not None:
            following = stop.cut_in_graph(following)
        return Written(tf.strings.join([prompts, following]), generated)

    def following(self, encoded: EncodedPrompts, token_ids: Any, prompts: Any) -> Any:
        """What tokens add to the texts of prompts, the space between included where there is to be one.

        Args:
            encoded: the prompts.
            token_ids: int32 `[batch, time]`, padded with 0.
            prompts: string `[batch]`, the prompts' texts.

        Returns:
            string `[batch]`.
        """
        before = tf.where(
            tf.sequence_mask(encoded.lengths, tf.shape(encoded.token_ids)[1]), encoded.token_ids, 0
        )
        head = self.detokenize(before)
        whole = self.detokenize(tf.concat([before, token_ids], axis=1))
        added = tf.strings.substr(whole, tf.strings.length(head), tf.fill(tf.shape(head), 1 << 30))
        # The prompt's own space at its end, which no tokenizer keeps, stands for the one between two words.
        twice = tf.strings.regex_full_match(prompts, r"(?s).*\s") & tf.strings.regex_full_match(
            added, "(?s) .*"
        )
        skipped = tf.cast(twice, tf.int32)
        return tf.strings.substr(added, skipped, tf.fill(tf.shape(head), 1 << 30))

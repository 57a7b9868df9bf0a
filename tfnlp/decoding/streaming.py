"""Goes on with one prompt and hands out each token as it comes: the same tokens that the loop in the graph gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from tfnlp.decoding.choice import Choice, also_seen
from tfnlp.decoding.loop import first_seen
from tfnlp.decoding.prompts import ReadOn, Step, read_prompts
from tfnlp.decoding.streams import prompt_streams


class StreamedToken(NamedTuple):
    """A token as it comes.

    Attributes:
        token_id: its id; the sentence's end is one, the last.
        log_probability: in nats, under the model itself.
    """

    token_id: int
    log_probability: float


class TokenStream:
    """Hands out tokens one by one.

    Its two graphs, the prompt's and one token's, are traced once and kept.

    Args:
        step: the model; see `tfnlp.decoding`.
        end_id: the sentence's end.
        read_on: see `read_prompts`.
    """

    def __init__(self, step: Step, end_id: int, read_on: ReadOn | None = None):
        self.end_id = end_id

        def begin(ids: Any, state: Any, uniform: Any, choice: Any) -> tuple[Any, ...]:
            lengths = tf.shape(ids)[1][tf.newaxis]
            logits, state = read_prompts(step, state, ids, lengths, read_on)
            choice = Choice(**choice)
            seen = first_seen(choice, ids, lengths, logits, end_id)
            return *choose(logits, seen, uniform, choice), state

        def go_on(tokens: Any, state: Any, seen: Any, uniform: Any, choice: Any) -> tuple[Any, ...]:
            logits, state = step(tokens, state)
            return *choose(logits, seen, uniform, Choice(**choice)), state

        def choose(logits: Any, seen: Any, uniform: Any, choice: Choice) -> tuple[Any, Any, Any]:
            tokens, own = choice.choose(logits, seen, uniform)
            if choice.repetition_penalty is not None:
                seen = also_seen(seen, tokens, but=end_id)
            return tokens, own, seen

        self._begin: Callable[..., Any] = tf.function(begin, autograph=False, reduce_retracing=True)
        self._go_on: Callable[..., Any] = tf.function(go_on, autograph=False)

    def __call__(
        self, state: tuple[Any, ...], prompt_ids: Any, *, max_tokens: int, choice: Choice, seed: int = 0
    ) -> Iterator[StreamedToken]:
        """Goes on until the sentence ends, or nobody asks for more.

        Args:
            state: what was read before the prompt, tensors `[1, ...]`.
            prompt_ids: int32 `[1, time]`, at least one.
            max_tokens: how many tokens at most.
            choice: how each is chosen.
            seed: see `prompt_streams`.
        """
        if max_tokens < 1:
            return
        uniforms = (
            tf.zeros([1, max_tokens])
            if choice.greedy
            else prompt_streams(seed, prompt_ids, tf.shape(prompt_ids)[1][tf.newaxis], max_tokens)
        )
        values = _as_arguments(choice)
        tokens, own, seen, state = self._begin(prompt_ids, state, uniforms[:, 0], values)
        for place in range(1, max_tokens + 1):
            token = int(tokens[0])
            yield StreamedToken(token, float(own[0]))
            if token == self.end_id or place == max_tokens:
                return
            tokens, own, seen, state = self._go_on(tokens, state, seen, uniforms[:, place], values)


def _as_arguments(choice: Choice) -> dict[str, Any]:
    """A choice as arguments of a traced function: numbers as tensors, so that another number needs no other graph."""
    return {
        "greedy": choice.greedy,
        "forbidden": tuple(choice.forbidden),
        "temperature": _tensor(choice.temperature, tf.float32),
        "top_k": _tensor(choice.top_k, tf.int32),
        "top_p": _tensor(choice.top_p, tf.float32),
        "repetition_penalty": _tensor(choice.repetition_penalty, tf.float32),
    }


def _tensor(number: Any, dtype: Any) -> Any:
    return None if number is None else tf.constant(number, dtype)

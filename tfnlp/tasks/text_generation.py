"""What makes a language model write: `generate` and `stream_text`."""

from __future__ import annotations

import dataclasses
import logging
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from tfnlp.decoding.choice import Choice
from tfnlp.decoding.random_numbers import as_int64, seeds_of
from tfnlp.decoding.settings import DecodingSettings
from tfnlp.decoding.stop_texts import StopTexts
from tfnlp.decoding.streaming import TokenStream
from tfnlp.errors import UserError
from tfnlp.tasks.sentence_writing import FORBIDDEN, EncodedPrompts, SentenceWriter

logger = logging.getLogger(__name__)

# Prompts that go through the graph together; the texts do not depend on it.
_PROMPTS_AT_ONCE = 64
# What of a `Choice` is a number.
_NUMBERS = ("temperature", "top_k", "top_p", "repetition_penalty")


class TextGeneration:
    """The part of a `LanguageModel` that writes. Its graphs are traced when they are first asked, and kept."""

    _writing: Any = None
    _streaming: Any = None

    def generate(
        self,
        prompt: str | Sequence[str] = "",
        *,
        max_tokens: int = 100,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        repetition_penalty: float | None = None,
        beams: int | None = None,
        length_penalty: float = 0.0,
        stop: Sequence[str] = (),
        seed: int | None = None,
    ) -> Any:
        """Goes on with a text until its sentence ends.

        A text depends on its prompt, the settings and the seed, and on nothing else in the list. Of equal prompts each
        has a text of its own: the second that which it alone would have with the next seed, and so on. An unknown word
        is never written. A model with a limited context reads a prompt's last tokens if they are too many, and warns.

        Args:
            prompt: the beginning of a sentence, or a list of such.
            max_tokens: tokens to add at most.
            temperature: above 0; below 1 the likely becomes likelier, above 1 all become more alike.
            top_k: draw from the so many likeliest tokens; 1 is greedy. None for all.
            top_p: draw from the likeliest tokens that together have this probability. None for all.
            repetition_penalty: at least 1; makes less of tokens that stand in the text already. None for 1.
            beams: search for the likeliest text with so many at a time, instead of drawing. None to draw.
            length_penalty: of the beams, 0 or more: the more, the longer the texts that win.
            stop: the text ends before the first of these.
            seed: the same seed says the same; None for another text each time.

        Returns:
            the prompt, as it came, and what follows; a list for a list.

        Raises:
            UserError: if an option is out of range.
        """
        settings = DecodingSettings(
            max_tokens=max_tokens,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            repetition_penalty=repetition_penalty,
            beams=beams,
            length_penalty=length_penalty,
            stop=stop,
            seed=seed,
        )
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        self._warn_of_long(self._encoded(prompts, settings))
        writing = self._graphs()
        seed = random_seed() if seed is None else seed
        texts: list[str] = []
        seeds = seeds_of(prompts, seed)
        for start in range(0, len(prompts), _PROMPTS_AT_ONCE):
            here = slice(start, start + _PROMPTS_AT_ONCE)
            texts += writing(prompts[here], settings, seeds[here])
        return texts[0] if isinstance(prompt, str) else texts

    def stream_text(self, prompt: str = "", **settings: Any) -> Iterator[str]:
        """Goes on with a text piece by piece, as it comes: put behind the prompt they are what `generate` returns.

        Args:
            prompt: the beginning of a sentence.
            **settings: as for `generate`, but for beams, which are searched to the end before there is a text.

        Yields:
            texts, none of them empty.

        Raises:
            UserError: if an option is out of range.
        """
        asked = DecodingSettings(**settings)
        if asked.beams is not None:
            raise UserError("`beams` are searched to the end before there is a text: use `generate`.")
        encoded = self._encoded([prompt], asked)
        self._warn_of_long(encoded)
        seed = random_seed() if asked.seed is None else asked.seed
        return self._pieces(prompt, encoded, asked, seed)

    def forget_traces(self) -> None:
        """Drops what was traced: it would go on in another precision than the layers now have."""
        self._writing = self._streaming = None

    def _pieces(
        self, prompt: str, encoded: EncodedPrompts, settings: DecodingSettings, seed: int
    ) -> Iterator[str]:
        if self._streaming is None:
            self._streaming = _Streaming(self, self._graphs().writer)
        stream, following = self._streaming.tokens, self._streaming.following
        stop = StopTexts(settings.stop) if settings.stop else None
        token_ids: list[int] = []
        given = ""
        prompt_ids = encoded.token_ids[:, : int(encoded.lengths[0])]
        for token in stream(
            self.initial_state(1),  # type: ignore[attr-defined]
            prompt_ids,
            max_tokens=int(encoded.limits[0]),
            choice=Choice.of(settings, FORBIDDEN),
            seed=tf.constant(as_int64(seed), tf.int64),
        ):
            token_ids.append(token.token_id)
            text = following(encoded, [token_ids], [prompt]).numpy()[0].decode()
            sure = text if stop is None else stop.safe(stop.cut(text))
            if len(sure) > len(given):
                yield sure[len(given) :]
                given = sure
            if stop is not None and stop.found(text):
                return
        if token_ids and len(text) > len(given):
            yield text[len(given) :]  # no stop text came of its end

    def _graphs(self) -> _Writing:
        if self._writing is None:
            self._writing = _Writing(self)
        return self._writing

    def _encoded(self, prompts: Sequence[str], settings: DecodingSettings) -> EncodedPrompts:
        return self._graphs().encode(as_strings(prompts), tf.constant(settings.max_tokens))

    def _warn_of_long(self, encoded: EncodedPrompts) -> None:
        dropped = encoded.dropped.numpy()
        if dropped.any():
            logger.warning(
                "the model reads %d tokens at once at most: of %d prompts it did not read the first tokens, up to %d",
                self.max_tokens,  # type: ignore[attr-defined]
                int((dropped > 0).sum()),
                int(dropped.max()),
            )


class _Streaming:
    """The graphs of a stream."""

    def __init__(self, model: Any, writer: SentenceWriter):
        self.tokens = TokenStream(model.step, writer.end_id, model.read_on)
        following = tf.function(writer.following, autograph=False, reduce_retracing=True)
        self.following = lambda encoded, ids, prompts: following(
            encoded, tf.constant(ids, tf.int32), as_strings(prompts)
        )


class _Writing:
    """The graphs of `SentenceWriter.write`: one for each kind of settings, whatever their numbers are."""

    def __init__(self, model: Any):
        self.writer = SentenceWriter(model)
        self.encode = tf.function(
            self.writer.encode,
            input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([], tf.int32)],
            autograph=False,
        )
        self._graphs: dict[Any, Any] = {}

    def __call__(self, prompts: Sequence[str], settings: DecodingSettings, seeds: Sequence[int]) -> list[str]:
        choice = dataclasses.asdict(Choice.of(settings, FORBIDDEN))
        numbers = {name: choice[name] for name in _NUMBERS if choice[name] is not None}
        kind = (choice["greedy"], tuple(numbers), settings.beams, tuple(settings.stop))
        if kind not in self._graphs:
            self._graphs[kind] = self._trace(*kind)
        texts = self._graphs[kind](
            as_strings(prompts),
            tf.constant(settings.max_tokens),
            tf.constant(seeds, tf.int64),
            tf.constant(list(numbers.values()), tf.float32),
            tf.constant(settings.length_penalty, tf.float32),
        )
        return [text.decode("utf-8", "replace") for text in texts.numpy()]

    def _trace(self, greedy: bool, names: tuple[str, ...], beams: int | None, stop: tuple[str, ...]) -> Any:
        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string),
                tf.TensorSpec([], tf.int32),
                tf.TensorSpec([None], tf.int64),
                tf.TensorSpec([len(names)], tf.float32),
                tf.TensorSpec([], tf.float32),
            ],
            autograph=False,
        )
        def write(prompts: Any, max_tokens: Any, seeds: Any, numbers: Any, length_penalty: Any) -> Any:
            return self.writer.write(
                prompts,
                max_tokens=max_tokens,
                choice=Choice(
                    greedy=greedy, forbidden=FORBIDDEN, **{name: numbers[i] for i, name in enumerate(names)}
                ),
                seed=seeds,
                beams=beams,
                length_penalty=length_penalty,
                stop=StopTexts(stop) if stop else None,
            ).texts

        return write.get_concrete_function()


def as_strings(texts: Sequence[str]) -> Any:
    """Texts as a string tensor `[batch]`."""
    # A lone surrogate has no UTF-8; as the bytes it would have had, it is one more unknown character.
    return tf.constant([text.encode("utf-8", "surrogatepass") for text in texts], tf.string)


def random_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbits(63)

"""A language model on a small device: a `.tflite` file of one step, NumPy and the LiteRT interpreter."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tfnlp.decoding.numpy_choice import NumpyChoice
from tfnlp.decoding.random_numbers import prompt_stream, seeds_of
from tfnlp.decoding.settings import DecodingSettings
from tfnlp.decoding.stop_texts import StopTexts
from tfnlp.edge.lite_runner import LiteRunner
from tfnlp.edge.model_file import LANGUAGE_MODEL, ModelFile
from tfnlp.errors import UserError
from tfnlp.evaluation.perplexity import SentenceScores
from tfnlp.text.sentence_twin import PythonSentencePreprocessor
from tfnlp.text.vocabulary import UNKNOWN_ID

State = list[np.ndarray]


class EdgeLanguageModel:
    """Scores and writes texts with a `.tflite` file alone.

    ```python
    model = EdgeLanguageModel("model.int8.tflite")
    model.generate("the cat", top_k=1)  # "the cat sat on the mat"
    model.score(["the cat sat"]).log_probabilities
    ```

    The file holds one step: a token's id and a state in, log-probabilities of the next token and a state out. With the
    same seed a text is that of `LanguageModel.generate`, but where rounding falls between two tokens.

    Args:
        path: a file written by `tfnlp export --lite` of a language model.
        num_threads: threads for one step, at least 1.

    Attributes:
        max_tokens: how many tokens the model reads at once at most, or None.
        settings: how a text becomes token ids.

    Raises:
        UserError: if the file is not such a file.
    """

    kind = LANGUAGE_MODEL

    def __init__(self, path: str | os.PathLike[str], num_threads: int = 1):
        file = ModelFile.read(path)
        if file.task != LANGUAGE_MODEL:
            raise UserError(f"`{path}` is a {file.task}, not a language model.")
        self.name = file.name
        self.settings = file.preprocessor
        self.max_tokens: int | None = file.settings["context"]
        self.preprocessor = PythonSentencePreprocessor(file.preprocessor, file.vocabulary)
        self._network = LiteRunner(file.model, path, num_threads)
        self._names = sorted(name for name in self._network.shapes if name != "token_id")
        if self._network.output_shapes[0] != (1, len(file.vocabulary)):
            raise UserError(
                f"`{path}` foretells {self._network.output_shapes[0][-1]} tokens but names {len(file.vocabulary)}. "
                "Export it anew."
            )

    def initial_state(self) -> State:
        """What is known before the first token."""
        return self._network.zeros(self._names)

    def step(self, token_id: int, state: State) -> tuple[np.ndarray, State]:
        """Reads one token more: float32 `[vocabulary]`, log-probabilities of the one after it, and the state."""
        inputs = dict(zip(self._names, state, strict=True))
        logs, *state = self._network.run({**inputs, "token_id": np.asarray([token_id], np.int32)})
        return logs[0], state

    def score(self, texts: Sequence[str | bytes]) -> SentenceScores:
        """Log-probabilities of sentences; see `LanguageModel.score`."""
        if isinstance(texts, str | bytes):
            raise UserError("`texts` must be a list of texts. Received one text: put it in brackets.")
        rows = [self._scored(text) for text in texts]
        logs, known, tokens, unknown, characters = zip(*rows) if rows else [()] * 5
        nowhere = np.zeros(len(rows), np.int64)
        return SentenceScores(
            np.asarray(logs, np.float64),
            np.asarray(known, np.float64),
            np.asarray(tokens, np.int64),
            np.asarray(unknown, np.int64),
            nowhere,
            nowhere,
            np.asarray(characters, np.int64),
        )

    def _scored(self, text: str | bytes) -> tuple[float, float, int, int, int]:
        ids, is_unknown = self.preprocessor(text)
        end = self.preprocessor.end_id
        total = known = 0.0
        state: State = []
        for place, (token, target, strange) in enumerate(zip([end, *ids], [*ids, end], [*is_unknown, False])):
            if place % (self.max_tokens or len(ids) + 1) == 0:  # what is longer begins anew
                state = self.initial_state()
            logs, state = self.step(token, state)
            total += float(logs[target])
            known += 0.0 if strange else float(logs[target])
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return total, known, len(ids) + 1, sum(is_unknown), len(" ".join(shown.split())) + 1

    def generate(self, prompt: str | Sequence[str] = "", **settings: Any) -> Any:
        """Goes on with a text until its sentence ends; see `LanguageModel.generate`.

        Args:
            prompt: the beginning of a sentence, or a list of such.
            **settings: as for `LanguageModel.generate`, but for beams.

        Returns:
            the prompt and what follows; a list for a list.

        Raises:
            UserError: if an option is out of range, or beams are asked for.
        """
        if isinstance(prompt, str):
            return prompt + "".join(self.stream_text(prompt, **settings))
        seed = settings.pop("seed", None)
        seeds = seeds_of(prompt, secrets.randbits(62) if seed is None else seed)
        return [self.generate(one, seed=own, **settings) for one, own in zip(prompt, seeds)]

    def stream_text(self, prompt: str = "", **settings: Any) -> Iterator[str]:
        """Goes on with a text piece by piece, as it comes; see `LanguageModel.stream_text`."""
        asked = DecodingSettings(**settings)
        if asked.beams is not None:
            raise UserError("a .tflite file searches with no beams: ask the run, or leave `beams` out.")
        return self._pieces(prompt, asked)

    def _pieces(self, prompt: str, settings: DecodingSettings) -> Iterator[str]:
        stop = StopTexts(settings.stop) if settings.stop else None
        read, following = self._prompt(prompt, settings.max_tokens)
        given, text = "", ""
        written: list[int] = []
        for token, _ in self._tokens(read, settings):
            written.append(token)
            text = following(written)
            sure = text if stop is None else stop.safe(stop.cut(text))
            if len(sure) > len(given):
                yield sure[len(given) :]
                given = sure
            if stop is not None and stop.found(text):
                return
        if len(text) > len(given):
            yield text[len(given) :]

    def greedy(self, prompt: str | bytes, max_tokens: int) -> tuple[bytes, int, float]:
        """The likeliest text token by token, as the export's `serving_default` answers.

        Returns:
            the prompt and what follows, in UTF-8; how many tokens follow, the end among them; their log-probability.
        """
        read, following = self._prompt(prompt, max_tokens)
        found = list(self._tokens(read, DecodingSettings(max_tokens=max_tokens, top_k=1)))
        text = following([token for token, _ in found])
        start = prompt if isinstance(prompt, bytes) else prompt.encode("utf-8", "surrogatepass")
        return start + text.encode(), len(found), sum(own for _, own in found)

    def _prompt(self, prompt: str | bytes, max_tokens: int) -> tuple[list[int], Any]:
        """The ids to read, as `SentenceWriter.encode` keeps them; and what gives the text of ids after them."""
        ids = [self.preprocessor.end_id, *self.preprocessor(prompt).token_ids]
        if self.max_tokens is not None:
            ids = ids[-max(self.max_tokens - max_tokens + 1, (self.max_tokens + 1) // 2) :]
        head = len(self.preprocessor.detokenize(ids))
        spaced = bool(prompt) and prompt[-1:].isspace()

        def following(written: Sequence[int]) -> str:
            text = self.preprocessor.detokenize([*ids, *written])[head:]
            return text[1:] if spaced and text.startswith(" ") else text

        return ids, following

    def _tokens(self, prompt_ids: list[int], settings: DecodingSettings) -> Iterator[tuple[int, float]]:
        """Tokens that follow and their log-probabilities."""
        limit = settings.max_tokens
        if self.max_tokens is not None:
            limit = min(limit, self.max_tokens - len(prompt_ids) + 1)
        if not limit:
            return
        state, logs = self.initial_state(), np.zeros(0, np.float32)
        for token in prompt_ids:
            logs, state = self.step(token, state)
        end = self.preprocessor.end_id
        seed = secrets.randbits(63) if settings.seed is None else settings.seed
        uniforms = prompt_stream(seed, np.asarray(prompt_ids), limit)
        choice = NumpyChoice(
            None if settings.temperature == 1 else settings.temperature,
            settings.top_k,
            settings.top_p,
            settings.repetition_penalty,
            forbidden=(UNKNOWN_ID,),
        )
        seen = np.zeros(len(logs), bool)
        seen[[token for token in prompt_ids if token != end]] = True
        for place in range(limit):
            token, own = choice.choose(logs, seen, float(uniforms[place]))
            yield token, own
            if token == end or place + 1 == limit:
                return
            seen[token] = True
            logs, state = self.step(token, state)

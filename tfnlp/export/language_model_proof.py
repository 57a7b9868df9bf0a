"""The proof of a language model: texts with their probabilities, prompts with what follows, and another copy's."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfnlp.errors import UserError
from tfnlp.export.portable import portable
from tfnlp.export.proof_texts import ProofText, as_bytes, awkward_proof_texts, read_proof_file, write_proof

# A sentence is read token by token, in every copy: a few hundred tell as much as thousands.
_MOST_TEXTS = 200
# Prompts that are gone on with, a hundred tokens each.
_MOST_PROMPTS = 24
# Awkward texts are told by what is repeated in them: a megabyte, a token a byte, would take minutes.
_MOST_BYTES = 40_000
_MOST_LITE_BYTES = _MOST_PROMPT_BYTES = 4_000


@dataclasses.dataclass(frozen=True)
class Telling:
    """The answer to one text.

    Attributes:
        log_probability: nats, of the whole text.
        tokens: of the text, its end among them.
        unknown: how many of them the vocabulary lacks.
        written: its beginning, and what greedily follows it, in UTF-8; None where that was not asked.
        written_tokens: how many tokens follow.
        written_log_probability: nats, of these.
    """

    log_probability: float
    tokens: int
    unknown: int
    written: bytes | None = None
    written_tokens: int = 0
    written_log_probability: float = 0.0


@dataclasses.dataclass(frozen=True)
class LanguageModelProof:
    """What every copy of a language model is held against.

    The methods are those of `tfnlp.export.task_export.Proof`. A score is the mean of a text's log-probabilities.

    Attributes:
        texts: what was asked.
        tellings: Keras's answers, computed on the CPU in float32.
        margins: float `[texts]`, how much likelier than the second each token that followed was at least, in nats:
            where that is next to nothing, rounding may choose another text.
    """

    texts: list[ProofText]
    tellings: list[Telling]
    margins: np.ndarray

    labels: ClassVar[list[str]] = []
    tolerance: ClassVar[float] = 1e-4
    asker: ClassVar[Path] = Path(__file__).with_name("ask_language_model.py")

    @property
    def own(self) -> list[Telling | None]:
        """Keras's answers."""
        return list(self.tellings)

    def job(self) -> dict[str, Any]:
        """The prompts, base64, or null for a text that has none."""
        prompts = [prompt_of(text, telling) for text, telling in zip(self.texts, self.tellings)]
        return {"prompts": [None if p is None else base64.b64encode(p).decode() for p in prompts]}

    def read_answers(self, found: Any) -> tuple[list[str], list[Telling | None], str]:
        """What the script found."""
        written = [base64.b64decode(text) for text in found["written"].tolist()]
        asked = found["asked"]
        tellings: list[Telling | None] = [
            Telling(
                float(found["log_probability"][row]),
                int(found["tokens"][row]),
                int(found["unknown"][row]),
                *(
                    (
                        written[row],
                        int(found["written_tokens"][row]),
                        float(found["written_log_probability"][row]),
                    )
                    if asked[row]
                    else ()
                ),
            )
            for row in range(len(self.texts))
        ]
        complaint = ""
        if found["odd_perplexity"].size:
            count = found["odd_perplexity"].size
            complaint = f"`perplexity` is not that of `log_probability` and `tokens` in {count} texts"
        elif found["other_drawn"].size:
            complaint = (
                f"with one seed, {found['other_drawn'].size} prompts get another text in another batch"
            )
        return [], tellings, complaint

    def ask_lite(self, path: Path) -> tuple[list[str], list[Telling | None], Callable[[bytes], Any]]:
        """Asks a `.tflite` file, token by token; of the awkward texts only those of up to 4,000 bytes."""
        from tfnlp.edge import EdgeLanguageModel
        from tfnlp.export.language_model_serving import DEFAULT_TOKENS

        model = EdgeLanguageModel(path)
        tellings: list[Telling | None] = []
        for text, own in zip(self.texts, self.tellings):
            if text.awkward is not None and len(text.unit) * text.times > _MOST_LITE_BYTES:
                tellings.append(None)
                continue
            scores = model.score([text.content])
            prompt = prompt_of(text, own)
            tellings.append(
                Telling(
                    float(scores.log_probabilities[0]),
                    int(scores.tokens[0]),
                    int(scores.unknown[0]),
                    *(() if prompt is None else model.greedy(prompt, DEFAULT_TOKENS)),
                )
            )
        return [], tellings, lambda text: model.score([text])

    def differences(self, answers: Sequence[Telling | None]) -> tuple[np.ndarray, float]:
        """Per text how far the mean log-probability of its tokens, or of what follows, is off; NaN for nonsense."""
        greatest = []
        for own, given in zip(self.tellings, self._as_many(answers)):
            if given is None:
                greatest.append(0.0)
            elif (given.tokens, given.unknown) != (own.tokens, own.unknown):
                greatest.append(math.nan)
            else:
                difference = abs(given.log_probability - own.log_probability) / own.tokens
                if own.written is not None and given.written == own.written:
                    off = abs(given.written_log_probability - own.written_log_probability)
                    difference = max(difference, off / max(own.written_tokens, 1))
                greatest.append(difference)
        found = np.asarray(greatest)
        return found, float(found.mean()) if found.size else 0.0

    def equal(self, answers: Sequence[Telling | None], tie: float) -> np.ndarray:
        """Per text whether the same follows, or a token that follows ties with another: bool `[texts]`."""
        same = [
            given is None or own.written is None or given.written == own.written
            for own, given in zip(self.tellings, self._as_many(answers))
        ]
        return np.asarray(same, bool) | (self.margins <= tie)

    def accuracy(self, answers: Sequence[Telling | None]) -> None:
        """A language model is right or wrong about nothing; see `perplexity`."""

    def perplexity(self, answers: Sequence[Telling | None]) -> float | None:
        """That of the validation texts: e to the nats a token. None without any."""
        known = [
            given for text, given in zip(self.texts, answers) if text.awkward is None and given is not None
        ]
        tokens = sum(telling.tokens for telling in known)
        if not tokens:
            return None
        return math.exp(min(-sum(telling.log_probability for telling in known) / tokens, 700.0))

    def _as_many(self, answers: Sequence[Telling | None]) -> Sequence[Telling | None]:
        nonsense = Telling(math.nan, -1, -1)
        return answers if len(answers) == len(self.texts) else [nonsense] * len(self.texts)

    def write(self, version: Path) -> Path:
        """Writes the proof below a version folder: one JSON object a text, gzipped.

        Each line is `{"text": ... | "base64": ..., "times"?, "awkward"?, "telling": {"log_probability", "tokens",
        "unknown", "written": base64 or null, "written_tokens", "written_log_probability"}, "margin": null where nothing
        followed}`.
        """
        rows = []
        for telling, margin in zip(self.tellings, self.margins.tolist()):
            row = dataclasses.asdict(telling)
            written = telling.written
            row["written"] = None if written is None else base64.b64encode(written).decode()
            rows.append({"telling": row, "margin": round(margin, 6) if math.isfinite(margin) else None})
        return write_proof(version, self.texts, rows)

    @classmethod
    def read(cls, version: Path) -> LanguageModelProof:
        """Reads what `write` wrote.

        Raises:
            UserError: if the file is missing or damaged.
        """
        texts, rows = read_proof_file(version, ("telling", "margin"))
        try:
            tellings = [_telling(row["telling"]) for row in rows]
        except (TypeError, ValueError) as error:
            raise UserError(
                f"the proof in `{version}` is damaged ({error}). Export the model anew."
            ) from error
        margins = [math.inf if row["margin"] is None else row["margin"] for row in rows]
        return cls(texts, tellings, np.asarray(margins))


def _telling(row: dict[str, Any]) -> Telling:
    written = row["written"]
    return Telling(**{**row, "written": None if written is None else base64.b64decode(written)})


def prompt_of(text: ProofText, telling: Telling) -> bytes | None:
    """The beginning that is gone on with: of a validation text the first half of its characters; None for no prompt."""
    return _prompt(text) if telling.written is not None else None


def _prompt(text: ProofText) -> bytes:
    if text.awkward is not None:
        return text.content
    characters = text.content.decode("utf-8", "replace")
    return characters[: len(characters) // 2].rstrip().encode()


def make_language_model_proof(task: Any, texts: Sequence[str | bytes]) -> LanguageModelProof:
    """Asks Keras about validation texts and the awkward ones.

    Args:
        task: a trained `LanguageModel`.
        texts: sentences; may be empty. Of more than 200 so many are taken, spread evenly; 24 of them, and short awkward
            texts, are gone on with.
    """
    import tensorflow as tf

    picks = np.linspace(0, max(len(texts) - 1, 0), num=min(len(texts), _MOST_TEXTS)).astype(int)
    asked = [ProofText(as_bytes(texts[pick])) for pick in picks]
    gone_on = set(
        np.linspace(0, max(len(asked) - 1, 0), num=min(len(asked), _MOST_PROMPTS)).astype(int).tolist()
    )
    for awkward in awkward_proof_texts():
        if len(awkward.unit) * awkward.times <= _MOST_PROMPT_BYTES:
            gone_on.add(len(asked))
        times = max(1, min(awkward.times, _MOST_BYTES // max(len(awkward.unit), 1)))
        asked.append(dataclasses.replace(awkward, times=times))
    # The CPU: beside a GPU, TensorFloat-32 alone would move the scores by more than the tolerance.
    with portable(task), tf.device("/CPU:0"):
        tellings = _scored(task, asked)
        margins = np.full(len(asked), np.inf)
        for row, (written, margin) in _written(task, asked, sorted(gone_on)).items():
            tellings[row] = dataclasses.replace(tellings[row], **written)
            margins[row] = margin
    return LanguageModelProof(asked, tellings, margins)


def _scored(task: Any, asked: Sequence[ProofText]) -> list[Telling]:
    """Keras's probabilities: short texts as whole sentences, which take no state; long ones piece by piece."""
    import tensorflow as tf

    from tfnlp.tasks.score_in_graph import score_in_graph

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def in_pieces(texts: Any) -> Any:
        words = task.preprocessor.ragged(texts)
        return score_in_graph(task, words, task.preprocessor.unknown_words(texts, words))

    found: dict[int, Telling] = {}
    short = [row for row, text in enumerate(asked) if len(text.content) <= _MOST_LITE_BYTES]
    scores = task.score([asked[row].content for row in short])
    for place, row in enumerate(short):
        found[row] = Telling(
            float(scores.log_probabilities[place]), int(scores.tokens[place]), int(scores.unknown[place])
        )
    for row in set(range(len(asked))).difference(short):
        one = in_pieces(tf.constant([asked[row].content]))
        found[row] = Telling(float(one.log_probability[0]), int(one.tokens[0]), int(one.unknown[0]))
    return [found[row] for row in range(len(asked))]


def _written(
    task: Any, asked: Sequence[ProofText], rows: Sequence[int]
) -> dict[int, tuple[dict[str, Any], float]]:
    """What greedily follows some prompts, and how undecided it was."""
    import tensorflow as tf

    from tfnlp.decoding.choice import Choice
    from tfnlp.decoding.filters import forbid
    from tfnlp.export.fresh_process import BATCH
    from tfnlp.export.language_model_serving import DEFAULT_TOKENS
    from tfnlp.tasks.sentence_writing import FORBIDDEN, SentenceWriter

    writer = SentenceWriter(task)
    choice = Choice(greedy=True, forbidden=FORBIDDEN)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def write(prompts: Any) -> Any:
        encoded = writer.encode(prompts, DEFAULT_TOKENS)
        return encoded, writer.write(prompts, max_tokens=DEFAULT_TOKENS, choice=choice)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)], autograph=False)
    def margins(ids: Any) -> Any:
        logs = forbid(task.softmax.log_probabilities(task.vectors(ids)[0], task.table), (0, *FORBIDDEN))
        best = tf.math.top_k(logs, 2).values
        return best[:, 0] - best[:, 1]

    found = {}
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        encoded, (texts, generated) = write(tf.constant([_prompt(asked[row]) for row in some], tf.string))
        for place, row in enumerate(some):
            length, read = int(generated.lengths[place]), int(encoded.lengths[place])
            answer = {
                "written": texts.numpy()[place],
                "written_tokens": length,
                "written_log_probability": float(tf.reduce_sum(generated.log_probabilities[place])),
            }
            ids = tf.concat([encoded.token_ids[place, :read], generated.token_ids[place, :length]], axis=0)
            decided = margins(ids[tf.newaxis, :-1])[read - 1 :].numpy() if length else np.array([np.inf])
            found[row] = answer, float(decided.min())
    return found

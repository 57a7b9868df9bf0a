"""The proof of a tagger: texts and sentences with their tags, and how another copy's tags are held against them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfnlp.export.proof_texts import ProofText, read_proof_file, write_proof
from tfnlp.text.tag_schemes import spans_of

# A `.tflite` file reads piece by piece, milliseconds each: a megabyte would take it minutes.
_MOST_LITE_BYTES = 40_000


@dataclasses.dataclass(frozen=True)
class Tagging:
    """The answer to one text or sentence.

    Attributes:
        tags: int32 `[tokens]`, the tags' numbers; -1 for one that is none of the model's.
        scores: float32 `[tokens]`, each tag's probability.
        places: int32 `[tokens, 2]`, where each token starts and ends, in bytes; of a sentence's tokens all 0.
    """

    tags: np.ndarray
    scores: np.ndarray
    places: np.ndarray


@dataclasses.dataclass(frozen=True)
class TagAnswers:
    """A copy's answers.

    Attributes:
        taggings: one for each text of the proof; None where it was not asked.
        in_pieces: whether long texts were read in the pieces of a `.tflite` file.
    """

    taggings: list[Tagging | None]
    in_pieces: bool = False


@dataclasses.dataclass(frozen=True)
class TagProof:
    """What every copy of a tagger is held against.

    The methods are those of `tfnlp.export.task_export.Proof`.

    Attributes:
        texts: what was asked; a validation sentence comes twice, as its tokens and as a text.
        taggings: Keras's answers, computed on the CPU in float32.
        pieces: row -> Keras's answer where the row is read in the pieces of a `.tflite` file and these are several.
        labels: the tags, by number.
        scheme: theirs.
    """

    texts: list[ProofText]
    taggings: list[Tagging]
    pieces: dict[int, Tagging]
    labels: list[str]
    scheme: str

    # Probabilities of whole paths: sums over hundreds of tokens, in another order in each copy.
    tolerance: ClassVar[float] = 1e-4
    asker: ClassVar[Path] = Path(__file__).with_name("ask_tagger.py")

    @property
    def own(self) -> TagAnswers:
        """Keras's answers."""
        return TagAnswers(list(self.taggings))

    def job(self) -> dict[str, Any]:
        """Which texts are sentences, and their tokens."""
        return {"sentences": [text.tokens and list(text.tokens) for text in self.texts]}

    def read_answers(self, found: Any) -> tuple[list[str], TagAnswers, str]:
        """What the script found; the spans must be those of the tags."""
        numbers = {tag.encode(): number for number, tag in enumerate(self.labels)}
        flat = np.fromiter((numbers.get(tag, -1) for tag in found["tags"].tolist()), np.int32)
        places = np.stack([found["starts"], found["ends"]], axis=1)
        taggings: list[Tagging | None] = []
        complaint, start, first = "", 0, 0
        if found["odd"].size:
            complaint = (
                f"tokens or spans are not the bytes or characters that they say in {found['odd'].size} texts"
            )
        for row, (length, spans) in enumerate(zip(found["lengths"], found["span_lengths"])):
            end, last = start + length, first + spans
            tagging = Tagging(flat[start:end], found["scores"][start:end], places[start:end])
            taggings.append(tagging)
            given = [
                (label.decode(), int(begin), int(stop), round(float(score), 6))
                for label, begin, stop, score in zip(
                    *(found[f"span_{name}"][first:last] for name in ("labels", "starts", "ends", "scores"))
                )
            ]
            if not complaint and (tagging.tags >= 0).all() and given != self._spans(row, tagging):
                complaint = f"its spans are not those of its tags, for the text {self.texts[row].unit[:60]!r}"
            start, first = end, last
        return list(self.labels), TagAnswers(taggings), complaint

    def _spans(self, row: int, tagging: Tagging) -> list[tuple[str, int, int, float]]:
        """The spans of an answer: labels, starts and ends (bytes of a text, or tokens of a sentence), and scores."""
        if self.scheme == "plain":
            return []
        in_text = self.texts[row].tokens is None
        return [
            (
                span.label,
                int(tagging.places[span.start, 0]) if in_text else span.start,
                int(tagging.places[span.end - 1, 1]) if in_text else span.end,
                round(float(tagging.scores[span.start : span.end].min()), 6),
            )
            for span in spans_of([self.labels[tag] for tag in tagging.tags], self.scheme)
        ]

    def ask_lite(self, path: Path) -> tuple[list[str], TagAnswers, Callable[[bytes], Any]]:
        """Asks a `.tflite` file, text by text; of the awkward texts only those of up to 40,000 bytes."""
        from tfnlp.edge import EdgeTagger

        tagger = EdgeTagger(path)
        taggings: list[Tagging | None] = []
        for text in self.texts:
            if not asks_lite(text):
                taggings.append(None)
            elif text.tokens is not None:
                [found] = tagger.tag_rows([text.tokens])
                taggings.append(Tagging(found.tags, found.scores, np.zeros((len(found.tags), 2), np.int32)))
            else:
                [found] = tagger.tag_rows([text.content])
                places = np.stack([found.starts, found.ends], axis=1).astype(np.int32)
                taggings.append(Tagging(found.tags, found.scores, places))
        return tagger.tags, TagAnswers(taggings, in_pieces=True), lambda text: tagger.tag([text])

    def _expected(self, answers: TagAnswers) -> list[tuple[Tagging, Tagging | None]]:
        """Keras's answer and the copy's for each text."""
        own = list(self.taggings)
        if answers.in_pieces:
            own = [self.pieces.get(row, tagging) for row, tagging in enumerate(own)]
        given = answers.taggings if len(answers.taggings) == len(own) else [_NOTHING] * len(own)
        return list(zip(own, given))

    def differences(self, answers: TagAnswers) -> tuple[np.ndarray, float]:
        """Per text the greatest difference of a tag's probability, and the mean over all tokens; NaN for nonsense."""
        greatest, total, tokens = [], 0.0, 0
        for own, given in self._expected(answers):
            if given is None:
                greatest.append(0.0)
                continue
            if own.tags.shape != given.tags.shape or not np.array_equal(own.places, given.places):
                greatest.append(math.nan)
                continue
            difference = np.abs(own.scores - given.scores)
            greatest.append(float(difference.max(initial=0.0)))
            total += float(difference.sum())
            tokens += difference.size
        return np.asarray(greatest), total / max(tokens, 1)

    def equal(self, answers: TagAnswers, tie: float) -> np.ndarray:
        """Per text whether every token has Keras's tag, or one that ties with it: bool `[texts]`.

        Two tags tie where both are given the same probability, which then is no more than a half.
        """
        return np.asarray(
            [given is None or _is_equal(own, given, tie) for own, given in self._expected(answers)], bool
        )

    def accuracy(self, answers: TagAnswers) -> float | None:
        """Share of the tokens of sentences that get their true tag."""
        numbers = {tag: number for number, tag in enumerate(self.labels)}
        right = tokens = 0
        for text, given in zip(self.texts, answers.taggings):
            if text.labels is None or text.tokens is None or given is None:
                continue
            truth = np.asarray([numbers.get(tag, -2) for tag in text.labels])
            if len(truth) != len(given.tags):
                return None
            right += int((truth == given.tags).sum())
            tokens += len(truth)
        return right / tokens if tokens else None

    def perplexity(self, answers: TagAnswers) -> None:
        """It foretells no text."""

    def write(self, version: Path) -> Path:
        """Writes the proof below a version folder: one JSON object a text, gzipped.

        Each line is `{"text": ... | "base64": ..., "times"?, "awkward"?, "tokens"?, "labels"?, "tags": [number, ...],
        "scores": [...], "places": [start, end, start, ...], "pieces"?: {"tags", "scores"}}`.
        """
        return write_proof(version, self.texts, (self._as_dict(row) for row in range(len(self.texts))))

    def _as_dict(self, row: int) -> dict[str, Any]:
        found = _plain(self.taggings[row])
        return {**found, "pieces": _plain(self.pieces[row])} if row in self.pieces else found

    @classmethod
    def read(cls, version: Path, labels: Sequence[str], scheme: str) -> TagProof:
        """Reads what `write` wrote.

        Raises:
            UserError: if the file is missing or damaged.
        """
        texts, rows = read_proof_file(version, ("tags", "scores", "places"))
        pieces = {row: _tagging(found["pieces"]) for row, found in enumerate(rows) if "pieces" in found}
        return cls(texts, [_tagging(row) for row in rows], pieces, list(labels), scheme)


def asks_lite(text: ProofText) -> bool:
    """Whether a `.tflite` file is asked about a text."""
    return text.awkward is None or len(text.unit) * text.times <= _MOST_LITE_BYTES


_NOTHING = Tagging(np.full(1, -1, np.int32), np.full(1, np.nan, np.float32), np.full((1, 2), -1, np.int32))


def _is_equal(own: Tagging, given: Tagging, tie: float) -> bool:
    if own.tags.shape != given.tags.shape:
        return False
    tied = (np.abs(own.scores - given.scores) <= tie) & (own.scores <= 0.5 + tie) & (given.tags >= 0)
    return bool(((own.tags == given.tags) | tied).all())


def _plain(tagging: Tagging) -> dict[str, Any]:
    return {
        "tags": tagging.tags.tolist(),
        # More digits than the tolerance asks for would be most of the file.
        "scores": [round(score, 6) for score in tagging.scores.tolist()],
        "places": tagging.places.reshape(-1).tolist(),
    }


def _tagging(row: dict[str, Any]) -> Tagging:
    places = np.asarray(row["places"], np.int32).reshape(-1, 2)
    return Tagging(np.asarray(row["tags"], np.int32), np.asarray(row["scores"], np.float32), places)

"""Reads JSON Lines of texts with their spans in characters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

from tfnlp.data.json_lines import parse_row
from tfnlp.data.reading import SURROGATE, DecodedLines, missing_column
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.cutting import cut, mostly_spaceless
from tfnlp.data.tagging.gathering import SentenceGatherer, TaggedReadOptions
from tfnlp.text.tag_schemes import Span, tags_of

FORMS = (
    '{"text": …, "spans": [{"start": 0, "end": 2, "label": "PER"}]} with the end after the last character, or '
    'CLUENER\'s {"text": …, "label": {"name": {"…": [[0, 1]]}}} with the end on it'
)


def read_span_lines(path: Path, options: TaggedReadOptions) -> TaggedCorpus:
    """Reads one JSON object a line, a text with its spans; gzipped or not.

    Places count characters (code points) from 0. Three forms are known:

        {"text": "彭小军来了", "spans": [{"start": 0, "end": 3, "label": "name"}]}
        {"text": "彭小军来了", "label": [[0, 3, "name"]]}
        {"text": "彭小军来了", "label": {"name": {"彭小军": [[0, 2]]}}}

    In the first and in doccano's, the second, the end is after the last character; in CLUENER's it is the last one.

    The texts are cut into tokens as `options.tokenizer` says. A span's blanks at its ends do no harm; one that cuts a
    token in two, holds none, overlaps another or leaves its text cannot be written as tags: an error, or left out.

    Raises:
        UserError: with file and line, for a line that is no such object and for spans as above.
    """
    lines = DecodedLines(path, options.on_undecodable)
    gatherer = SentenceGatherer(lines.name, options)
    rows: list[tuple[int, str, list[Any]]] = []
    for line in lines:
        if line.strip():
            row = parse_row(line, lines)
            text = _text(row, lines, gatherer, options)
            rows.append((lines.line, text, _checked_spans(row, text, lines, gatherer)))
    tokenizer = options.tokenizer
    if tokenizer == "auto":
        tokenizer = "char" if mostly_spaceless(text for _, text, _ in rows) else "word"
    for number, text, spans in rows:
        tokens, starts, ends = cut(text, tokenizer)
        kept = _token_spans(spans, text, starts, ends, number, gatherer)
        gatherer.add(tokens, tags_of(kept, len(tokens), "bioes"), number, text=text, starts=starts)
    return gatherer.build(lines, scheme="bioes")


def _text(
    row: dict[str, Any], lines: DecodedLines, gatherer: SentenceGatherer, options: TaggedReadOptions
) -> str:
    if "text" not in row:
        raise missing_column(lines.name, f"line {lines.line}", "text", row, is_label=False, kind="key")
    text = row["text"]
    if not isinstance(text, str):
        raise gatherer.error(lines.line, f"`text` must be a string. Received: {_shown(text)}")
    if not SURROGATE.search(text):
        return text
    if options.on_undecodable == "error":
        raise gatherer.error(
            lines.line,
            'the text holds half a surrogate pair; cure: mend the line, or on_undecodable = "replace"',
        )
    return SURROGATE.sub("\ufffd", text)


def _checked_spans(
    row: dict[str, Any], text: str, lines: DecodedLines, gatherer: SentenceGatherer
) -> list[tuple[int, int, str]]:
    """The spans of a row as (start, end exclusive, label) that lie in the text; others are noted as bad."""
    number = lines.line
    spans = []
    for start, end, label, named in _raw_spans(row, lines, gatherer):
        places_are_whole = all(
            isinstance(place, int) and not isinstance(place, bool) for place in (start, end)
        )
        if not places_are_whole or not isinstance(label, str) or not label.strip():
            raise gatherer.error(
                number,
                "a span needs whole numbers for its places and a name for its label. "
                f"Received: {_shown([start, end, label])}",
            )
        if not 0 <= start < end <= len(text):
            gatherer.bad_span(
                number,
                f"the span {start} to {end} (`{label}`) is empty or outside the text of {len(text)} characters",
            )
        elif named is not None and text[start:end] != named:
            gatherer.bad_span(
                number,
                f"`{_shortened(named)}` (`{label}`) is not at {start}, where `{_shortened(text[start:end])}` is",
            )
        else:
            spans.append((start, end, label.strip()))
    return spans


def _raw_spans(row: dict[str, Any], lines: DecodedLines, gatherer: SentenceGatherer) -> list[tuple[Any, ...]]:
    """The spans as they are written: (start, end exclusive, label, the string they should hold or None)."""
    key = next((key for key in ("spans", "label") if key in row), None)
    if key is None:
        there = ", ".join(f"`{name}`" for name in list(row)[:20])
        raise gatherer.error(lines.line, f"no key `spans` or `label`. There: {there}; expected {FORMS}")
    found = row[key]
    try:
        if key == "label" and isinstance(found, dict):
            return [
                (start, end + 1, label, entity)
                for label, entities in found.items()
                for entity, places in entities.items()
                for start, end in places
            ]
        if isinstance(found, list):
            spans = [
                span if isinstance(span, list) else [span[k] for k in ("start", "end", "label")]
                for span in found
            ]
            return [(start, end, label, None) for start, end, label in spans]
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise gatherer.error(lines.line, f"`{key}` is not of a known form: {_shown(found)}; expected {FORMS}")


def _token_spans(
    spans: list[tuple[int, int, str]],
    text: str,
    starts: list[int],
    ends: list[int],
    number: int,
    gatherer: SentenceGatherer,
) -> list[Span]:
    """Turns spans in characters into spans in tokens; what cannot be so written is noted as bad."""
    kept: list[Span] = []
    # The longer of two that begin together comes first, so that of nested spans the outer one stays.
    for start, end, label in sorted(set(spans), key=lambda span: (span[0], -span[1], span[2])):
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        shown = f"the span {start} to {end} `{_shortened(text[start:end])}` (`{label}`)"
        if first >= last:
            gatherer.bad_span(number, f"{shown} holds no token")
        elif starts[first] < start or ends[last - 1] > end:
            cut_one = first if starts[first] < start else last - 1
            gatherer.bad_span(
                number, f"{shown} cuts the token `{_shortened(text[starts[cut_one] : ends[cut_one]])}` in two"
            )
        elif kept and first < kept[-1].end:
            other = kept[-1]
            gatherer.bad_span(
                number,
                f"{shown} overlaps `{_shortened(text[starts[other.start] : ends[other.end - 1]])}` (`{other.label}`)",
            )
        else:
            kept.append(Span(first, last, label))
    return kept


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


def _shown(value: Any) -> str:
    return _shortened(repr(value))

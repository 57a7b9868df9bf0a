"""How spans are written as one tag a token: the schemes, their rules, and the ways from one to another.

    scheme   a span of one   a span of three        where it differs
    iob1     I-X             I-X I-X I-X            B-X only where a span directly follows another of its type
    bio      B-X             B-X I-X I-X            also called IOB2
    bioes    S-X             B-X I-X E-X            also called IOBES; BILOU with other letters
    bmes     S-X             B-X M-X E-X            the letters of Chinese word segmentation; `B M E S` without a type
    plain    one free tag a token, such as parts of speech; there are no spans but the tokens

In all but `plain`, `O` is a token outside every span. A span may lack a type: its tags are then the bare letters.

Reference: Ramshaw and Marcus, 1995, https://aclanthology.org/W95-0107 (IOB1); Tjong Kim Sang and Veenstra, 1999,
https://aclanthology.org/E99-1023 (IOB2 and others).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tfnlp.errors import UserError, did_you_mean

SCHEMES = ("iob1", "bio", "bioes", "bmes", "plain")
OUTSIDE = "O"
# Scheme -> its letters for: first, inner and last token of a longer span, and a span of one.
LETTERS = {"iob1": "IIII", "bio": "BIIB", "bioes": "BIES", "bmes": "BMES"}
_ALLOWED = {"iob1": "BI", "bio": "BI", "bioes": "BIES", "bmes": "BMES"}
_OTHER_NAMES = {
    "iob": "iob1",
    "iob2": "bio",
    "iobes": "bioes",
    "bies": "bmes",
    "bmeso": "bmes",
    "pos": "plain",
}


class Span(NamedTuple):
    """A run of tokens that bears a label.

    Attributes:
        start: its first token, from 0.
        end: one past its last token.
        label: its type; empty where the tags are bare letters.
    """

    start: int
    end: int
    label: str


class Break(NamedTuple):
    """Where a sequence of tags breaks its scheme.

    Attributes:
        position: the token, from 0.
        why: what is wrong there.
    """

    position: int
    why: str


def check_scheme(scheme: str) -> str:
    """Returns the scheme if there is one of this name.

    Raises:
        UserError: if there is none.
    """
    if scheme not in SCHEMES:
        other = _OTHER_NAMES.get(str(scheme).lower(), str(scheme).lower())
        hint = f" Did you mean `{other}`?" if other in SCHEMES else did_you_mean(str(scheme), SCHEMES)
        raise UserError(f"`scheme` must be one of {', '.join(SCHEMES)}. Received: {scheme!r}.{hint}")
    return scheme


@functools.lru_cache(maxsize=1 << 14)
def split_tag(tag: str) -> tuple[str, str]:
    """Splits `B-PER` into `("B", "PER")`, a bare `B` into `("B", "")`; only the first hyphen counts."""
    letter, _, label = tag.partition("-")
    return letter, label


def joined_tag(letter: str, label: str) -> str:
    """Writes `("B", "PER")` as `B-PER`, `("B", "")` as `B`."""
    return f"{letter}-{label}" if label else letter


def spans_of(tags: Sequence[str], scheme: str, *, strict: bool = False) -> list[Span]:
    """Reads the spans out of a sequence of tags.

    Args:
        tags: one tag a token, each of the scheme.
        scheme: one of `SCHEMES`; under `plain` every token is a span of one.
        strict: what is done where the sequence breaks its scheme. False: it is mended as the shared tasks' scorer
            `conlleval` reads it: a span begins at every first letter, and wherever an inner letter has no span of its
            type to go on with. True: only spans written exactly as the scheme demands count.

    Returns:
        the spans in their order; they never overlap.

    Raises:
        UserError: for an unknown scheme, or a tag that is not of the scheme.
    """
    if check_scheme(scheme) == "plain":
        return [Span(place, place + 1, tag) for place, tag in enumerate(tags)]
    spans: list[Span] = []
    start, current, going_on = 0, "", False
    for place, tag in enumerate(tags):
        if tag == OUTSIDE:
            if going_on:
                spans.append(Span(start, place, current))
                going_on = False
            continue
        _demand(tag, scheme)
        letter, label = split_tag(tag)
        if going_on and (letter in "BS" or label != current):
            spans.append(Span(start, place, current))
            going_on = False
        if not going_on:
            start, current, going_on = place, label, True
        if letter in "ES":
            spans.append(Span(start, place + 1, current))
            going_on = False
    if going_on:
        spans.append(Span(start, len(tags), current))
    if not strict:
        return spans
    written = tags_of(spans, len(tags), scheme)
    return [span for span in spans if list(tags[span.start : span.end]) == written[span.start : span.end]]


def tags_of(spans: Iterable[Span], length: int, scheme: str) -> list[str]:
    """Writes spans as tags.

    Args:
        spans: spans that do not overlap, in any order.
        length: number of tokens.
        scheme: one of `SCHEMES`; under `plain` the spans must be the tokens, one each.

    Returns:
        one tag a token.

    Raises:
        UserError: for an unknown scheme.
        ValueError: if a span is empty, lies outside the tokens or overlaps another.
    """
    check_scheme(scheme)
    tags = [OUTSIDE] * length
    end, last = 0, None
    for span in sorted(spans):
        if not end <= span.start < span.end <= length:
            raise ValueError(
                f"spans must not overlap, be empty or leave the {length} tokens. Received: {tuple(span)}"
                + (f" after one that ends at {end}" if end else "")
            )
        label, size = span.label, span.end - span.start
        if scheme == "plain":
            if size != 1 or span.start != end:
                raise ValueError(f"under `plain` every token is a span of one. Received: {tuple(span)}")
            tags[span.start] = label
        else:
            first, inner, final, single = tuple(LETTERS[scheme])
            if scheme == "iob1" and last == label and span.start == end:
                first = single = "B"
            tags[span.start] = joined_tag(single if size == 1 else first, label)
            if size > 1:
                tags[span.start + 1 : span.end - 1] = [joined_tag(inner, label)] * (size - 2)
                tags[span.end - 1] = joined_tag(final, label)
        end, last = span.end, label
    if scheme == "plain" and end != length:
        raise ValueError(
            f"under `plain` every token is a span of one. Received: spans of {end} of {length} tokens"
        )
    return tags


def convert(tags: Sequence[str], from_: str, to: str) -> list[str]:
    """Rewrites tags of one scheme in another; the spans stay the same.

    A sequence that breaks its scheme is mended on the way, see `spans_of`; `check` first where that matters.

    Raises:
        UserError: for an unknown scheme, a tag that is not of the scheme, or if just one of the two is `plain`: free
            tags hold no spans.
    """
    if (check_scheme(from_) == "plain") != (check_scheme(to) == "plain"):
        raise UserError(
            f"`{from_}` cannot be written as `{to}`: `plain` tags hold no spans; cure: keep the scheme as it is"
        )
    if from_ == "plain":
        return list(tags)
    return tags_of(spans_of(tags, from_), len(tags), to)


def check(tags: Sequence[str], scheme: str) -> Break | None:
    """Finds the first place where tags break their scheme.

    Args:
        tags: one tag a token.
        scheme: one of `SCHEMES`.

    Returns:
        the place and what is wrong there, or None for a sequence that keeps the scheme. A span that is never closed
        is shown at its last token.

    Raises:
        UserError: for an unknown scheme.
    """
    check_scheme(scheme)
    if scheme == "plain":
        return next((Break(place, "the tag is empty") for place, tag in enumerate(tags) if not tag), None)
    before: str | None = None
    for place, tag in enumerate(tags):
        if tag == OUTSIDE and (before is None or before == OUTSIDE):  # most tokens of most corpora
            before = tag
            continue
        why = why_foreign(tag, scheme) or _why_not(before, tag, scheme)
        if why:
            return Break(place, why)
        before = tag
    why = _why_not(before, None, scheme) if tags else ""
    return Break(len(tags) - 1, why) if why else None


def allowed_transitions(tags: Sequence[str], scheme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Says which tag may follow which, begin a sentence, and end one.

    Args:
        tags: the tags of a task, in the order of their ids.
        scheme: one of `SCHEMES`; `plain` allows everything.

    Returns:
        bool `[tags, tags]` (row: the tag before), bool `[tags]` for the first token, bool `[tags]` for the last.

    Raises:
        UserError: for an unknown scheme, or a tag that is not of it.
    """
    check_scheme(scheme)
    if scheme == "plain":
        size = len(tags)
        return np.ones((size, size), bool), np.ones(size, bool), np.ones(size, bool)
    for tag in tags:
        _demand(tag, scheme)
    follows = [[not _why_not(before, after, scheme) for after in tags] for before in tags]
    starts = [not _why_not(None, tag, scheme) for tag in tags]
    ends = [not _why_not(tag, None, scheme) for tag in tags]
    return np.array(follows, bool).reshape(len(tags), len(tags)), np.array(starts, bool), np.array(ends, bool)


def guess_scheme(sequences: Iterable[Sequence[str]]) -> str:
    """Guesses the scheme from the tags of a corpus.

    `B-X`, `I-X`, `E-X`, `S-X` or `M-X` anywhere, or nothing but bare letters of one scheme, mean a scheme of spans;
    all else is `plain`. Of `iob1` and `bio` it is the one that fewer sentences break; `bio` where they are equal.

    Args:
        sequences: the tags of each sentence.

    Returns:
        one of `SCHEMES`.
    """
    kept = [list(tags) for tags in sequences]
    distinct = {tag for tags in kept for tag in tags}
    letters = {split_tag(tag)[0] for tag in distinct if tag != OUTSIDE}
    typed = {tag for tag in distinct if "-" in tag and tag[1:2] == "-" and tag[0] in "BIESM" and tag[2:]}
    if not typed and not (letters and letters <= set("BIESM")):
        return "plain" if letters else "bio"
    letters = {split_tag(tag)[0] for tag in typed} or letters
    if "M" in letters or (letters & set("ES") and not typed and "I" not in letters):
        return "bmes"
    if letters & set("ES"):
        return "bioes"
    spanned = [tags for tags in kept if any(tag != OUTSIDE for tag in tags)]
    return min(("bio", "iob1"), key=lambda scheme: sum(check(tags, scheme) is not None for tags in spanned))


@functools.lru_cache(maxsize=1 << 14)
def why_foreign(tag: str, scheme: str) -> str:
    """Says why a tag is not of a scheme other than `plain`; empty for one that is."""
    if tag == OUTSIDE:
        return ""
    letter, label = split_tag(tag)
    if len(letter) == 1 and letter in _ALLOWED[scheme] and tag == joined_tag(letter, label):
        return ""
    forms = ", ".join(f"`{letter}-TYPE`" for letter in _ALLOWED[scheme])
    return f"the tag `{tag}` is not of the scheme {scheme} (`O`, {forms})"


def _demand(tag: str, scheme: str) -> None:
    why = why_foreign(tag, scheme)
    if why:
        raise UserError(f"{why}; cure: name the right scheme, or mend the tag")


@functools.lru_cache(maxsize=1 << 14)
def _why_not(before: str | None, after: str | None, scheme: str) -> str:
    """Why a tag may not follow another, or nothing; None is the border of the sentence."""
    first, first_label = split_tag(before or OUTSIDE)
    second, label = split_tag(after or OUTSIDE)
    follows = f"`{after}` follows `{before}`" if before is not None else f"`{after}` begins the sentence"
    if scheme in ("iob1", "bio"):
        needs_another = "B" if scheme == "iob1" else "I"
        if second != needs_another or (first in ("B", "I") and first_label == label):
            return ""
        both = f"`{joined_tag('B', label)}` or `{joined_tag('I', label)}`"
        if scheme == "iob1":
            return f"{follows}; under iob1 `B` parts a span from one of its type before it, so it must follow {both}"
        return f"{follows}; it must follow {both}"
    inner = LETTERS[scheme][1]
    opened, goes_on = first in ("B", inner), second in (inner, "E")
    if opened and not (goes_on and first_label == label):
        wanted = f"`{joined_tag(inner, first_label)}` or `{joined_tag('E', first_label)}`"
        found = "the sentence ends" if after is None else f"`{after}` follows"
        return f"after `{before}` must come {wanted}, but {found}"
    if goes_on and not opened:
        return f"{follows}; it must follow `{joined_tag('B', label)}` or `{joined_tag(inner, label)}`"
    return ""

"""The figures of a tagger after each epoch, counted quickly."""

from __future__ import annotations

from collections.abc import Sequence

from tfnlp.text.tag_schemes import spans_of


def quick_scores(
    gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], scheme: str
) -> dict[str, float]:
    """Token accuracy and, unless the scheme is `plain`, the F1 of exactly found spans.

    The same numbers as `tfnlp.evaluation.tagging.evaluate_tags` gives, without its tables.

    Args:
        gold: the true tags of each sentence.
        predicted: the tags found.
        scheme: of both.

    Returns:
        `"accuracy"` and, with spans, `"f1"`, in `[0, 1]`; 0 where there is nothing to find.
    """
    tokens = right = spans = found = shared = 0
    for truth, answer in zip(gold, predicted, strict=True):
        tokens += len(truth)
        right += sum(map(str.__eq__, truth, answer))
        if scheme != "plain":
            theirs, ours = (set(spans_of(tags, scheme, strict=True)) for tags in (truth, answer))
            spans, found, shared = spans + len(theirs), found + len(ours), shared + len(theirs & ours)
    figures = {"accuracy": right / max(tokens, 1)}
    if scheme != "plain":
        figures["f1"] = 2 * shared / max(spans + found, 1)
    return figures

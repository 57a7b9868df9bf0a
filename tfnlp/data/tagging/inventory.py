"""The tags of a task in a fixed order, and the check that keeps one corpus in step with another."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.errors import UserError, did_you_mean
from tfnlp.text.tag_schemes import LETTERS, OUTSIDE, joined_tag, split_tag

logger = logging.getLogger(__name__)

ON_UNSEEN = ("error", "skip", "keep")


def tag_inventory(corpus: TaggedCorpus) -> list[str]:
    """Lists the tags that a tagger of this corpus needs.

    Under a scheme of spans each type comes with all its letters, seen or not: that no person of one token was in the
    corpus does not mean that there is none. `O` is there if the corpus has it: segmented words have none.

    Args:
        corpus: the training corpus.

    Returns:
        the tags: `O` first, then the types by name, each in the order of its scheme's letters; free tags by name.
    """
    seen = corpus.tag_counts()
    if corpus.scheme == "plain":
        return sorted(seen)
    letters = "BI" if corpus.scheme == "iob1" else "".join(dict.fromkeys(LETTERS[corpus.scheme]))
    types = sorted({split_tag(tag)[1] for tag in seen if tag != OUTSIDE})
    return [OUTSIDE] * (OUTSIDE in seen) + [
        joined_tag(letter, label) for label in types for letter in letters
    ]


def check_tags(
    known: Sequence[str], corpus: TaggedCorpus, *, name: str = "validation", on_unseen: str = "error"
) -> TaggedCorpus:
    """Checks that a corpus bears only tags that a tagger knows.

    Args:
        known: the tagger's tags, as `tag_inventory` lists them.
        corpus: the corpus to check, its tags in the same scheme.
        name: what to call it in messages, e.g. `"validation"`.
        on_unseen: what to do about others. "error" stops; "skip" leaves out the sentences that bear one, with a
            warning that names and counts them; "keep" warns alone: what no tagger knows counts as missed.

    Returns:
        the corpus, without the sentences left out.

    Raises:
        UserError: for an unseen tag under "error", for another wish, and if "skip" leaves no sentence.
    """
    if on_unseen not in ON_UNSEEN:
        raise UserError(
            f"`on_unseen` must be one of {', '.join(map(repr, ON_UNSEEN))}. Received: {on_unseen!r}"
        )
    there = set(known)
    unseen = [tag for tag in corpus.tag_counts() if tag not in there]
    if not unseen:
        return corpus
    strangers = set(unseen)
    rows = [row for row, sentence in enumerate(corpus.sentences) if strangers.intersection(sentence.tags)]
    first = next(row for row in rows if unseen[0] in corpus.sentences[row].tags)
    listed = ", ".join(f"`{tag}` ({corpus.tag_counts()[tag]:,})" for tag in unseen[:10])
    listed += f" and {len(unseen) - 10} more" if len(unseen) > 10 else ""
    message = (
        f"tag `{unseen[0]}` in {name} ({corpus.source}, {corpus.place(first)}) never occurs in training."
        f"{did_you_mean(unseen[0], known)} Tags unseen in training, with their tokens: {listed}, in {len(rows):,} of "
        f"{len(corpus):,} sentences"
    )
    if on_unseen == "error":
        raise UserError(
            f'{message}. Cure: mend the tags, add training sentences with them, or on_unseen = "skip" leaves these '
            "sentences out"
        )
    if on_unseen == "keep":
        logger.warning("%s; they count as missed", message)
        return corpus
    left = sorted(set(range(len(corpus))).difference(rows))
    if not left:
        raise UserError(
            f"{message}; none is left. Cure: read both corpora with the same `scheme` and `tag_column`"
        )
    logger.warning("%s; these sentences are left out", message)
    return corpus.subset(left)

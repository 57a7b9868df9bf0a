"""What the readers of tagged corpora share: options, and gathering sentences with the checks on the way in."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tfnlp.data.reading import DecodedLines
from tfnlp.data.tagging.corpus import TaggedCorpus
from tfnlp.data.tagging.sentence import TaggedSentence
from tfnlp.errors import UserError
from tfnlp.text.tag_schemes import check, check_scheme, guess_scheme, spans_of, tags_of, why_foreign

logger = logging.getLogger(__name__)

ON_BROKEN = ("error", "mend")
ON_BAD_SPAN = ("error", "skip")
TOKENIZERS = ("auto", "char", "word")


@dataclass(frozen=True)
class TaggedReadOptions:
    """The options of `tfnlp.data.tagging.read_tagged`, as each reader takes them."""

    token_column: int | str = 0
    tag_column: int | str = -1
    scheme: str | None = None
    to_scheme: str = "bioes"
    on_undecodable: str = "error"
    on_broken: str = "error"
    on_bad_span: str = "error"
    tokenizer: str = "auto"
    comment: str | None = None


class SentenceGatherer:
    """Gathers sentences into a `TaggedCorpus`: counts what is empty, checks the scheme, converts the tags.

    Args:
        source: file or name, for messages.
        options: the options of the read.
    """

    def __init__(self, source: str, options: TaggedReadOptions) -> None:
        self.source = source
        self.options = options
        self.sentences: list[TaggedSentence] = []
        self.notes: Counter[str] = Counter()
        self._token_lines: list[Sequence[int] | None] = []
        self._bad: str | None = None

    def add(
        self,
        tokens: Sequence[str],
        tags: Sequence[str],
        line: int | None,
        *,
        token_lines: Sequence[int] | None = None,
        text: str | None = None,
        starts: Sequence[int] | None = None,
    ) -> None:
        """Adds one sentence; one without tokens is counted and left out.

        Args:
            tokens: the tokens.
            tags: one tag a token.
            line: 1-based line where the sentence begins.
            token_lines: the line of each token, where tokens have lines of their own.
            text: the string the tokens were cut from.
            starts: where each token begins in it, in characters.
        """
        if not tokens:
            self.notes["empty sentences"] += 1
            return
        places = None if starts is None else tuple(starts)
        self.sentences.append(TaggedSentence(tuple(tokens), tuple(tags), line, text, places))
        self._token_lines.append(token_lines)

    def bad_span(self, line: int, why: str) -> None:
        """Notes a span that no tag can be written for; an error at the end unless the options say to skip it."""
        self.notes["skipped spans"] += 1
        if self._bad is None:
            self._bad = f"{self.source}, line {line}: {why}"

    def error(self, line: int, message: str) -> UserError:
        """Returns the error that names the place: `FILE, line N: MESSAGE`."""
        return UserError(f"{self.source}, line {line}: {message}")

    def build(self, lines: DecodedLines | None = None, *, scheme: str | None = None) -> TaggedCorpus:
        """Returns the corpus, its tags in the scheme that the options ask for.

        Args:
            lines: the lines it was read from, for their count of replaced bytes.
            scheme: the scheme where the format says it; else the options say it, or it is guessed from the tags.

        Raises:
            UserError: if there is no sentence, a span could not be written as tags, or a tag breaks the scheme.
        """
        self._settle_bad_spans()
        if lines is not None and lines.undecodable:
            self.notes["lines with replaced bytes"] = lines.undecodable
        if not self.sentences:
            empty = self.notes["empty sentences"]
            raise UserError(
                f"{self.source}: no sentences; expected at least one token with its tag"
                + (f" (empty sentences: {empty:,})" if empty else "")
                + "; cure: check that the file is whole and `format` names its form"
            )
        if empty := self.notes["empty sentences"]:
            logger.warning("%s: empty sentences skipped: %d", self.source, empty)
        scheme = scheme or self.options.scheme
        if scheme is None:
            scheme = guess_scheme(sentence.tags for sentence in self.sentences)
            logger.info("%s: the tags are taken for the scheme %s", self.source, scheme)
        if check_scheme(scheme) != "plain":
            self._settle_foreign_tags(scheme)
            self._settle_breaks(scheme)
        corpus = TaggedCorpus(self.sentences, self.source, scheme, dict(+self.notes))
        wanted = self.options.to_scheme
        # Words without a type keep the letters of their trade, which say what bioes says.
        bare = scheme == "bmes" and wanted == "bioes" and not any("-" in tag for tag in corpus.tag_counts())
        return corpus if scheme == "plain" or bare else corpus.converted(wanted)

    def _settle_bad_spans(self) -> None:
        if self._bad is None:
            return
        count = self.notes["skipped spans"]
        if self.options.on_bad_span == "error":
            more = f" (such spans in the file: {count:,})" if count > 1 else ""
            raise UserError(f'{self._bad}{more}; cure: mend the span, or on_bad_span = "skip" leaves it out')
        logger.warning("%s (spans skipped: %d)", self._bad, count)

    def _settle_foreign_tags(self, scheme: str) -> None:
        foreign = {tag for sentence in self.sentences for tag in sentence.tags if why_foreign(tag, scheme)}
        if not foreign:
            return
        places = (
            (index, position, tag)
            for index, sentence in enumerate(self.sentences)
            for position, tag in enumerate(sentence.tags)
            if tag in foreign
        )
        index, position, tag = next(places)
        more = f" (tags that are not: {len(foreign):,}, tokens: {1 + sum(1 for _ in places):,})"
        raise UserError(
            f"{self._place(index, position)}: {why_foreign(tag, scheme)}{more}; cure: name the right `scheme` "
            '("plain" for free tags) or `tag_column`, or mend the tag'
        )

    def _settle_breaks(self, scheme: str) -> None:
        broken = [
            (index, found)
            for index, sentence in enumerate(self.sentences)
            if (found := check(sentence.tags, scheme)) is not None
        ]
        if not broken:
            return
        index, found = broken[0]
        more = f" (sentences that break the scheme: {len(broken):,})" if len(broken) > 1 else ""
        message = f"{self._place(index, found.position)}: {found.why}{more}"
        if self.options.on_broken == "error":
            raise UserError(
                f'{message}; cure: name the right `scheme`, mend the tag, or on_broken = "mend" reads the '
                "spans as conlleval does"
            )
        logger.warning("%s; mended as conlleval reads it", message)
        for index, _ in broken:
            sentence = self.sentences[index]
            spans = spans_of(sentence.tags, scheme)
            self.sentences[index] = replace(sentence, tags=tuple(tags_of(spans, len(sentence), scheme)))
        self.notes["mended sentences"] = len(broken)

    def _place(self, index: int, position: int) -> str:
        sentence, lines = self.sentences[index], self._token_lines[index]
        token = sentence.tokens[position]
        shown = token if len(token) <= 40 else token[:40] + "…"
        if lines is not None:
            return f"{self.source}, line {lines[position]}, token `{shown}`"
        where = f"sentence {index + 1}" if sentence.line is None else f"line {sentence.line}"
        return f"{self.source}, {where}, token {position + 1} `{shown}`"

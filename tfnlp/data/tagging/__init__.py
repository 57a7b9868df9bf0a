"""Tagged corpora: sentences of tokens with a tag each, their schemes, and the readers of the field's formats."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "SCHEMES": "schemes",
        "Break": "schemes",
        "Span": "schemes",
        "TaggedCorpus": "corpus",
        "TaggedSentence": "sentence",
        "allowed_transitions": "schemes",
        "check": "schemes",
        "check_tags": "inventory",
        "convert": "schemes",
        "guess_scheme": "schemes",
        "read_tagged": "reading",
        "spans_of": "schemes",
        "tag_inventory": "inventory",
        "tags_of": "schemes",
        "words_of": "segmented",
    },
)

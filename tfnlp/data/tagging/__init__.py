"""Tagged corpora: sentences of tokens with a tag each, their schemes, and the readers of the field's formats."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "SCHEMES": "..text.tag_schemes",
        "Break": "..text.tag_schemes",
        "Span": "..text.tag_schemes",
        "TaggedCorpus": "corpus",
        "TaggedSentence": "sentence",
        "allowed_transitions": "..text.tag_schemes",
        "check": "..text.tag_schemes",
        "check_tags": "inventory",
        "convert": "..text.tag_schemes",
        "guess_scheme": "..text.tag_schemes",
        "read_tagged": "reading",
        "spans_of": "..text.tag_schemes",
        "tag_inventory": "inventory",
        "tags_of": "..text.tag_schemes",
        "words_of": "segmented",
    },
)

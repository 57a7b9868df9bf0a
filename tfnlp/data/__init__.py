"""Corpora: readers, label checks, splits, inspection, and the tf.data pipeline that feeds a trainer."""

from tfnlp._lazy import lazy_exports

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Corpus": "corpus",
        "CorpusReport": "inspection",
        "LabelIndex": "labels",
        "check_labels": "labels",
        "deduplicate": "splits",
        "encode_texts": "pipeline",
        "evaluation_batches": "pipeline",
        "inspect_corpus": "inspection",
        "inspection_table": "inspection",
        "length_permutation": "pipeline",
        "padded_share": "pipeline",
        "read_corpus": "readers",
        "steps_per_epoch": "pipeline",
        "stratified_folds": "splits",
        "stratified_split": "splits",
        "training_batches": "pipeline",
    },
)

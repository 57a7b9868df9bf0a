"""The baseline that every network must beat: logistic regression on TF-IDF of character n-grams."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tfnlp.errors import UserError

NGRAMS = {"char": (1, 3), "word": (1, 2)}


@dataclass(frozen=True)
class BaselineResult:
    """What the baseline reached.

    Attributes:
        name: what it is, in words.
        accuracy: share of test texts judged rightly, 0 to 1; multi-label: with exactly the right set.
        macro_f1: mean F1 over classes, 0 to 1.
        seconds: time for learning and answering, without loading scikit-learn.
    """

    name: str
    accuracy: float
    macro_f1: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON."""
        return asdict(self)


def tfidf_logistic_regression(
    train_texts: Sequence[str],
    train_labels: Sequence[str] | Sequence[Sequence[str]],
    test_texts: Sequence[str],
    test_labels: Sequence[str] | Sequence[Sequence[str]],
    analyzer: str = "char",
) -> BaselineResult:
    """Learns scikit-learn's logistic regression on TF-IDF and judges it on the test texts.

    The settings are the plain ones that do well nearly everywhere: n-grams of 1 to 3 characters (or
    1 to 2 words), each in at least two texts, logarithmic counts, L2 regularisation with `C=3`.
    Nothing is tuned on the texts given. The same input gives the same result.

    Args:
        train_texts: texts to learn from.
        train_labels: their labels: one name a text, or a list of names (multi-label).
        test_texts: texts to judge.
        test_labels: their labels, in the same form.
        analyzer: `"char"` for n-grams of characters, fit for Chinese and for any other language, or
            `"word"` for n-grams of words, fit for languages that put spaces between them.

    Returns:
        the accuracy, the macro F1 and the seconds.

    Raises:
        UserError: if the training texts bear fewer than two labels, or hold no n-gram twice.
        ValueError: if `analyzer` is neither of the two, or texts and labels differ in number.

    Reference:
        Wang and Manning, 2012, Baselines and Bigrams, https://aclanthology.org/P12-2018
    """
    if analyzer not in NGRAMS:
        raise ValueError(f"`analyzer` must be 'char' or 'word'. Received: analyzer={analyzer!r}")
    if len(train_texts) != len(train_labels) or len(test_texts) != len(test_labels):
        raise ValueError("There must be one label, or one list of labels, for each text.")
    multi_label = len(train_labels) > 0 and not isinstance(train_labels[0], str)
    names: set[str] = {str(name) for item in train_labels for name in (item if multi_label else [item])}
    if len(names) < 2:
        raise UserError(f"A classifier needs at least two labels; the training texts bear {len(names)}.")

    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer

    start = time.perf_counter()
    words = {} if analyzer == "char" else {"token_pattern": r"(?u)\w+|[^\w\s]"}
    vectorizer = TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=NGRAMS[analyzer],
        min_df=2,
        sublinear_tf=True,
        dtype=np.float32,
        **words,
    )
    try:
        features = vectorizer.fit_transform(train_texts)
    except ValueError as error:
        raise UserError(
            "The baseline found no n-gram that occurs in two training texts. Give it more text."
        ) from error
    model = LogisticRegression(C=3.0, max_iter=500, solver="liblinear" if len(names) == 2 else "lbfgs")
    true: Any = list(test_labels)
    targets: Any = list(train_labels)
    if multi_label:
        binarizer = MultiLabelBinarizer(classes=sorted(names)).fit(targets)
        targets, true = binarizer.transform(targets), binarizer.transform(true)
        model = OneVsRestClassifier(LogisticRegression(C=3.0, max_iter=500, solver="liblinear"))
    predicted = model.fit(features, targets).predict(vectorizer.transform(test_texts))
    return BaselineResult(
        name=f"Logistic regression on TF-IDF of {'character' if analyzer == 'char' else 'word'} n-grams",
        accuracy=float(accuracy_score(true, predicted)),
        macro_f1=float(f1_score(true, predicted, average="macro", zero_division=0.0)),
        seconds=time.perf_counter() - start,
    )

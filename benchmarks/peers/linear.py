"""Logistic regression on TF-IDF, by scikit-learn: the baseline that a small network has to beat."""

import time

from benchmarks.datasets import Dataset
from benchmarks.scores import Result, accuracy, macro_f1

NAME = "scikit-learn: logistic regression on TF-IDF"


def run(dataset: Dataset, seed: int, *, inverse_penalty: float = 4.0, **_) -> Result:
    """Trains on everything but the test part (it needs no validation part).

    English: word 1- and 2-grams with punctuation as words. Chinese: character 1- to 3-grams. Both with
    logarithmic counts; Chinese n-grams that occur once are left out, which costs nothing and halves the time.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if dataset.language == "zh":
        features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    else:
        features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]")
    model = make_pipeline(features, LogisticRegression(C=inverse_penalty, max_iter=1000, random_state=seed))
    known = dataset.train + dataset.valid
    start = time.perf_counter()
    model.fit(known.texts, known.labels)
    seconds = time.perf_counter() - start
    answers = model.predict(dataset.test.texts)
    return Result(
        dataset.name, dataset.fold, NAME, seed,
        accuracy(dataset.test.labels, answers), macro_f1(dataset.test.labels, answers),
        seconds, len(known) / seconds, details={"C": inverse_penalty, "features": len(features.vocabulary_)},
    )  # fmt: skip

"""From the settings of `tfnlp vectors train` to the corpus, the counts and the trainer that they mean."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from tfnlp.commands.vector_progress import VectorProgress
from tfnlp.commands.vector_settings import VectorSettings
from tfnlp.commands.vector_training_folder import TrainingFolder
from tfnlp.embeddings.encoded_corpus import EncodedCorpus, encode_corpus, load_encoded_corpus
from tfnlp.embeddings.sentences import Sentences

logger = logging.getLogger(__name__)


def encoded_corpus(
    settings: VectorSettings, folder: TrainingFolder, progress: VectorProgress
) -> EncodedCorpus:
    """The corpus as ids, read now or by the part of the training that was stopped."""
    if folder.is_encoded:
        corpus = load_encoded_corpus(folder.corpus)
    else:
        progress.stage("reading")
        sentences = Sentences(settings.corpus, settings.tokenizer)
        if sentences.learns_tokenizer:
            import keras

            sentences.learn_tokenizer()
            keras.saving.save_model(sentences.tokenizer, folder.tokenizer)
        corpus = encode_corpus(
            sentences,
            folder.corpus,
            min_count=settings.min_count,
            max_words=settings.max_words,
            on_progress=progress.update,
        )
        progress.close()
    numbers = (corpus.tokens, corpus.sentences, len(corpus.words), corpus.dropped_tokens)
    logger.info(
        "corpus: %s words in %s sentences; %s different words (%s rare ones left out)",
        *(f"{number:,}" for number in numbers),
    )
    return corpus


def trainer_of(
    settings: VectorSettings,
    corpus: EncodedCorpus,
    folder: TrainingFolder,
    progress: VectorProgress,
    memory_bytes: int,
) -> Any:
    """The trainer of skip-gram, CBOW or GloVe; what the settings leave open is the trainer's own default."""
    chosen: dict[str, Any] = {
        "dimension": settings.dimension,
        "epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
        "seed": settings.seed,
    }
    if settings.method == "glove":
        from tfnlp.embeddings.glove.settings import GloveSettings
        from tfnlp.embeddings.glove.trainer import GloveTrainer

        counts = _cooccurrences(settings, corpus, folder, progress, memory_bytes)
        return GloveTrainer(counts, corpus, GloveSettings(**_given(chosen)))
    from tfnlp.embeddings.word2vec.settings import Word2VecSettings
    from tfnlp.embeddings.word2vec.trainer import Word2VecTrainer

    shortest, longest = settings.ngram_sizes or (None, None)
    chosen |= {
        "architecture": settings.method,
        "loss": settings.loss,
        "window": settings.window,
        "negatives": settings.negatives,
        "subsample": settings.subsample,
        "min_ngram": shortest,
        "max_ngram": longest,
    }
    return Word2VecTrainer(corpus, Word2VecSettings(**_given(chosen)))


def vectors_from_counts(
    settings: VectorSettings,
    corpus: EncodedCorpus,
    folder: TrainingFolder,
    progress: VectorProgress,
    memory_bytes: int,
) -> np.ndarray:
    """Truncated SVD of PPMI, of log counts, or of TF-IDF (LSA): float32 `[words, dimension]`."""
    from tfnlp.embeddings.counts import count_vectors

    learn = {
        "ppmi": count_vectors.ppmi_vectors,
        "svd": count_vectors.svd_vectors,
        "lsa": count_vectors.lsa_vectors,
    }[settings.method]
    chosen = {
        "dimension": settings.dimension,
        "window": settings.window,
        "memory_bytes": memory_bytes,
        "seed": settings.seed,
    }
    progress.stage("counting")
    return learn(
        corpus,
        folder.counts,
        count_vectors.CountVectorSettings(**_given(chosen)),
        lambda ids: progress.update(ids, len(corpus.ids)),
    )


def _cooccurrences(
    settings: VectorSettings,
    corpus: EncodedCorpus,
    folder: TrainingFolder,
    progress: VectorProgress,
    memory_bytes: int,
) -> Any:
    """What GloVe learns from, counted now or by the part of the training that was stopped."""
    from tfnlp.embeddings.counts.cooccurrence import count_cooccurrences, load_cooccurrences

    if folder.is_counted:
        return load_cooccurrences(folder.counts)
    progress.stage("counting")
    counts = count_cooccurrences(
        corpus,
        folder.counts,
        **_given({"window": settings.window}),
        weighting="distance",
        memory_bytes=memory_bytes,
        on_progress=lambda ids: progress.update(ids, len(corpus.ids)),
    )
    progress.close()
    logger.info("counted: %s pairs of words", f"{len(counts):,}")
    return counts


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}

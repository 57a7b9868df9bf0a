"""CRFsuite with features made by hand: what taggers were before they were networks."""

import time
from collections.abc import Sequence

from benchmarks.tagging_corpora import Parts

NAME = "CRFsuite, features by hand"
C1, C2, ITERATIONS = 0.1, 0.01, 100


def run(parts: Parts, *, characters: bool) -> tuple[list[list[str]], float, float, dict]:
    """Trains on the training part by L-BFGS and tags the test part.

    Args:
        parts: the corpora.
        characters: whether tokens are characters, whose features are their neighbours and n-grams.

    Returns:
        the tags of each test sentence, seconds of training, seconds of tagging, and the settings.
    """
    import tempfile
    from pathlib import Path

    import pycrfsuite

    features = character_features if characters else word_features
    start = time.perf_counter()
    trainer = pycrfsuite.Trainer(verbose=False)
    for sentence in parts["train"].sentences:
        trainer.append(features(sentence.tokens), sentence.tags)
    trainer.set_params({"c1": C1, "c2": C2, "max_iterations": ITERATIONS})
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model")
        trainer.train(path)
        seconds = time.perf_counter() - start
        tagger = pycrfsuite.Tagger()
        tagger.open(path)
        start = time.perf_counter()
        tags = [list(tagger.tag(features(sentence.tokens))) for sentence in parts["test"].sentences]
        tagging = time.perf_counter() - start
        tagger.close()
    return tags, seconds, tagging, {"c1": C1, "c2": C2, "iterations": ITERATIONS}


def word_features(tokens: Sequence[str]) -> list[list[str]]:
    """The word, its ends, its form, and the same of its neighbours: the usual ones for names."""
    own = [_of_word(token) for token in tokens]
    rows = []
    for place, features in enumerate(own):
        row = ["bias", *features]
        if place:
            row += [f"-1:{feature}" for feature in own[place - 1]]
            row.append(f"-1,0:{tokens[place - 1].lower()} {tokens[place].lower()}")
        else:
            row.append("begin")
        if place + 1 < len(own):
            row += [f"+1:{feature}" for feature in own[place + 1]]
        else:
            row.append("end")
        for distance in (-2, 2):
            if 0 <= place + distance < len(own):
                row.append(f"{distance}:{own[place + distance][0]}")
        rows.append(row)
    return rows


def _of_word(word: str) -> list[str]:
    shape = "".join("X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else c for c in word)
    brief = "".join(c for c, before in zip(shape, " " + shape) if c != before)
    ends = [f"{name}{n}={part}" for n in (1, 2, 3, 4) for name, part in (("p", word[:n]), ("s", word[-n:]))]
    return [f"w={word.lower()}", f"form={word}", f"shape={shape}", f"brief={brief}", *ends]


def character_features(tokens: Sequence[str]) -> list[list[str]]:
    """The characters two to each side, and the pairs and triples among them."""
    padded = ["<s>", "<s>", *tokens, "</s>", "</s>"]
    rows = []
    for place in range(2, len(padded) - 2):
        a, b, c, d, e = padded[place - 2 : place + 3]
        rows.append(
            [
                "bias",
                f"a={a}",
                f"b={b}",
                f"c={c}",
                f"d={d}",
                f"e={e}",
                f"ab={a}{b}",
                f"bc={b}{c}",
                f"cd={c}{d}",
            ]
            + [f"de={d}{e}", f"bd={b}{d}", f"bcd={b}{c}{d}"]
        )
    return rows

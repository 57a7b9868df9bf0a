"""Every smoothing: golden numbers by hand, a plain model written out, and sums of 1 in every context."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.errors import UserError
from tfnlp.ngram import SMOOTHINGS, train_ngram_model
from tfnlp.ngram.trie import END, START, UNKNOWN

# Jurafsky and Martin, Speech and Language Processing, section 3.1.
SAM = ["I am Sam", "Sam I am", "I do not like green eggs and ham"]
LETTERS = ["a b a b c", "b a c", "a b", "c c a b a", "b", "a b c a b c a"]
# As many n-grams seen once, twice, ... that Good-Turing and modified Kneser-Ney have what they need.
FALLING = [
    f"x{number} y" for number in range(16) for _ in range(1 + number // 9 + number // 12 + number // 14)
]


def model_of(texts, **options):
    return train_ngram_model(texts, **options)


def probability(model, word, context):
    return float(model.next_words(context)[model.ids[word]])


def by_scorer(model, word, context):
    """The same from the scorer of whole texts: as the last token of a sentence that is not over."""
    ids = [model.ids[START], *(model.ids.get(token, 0) for token in context.split()), model.ids[word]]
    return float(10 ** model.scorer.score(np.array(ids))[-1])


@pytest.mark.parametrize(
    ("word", "context", "expected"),
    [
        ("I", "", 2 / 3),
        ("Sam", "", 1 / 3),
        ("am", "I", 2 / 3),
        (END, "Sam", 1 / 2),
        ("Sam", "am", 1 / 2),
        ("do", "I", 1 / 3),
    ],
)
def test_the_textbooks_bigrams(word, context, expected):
    model = model_of(SAM, order=2, smoothing="mle")
    assert probability(model, word, context) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("k", "word", "context", "expected"),
    [
        # Ten words, </s> and <unk> are 12. `I` stands 3 times, and 2 of them before `am`.
        (1.0, "am", "I", (2 + 1) / (3 + 12)),
        (1.0, "ham", "I", (0 + 1) / (3 + 12)),
        (0.5, "am", "I", (2 + 0.5) / (3 + 6)),
        (1.0, UNKNOWN, "eggs", (0 + 1) / (1 + 12)),
        (1.0, "I", "never-seen", 1 / 12),
    ],
)
def test_add_k_by_hand(k, word, context, expected):
    model = model_of(SAM, order=2, smoothing="add_k", add_k=k)
    assert probability(model, word, context) == pytest.approx(expected, rel=1e-6)


def test_kneser_ney_by_hand():
    """`a b`, `a b`, `a c`: bigrams <s>a 3, ab 2, ac 1, b</s> 2, c</s> 1.

    Seen once: ac, c</s>; twice: ab, b</s>; D = 2 / (2 + 2 * 2) = 1/3. Unigrams count what stands before them: a 1,
    b 1, c 1, </s> 2; n1 = 3, n2 = 1, D = 3/5. Of the 5 in all, 4 * 3/5 = 12/5 are taken: 12/25 go evenly to a, b, c,
    </s> and <unk>.
    """
    model = model_of(["a b", "a b", "a c"], order=2, smoothing="kneser_ney")
    rest = 12 / 25 / 5
    unigram = {
        "a": (1 - 3 / 5) / 5 + rest,
        "b": (1 - 3 / 5) / 5 + rest,
        END: (2 - 3 / 5) / 5 + rest,
        UNKNOWN: rest,
    }
    for word, expected in unigram.items():
        assert probability(model, word, UNKNOWN) == pytest.approx(expected, rel=1e-6)
    left = 2 * (1 / 3) / 3  # behind `a` stand two different words, 3 times in all
    assert probability(model, "b", "a") == pytest.approx((2 - 1 / 3) / 3 + left * unigram["b"], rel=1e-6)
    assert probability(model, END, "a") == pytest.approx(left * unigram[END], rel=1e-6)
    assert model.about["discounts"] == [[0, pytest.approx(3 / 5)], [0, pytest.approx(1 / 3)]]


# The plain model's add-k falls back on nothing, so nothing can be left out; Jelinek-Mercer's weights have tests below.
PLAIN = [
    (smoothing, prune)
    for smoothing in ("mle", "add_k", "katz", "kneser_ney", "modified_kneser_ney")
    for prune in ((), (0, 0, 1), (0, 1))
    if not (prune and smoothing == "add_k")
]


@pytest.mark.parametrize(("smoothing", "prune"), PLAIN)
@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("texts", [SAM, LETTERS, FALLING], ids=["sam", "letters", "falling"])
def test_as_the_plain_model_says(plain_model, smoothing, order, prune, texts):
    model = model_of(texts, order=order, smoothing=smoothing, prune=prune)
    plain = plain_model([text.split() for text in texts], order, smoothing, prune)
    assert model.order == plain.order
    assert {word for word in model.words if word != START} == set(plain.words)
    beginnings = {" ".join(text.split()[:n]) for text in texts for n in range(5)} | {
        "zebra",
        "c zebra b",
        "b b b",
    }
    for context in sorted(beginnings)[::5]:
        ours = model.next_words(context)
        known = [START, *(w if w in model.ids else UNKNOWN for w in context.split())]
        for word in plain.words:
            expected = plain.probability(word, known)
            assert ours[model.ids[word]] == pytest.approx(expected, rel=1e-5, abs=1e-9), (context, word)


@pytest.mark.parametrize("prune", [(), (0, 0, 1), (0, 2, 3)])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_every_context_sums_to_one(smoothing, prune):
    model = model_of(LETTERS, order=4, smoothing=smoothing, prune=prune)
    words = ["a", "b", "c", "zebra"]
    contexts = [" ".join(c) for n in range(5) for c in itertools.product(words, repeat=n)]
    for context in contexts:
        distribution = model.next_words(context)
        assert distribution.sum() == pytest.approx(1, abs=1e-5), context
        assert (distribution >= 0).all() and distribution[model.ids[START]] == 0
    for context in contexts[::7]:
        for word in (*words[:3], END, UNKNOWN):
            assert by_scorer(model, word, context) == pytest.approx(
                probability(model, word, context), rel=1e-5
            )


sentences = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=7), min_size=1, max_size=12)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@settings(max_examples=15, deadline=None)
@given(corpus=sentences, order=st.integers(1, 5), cut=st.integers(0, 2), data=st.data())
def test_sums_of_one_on_any_corpus(smoothing, corpus, order, cut, data):
    texts = [" ".join(row) for row in corpus]
    model = model_of(texts, order=order, smoothing=smoothing, prune=(0, cut), vocabulary=data.draw(
        st.none() | st.just([corpus[0][0]]) | st.just(["a", "b", "c", "d", "never"])
    ))  # fmt: skip
    assert all((logs <= 0).all() for logs in model.scorer.log_probabilities)
    for context in data.draw(st.lists(st.lists(st.sampled_from("abcdz"), max_size=5), max_size=6)):
        assert model.next_words(" ".join(context)).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("smoothing", [name for name in SMOOTHINGS if name != "mle"])
def test_nothing_is_impossible_once_smoothed(smoothing):
    model = model_of(LETTERS, order=3, smoothing=smoothing)
    report = model.perplexity(["zebra a b", "c b b b", ""])
    assert report.impossible == 0 and np.isfinite(report.perplexity)
    assert (report.sentences, report.tokens, report.unknown) == (3, 10, 1)


def test_jelinek_mercer_is_a_mixture_of_what_was_counted():
    """Between the context's own share and what comes from shorter ones, by one weight."""
    model = model_of(LETTERS, order=2, smoothing="jelinek_mercer")
    unigrams = model.next_words("zebra")
    # After `a` stand b (6 times), </s> (2), and c (1).
    counted = {"b": 6 / 9, END: 2 / 9, "c": 1 / 9, "a": 0.0}
    weights = [
        (probability(model, word, "a") - unigrams[model.ids[word]]) / (share - unigrams[model.ids[word]])
        for word, share in counted.items()
    ]
    np.testing.assert_allclose(weights, weights[0], rtol=1e-4)
    assert 0 < weights[0] < 1


def test_jelinek_mercer_trusts_what_repeats_and_not_what_does_not():
    pairs = [f"x{n} y{n}" for n in range(20)] * 10
    alone = [f"u{n} v{(n * 7 + more) % 20}" for n in range(20) for more in (0, 1)]
    model = model_of(pairs + alone, order=2, smoothing="jelinek_mercer")
    assert probability(model, "y3", "x3") > 0.9
    assert probability(model, "v7", "u1") < 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smoothing": "kneser_nay"}, "must be one of mle, .*Did you mean `kneser_ney`"),
        ({"add_k": 0.0}, "`add_k` must be a number above 0"),
        ({"prune": (1,)}, "begins with 0"),
        ({"prune": (0, 2, 1)}, "never falls"),
        ({"order": 0}, "`order` must be at least 1"),
        ({"level": "letter"}, "`level` must be one of word, char"),
        ({"min_count": 0}, "`min_count` must be at least 1"),
    ],
)
def test_settings_out_of_range(options, message):
    with pytest.raises(UserError, match=message):
        train_ngram_model(SAM, **options)

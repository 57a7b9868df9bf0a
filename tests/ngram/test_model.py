"""A model as its user meets it: scores, texts, files; and the counts below it."""

import collections
import math
import random
from pathlib import Path

import numpy as np
import pytest

from tfnlp.errors import UserError
from tfnlp.evaluation.perplexity import Perplexity, perplexity_of
from tfnlp.ngram import NgramModel, load_ngram_model, train_ngram_model
from tfnlp.ngram import counting as counting_module
from tfnlp.ngram.sampling import Sampling

TEXTS = ["a b a b c", "b a c", "a b", "c c a b a", "b", "a b c a b c a"]


@pytest.fixture(scope="module")
def model():
    return train_ngram_model(TEXTS, order=3)


def random_texts(count):
    chance = random.Random(5)
    words = [f"w{chance.randrange(30) * chance.randrange(30) // 20}" for _ in range(400)]
    return [" ".join(chance.choices(words, k=chance.randrange(1, 12))) for _ in range(count)]


@pytest.mark.parametrize("memory", [1 << 20, 1 << 30])
def test_counts_are_those_of_a_dictionary_whatever_the_memory(tmp_path, monkeypatch, memory):
    if memory == 1 << 20:
        monkeypatch.setattr(counting_module, "_CHUNK", 97)
        monkeypatch.setattr(counting_module, "check_memory", lambda _: None)
        memory = 16 * 1000  # a thousand n-grams at a time: several runs an order
    texts = random_texts(900)
    model = train_ngram_model(texts, order=4, smoothing="mle", memory_bytes=max(memory, 1 << 10))
    rows = [["<s>", *text.split(), "</s>"] for text in texts]
    for order in range(2, 5):
        counted = collections.Counter(
            tuple(row[i : i + order]) for row in rows for i in range(len(row) - order + 1)
        )
        assert model.ngrams[order - 1] == len(counted)
        contexts = collections.Counter()
        for ngram, count in counted.items():
            contexts[ngram[:-1]] += count
        spelt = model.trie.spell(order, np.arange(len(counted)))
        logs = model.scorer.log_probabilities[order - 1]
        for ids, log in zip(spelt.tolist(), logs.tolist()):
            ngram = tuple(model.words[number] for number in ids)
            assert 10**log == pytest.approx(counted[ngram] / contexts[ngram[:-1]], rel=1e-5)


def test_a_sentence_longer_than_a_piece(monkeypatch):
    texts = ["a b c " * 50, "b", "c a"]
    whole = train_ngram_model(texts, order=4)
    monkeypatch.setattr(counting_module, "_CHUNK", 7)
    pieces = train_ngram_model(texts, order=4)
    assert whole.ngrams == pieces.ngrams
    np.testing.assert_array_equal(whole.scorer.log_probabilities[3], pieces.scorer.log_probabilities[3])


def test_the_plain_models_perplexity(plain_model):
    texts = random_texts(60)
    held_out = random_texts(90)[60:]
    known = {word for text in texts for word in text.split()}
    rows = [[word if word in known else "<unk>" for word in text.split()] for text in held_out]
    for smoothing in ("katz", "kneser_ney", "modified_kneser_ney"):
        plain = plain_model([text.split() for text in texts], 3, smoothing)
        report = train_ngram_model(texts, order=3, smoothing=smoothing).perplexity(held_out)
        assert report.perplexity == pytest.approx(plain.perplexity(rows), rel=1e-5)
        assert report.unknown == sum(row.count("<unk>") for row in rows)


def test_the_report(model):
    report = model.perplexity(["a zebra b", "c"])
    assert (report.sentences, report.tokens, report.unknown) == (2, 6, 1)
    assert report.characters == len("a zebra b\nc\n")
    scores = model.score(["a zebra b", "c"])
    total = -float(scores.log_probabilities.sum())
    assert report.perplexity == pytest.approx(math.exp(total / 6))
    assert report.nats_per_token == pytest.approx(total / 6)
    assert report.bits_per_character == pytest.approx(total / math.log(2) / 12)
    unknown = total + float(scores.known_log_probabilities.sum())
    assert unknown > 0
    assert report.perplexity_without_unknown == pytest.approx(math.exp((total - unknown) / 5))


def test_batches_do_not_change_the_report(model):
    texts = random_texts(50) + TEXTS
    whole, pieces = perplexity_of(model, texts), perplexity_of(model, texts, batch_size=7)
    assert pieces.perplexity == pytest.approx(whole.perplexity, rel=1e-12)
    assert pieces.tokens == whole.tokens and pieces.sentences == whole.sentences
    parts = Perplexity.of(model.score(texts[:9])) + Perplexity.of(model.score(texts[9:]))
    assert parts.log_probability == pytest.approx(whole.log_probability)


@pytest.mark.parametrize(
    "text", ["", "a", "zebra zebra", "我喜欢学习。", "👍 a", "\ud800 a", "a b " * 300, "  a\tb \u3000 c "]
)
def test_any_text_has_a_score_alone_as_in_a_batch(model, text):
    alone = model.score([text])
    among = model.score(["a b c", text, ""])
    assert np.isfinite(alone.log_probabilities[0])
    assert among.log_probabilities[1] == pytest.approx(alone.log_probabilities[0])
    assert alone.tokens[0] == len(text.split()) + 1


def test_nothing_to_score(model):
    assert len(model.score([])) == 0
    assert math.isnan(model.perplexity([]).perplexity)


def test_impossible_text_is_infinite_and_said_so():
    model = train_ngram_model(TEXTS, order=2, smoothing="mle")
    report = model.perplexity(["a b", "b b", "a zebra"])
    assert math.isinf(report.perplexity) and report.as_dict()["perplexity"] is None
    assert (report.impossible, report.known_impossible) == (2, 1)  # <unk>, and b behind b


def test_unknown_words_of_the_text_are_a_word_when_it_says_so():
    model = train_ngram_model(["a <unk> b", "<unk> a"], order=2)
    report = model.perplexity(["a <unk>", "a zebra"])
    assert report.unknown == 1
    scores = model.score(["a <unk>", "a zebra"])
    assert scores.log_probabilities[0] == scores.log_probabilities[1]


def test_rare_words_and_a_given_vocabulary():
    rare = train_ngram_model(["a a b", "a b c"], order=2, min_count=2)
    assert rare.words[3:] == ["a", "b"] and rare.perplexity(["c"]).unknown == 1
    given = train_ngram_model(["a a b", "a b c"], order=2, vocabulary=["b", "never"])
    assert given.words[3:] == ["b", "never"]
    assert given.perplexity(["never"]).unknown == 0
    with pytest.raises(UserError, match="Not one word of the vocabulary stands in the corpus"):
        train_ngram_model(["a b"], vocabulary=["x"])
    with pytest.raises(
        UserError, match="No word stands 9 times in the corpus; the most frequent, 'a', stands 3 times"
    ):
        train_ngram_model(["a a b", "a b c"], min_count=9)


def test_a_corpus_of_one_word_and_of_none():
    assert train_ngram_model(["a", "a"], order=2).ngrams == [4, 2]
    for nothing in ([], ["", "  "]):
        with pytest.raises(UserError, match="empty"):
            train_ngram_model(nothing)


def test_an_order_that_no_sentence_has(caplog):
    model = train_ngram_model(["a b", "c"], order=9, smoothing="mle")
    assert model.order == 4
    assert "no sentence has 9 tokens: the longest has 4, <s> and </s> among them" in caplog.text


@pytest.mark.parametrize("text", ["a <s> b", "</s>"])
def test_marks_in_the_text_are_refused(model, text):
    with pytest.raises(UserError, match=r"`</?s>` stands in the text"):
        model.score([text])
    with pytest.raises(UserError, match=r"`</?s>` stands in the text"):
        train_ngram_model([text])


def test_the_same_seed_says_the_same(model):
    said = [model.generate("a", seed=seed) for seed in range(30)]
    assert said == [model.generate("a", seed=seed) for seed in range(30)]
    assert len(set(said)) > 5
    assert all(text.split()[0] == "a" and set(text.split()) <= set("abc") for text in said)
    assert model.generate("zebra a", max_tokens=0) == "zebra a"
    assert model.generate("a", top_k=1, seed=1) == model.generate("a", top_k=1, seed=2)


def test_what_is_said_is_drawn_from_the_model(model):
    expected = model.next_words("a")
    expected[0] = 0.0  # unknown words are never said
    drawn = collections.Counter(
        (model.generate("a", max_tokens=1, seed=seed).split() + ["</s>"])[1] for seed in range(3000)
    )
    for word in ("a", "b", "c", "</s>"):
        share = expected[model.ids[word]] / expected.sum()
        assert drawn[word] / 3000 == pytest.approx(share, abs=4 * math.sqrt(share / 3000))


def test_sampling_by_hand():
    probabilities = np.array([0.1, 0.4, 0.0, 0.3, 0.2])
    random_numbers = np.random.default_rng(0)

    def drawn(**options):
        sampling = Sampling(**options)
        found = collections.Counter(sampling.draw(probabilities, random_numbers) for _ in range(4000))
        return {place: count / 4000 for place, count in sorted(found.items())}

    assert drawn() == pytest.approx({0: 0.1, 1: 0.4, 3: 0.3, 4: 0.2}, abs=0.03)
    assert drawn(top_k=2) == pytest.approx({1: 4 / 7, 3: 3 / 7}, abs=0.03)
    assert drawn(top_p=0.7) == pytest.approx({1: 4 / 7, 3: 3 / 7}, abs=0.03)
    assert drawn(top_p=0.71) == pytest.approx({1: 4 / 9, 3: 3 / 9, 4: 2 / 9}, abs=0.03)
    assert drawn(temperature=0.5) == pytest.approx({0: 1 / 30, 1: 16 / 30, 3: 9 / 30, 4: 4 / 30}, abs=0.03)
    assert drawn(top_k=1) == {1: 1.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0}, "`temperature` must be a number above 0; greedy is `top_k` 1"),
        ({"top_k": 0}, "`top_k` must be at least 1"),
        ({"top_p": 0.0}, "`top_p` must be above 0"),
        ({"top_p": 1.1}, "`top_p` must be above 0"),
        ({"max_tokens": -1}, "`max_tokens` must be 0 or more"),
    ],
)
def test_options_of_generation(model, options, message):
    with pytest.raises(UserError, match=message):
        model.generate("a", **options)


def test_without_smoothing_nothing_may_be_left_to_say():
    model = train_ngram_model(["a b"], order=2, smoothing="mle")
    assert model.generate("a zebra", seed=1)  # an unknown context backs off
    assert model.generate("a", seed=1) == "a b"


def test_characters():
    model = train_ngram_model(["ab ab", "b a"], order=3, level="char")
    assert set(model.words[3:]) == {"a", "b", "<space>"}
    report = model.perplexity(["ab  a "])
    assert (report.tokens, report.characters) == (6, 6)
    assert report.bits_per_character == pytest.approx(report.nats_per_token / math.log(2))
    assert set(model.generate("a b", seed=3)) <= set("ab ")


def test_characters_of_a_file_are_those_of_its_lines(tmp_path):
    lines = [" ab\tc  ", "", "我 喜欢", "\u3000x\r"]
    (tmp_path / "text.txt").write_bytes("\n".join(lines).encode())
    from_file = train_ngram_model(tmp_path / "text.txt", level="char", order=2)
    from_lines = train_ngram_model([line for line in lines if line], level="char", order=2)
    assert from_file.words == from_lines.words
    for level in ("word", "char"):
        a = train_ngram_model(tmp_path / "text.txt", level=level, order=2)
        b = train_ngram_model([line for line in lines if line], level=level, order=2)
        assert a.perplexity(lines) == b.perplexity(lines)


def test_saved_and_loaded(model, tmp_path):
    path = model.save(tmp_path / "m.ngram")
    moved = path.rename(tmp_path / "n.ngram")
    again = load_ngram_model(moved)
    assert again.perplexity(TEXTS) == model.perplexity(TEXTS)
    assert (again.order, again.ngrams, again.about) == (model.order, model.ngrams, model.about)
    assert isinstance(again.trie.words[0].base, np.ndarray)  # a view of what is mapped
    model.save(tmp_path / "again.ngram")
    assert moved.read_bytes() == (tmp_path / "again.ngram").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.ngram", "n.ngram"]


def test_a_broken_file_is_refused(model, tmp_path):
    whole = model.save(tmp_path / "m.ngram").read_bytes()
    broken = tmp_path / "broken.ngram"
    chance = random.Random(3)
    for share in (0.01, 0.1, 0.5, 0.9, 0.999):
        broken.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UserError, match=r"broken\.ngram"):
            load_ngram_model(broken)
    refused = 0
    for _ in range(60):
        place = chance.randrange(len(whole))
        broken.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            load_ngram_model(broken)
        except UserError:
            refused += 1
        else:  # between two arrays, where nothing is
            assert whole[place] == 0
    assert refused > 40


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(UserError, match="no model"):
        NgramModel.load(tmp_path / "none.ngram")
    with pytest.raises(UserError, match="no ARPA file"):
        load_ngram_model(tmp_path / "none.arpa")
    with pytest.raises(UserError, match="is a folder"):
        load_ngram_model(tmp_path)
    (tmp_path / "text.txt").write_text("some text\n")
    with pytest.raises(UserError, match="no model of n-grams"):
        load_ngram_model(tmp_path / "text.txt")


def test_nothing_is_left_behind(tmp_path):
    train_ngram_model(TEXTS, folder=tmp_path)
    with pytest.raises(UserError):
        train_ngram_model(tmp_path / "missing.txt", folder=tmp_path)
    assert not list(Path(tmp_path).iterdir())

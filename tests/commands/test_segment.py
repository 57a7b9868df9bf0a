"""`tfnlp segment`: lines in, the same lines with spaces between their words out."""

import io

import keras
import pytest

from tfnlp.commands.models import load_keras
from tfnlp.commands.segment import find_model, load_segmenter, segment_stream
from tfnlp.data.tagging import TaggedCorpus, TaggedSentence, read_tagged
from tfnlp.data.tagging.inventory import tag_inventory
from tfnlp.encoders import BiLSTM
from tfnlp.errors import UserError
from tfnlp.export import exporter, tagger_export
from tfnlp.export.agreement import Agreement
from tfnlp.tasks.token_tagger import TokenTagger
from tfnlp.text import CharacterTokenizer
from tfnlp.text.tagging_preprocessor import TaggingPreprocessor

WORDS = ["我们", "喜欢", "学习", "北京", "的", "大", "。"]


def tagger_of(corpus, epochs=0):
    """A small tagger of characters."""
    preprocessor = TaggingPreprocessor(CharacterTokenizer())
    preprocessor.adapt(sentence.tokens for sentence in corpus.sentences)
    encoder = BiLSTM(preprocessor.vocabulary_size, embedding_dim=12, units=12)
    tagger = TokenTagger(preprocessor, encoder, tag_inventory(corpus), corpus.scheme)
    if epochs:
        tagger.compile(keras.optimizers.Adam(0.03))
        tagger.fit(corpus, batch_size=16, epochs=epochs, verbose=0)
    return tagger


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a finished run of the recipe."""
    folder = tmp_path_factory.mktemp("segment")
    lines = [" ".join(WORDS[(i * k) % 7] for k in range(1, 7)) for i in range(1, 100)]
    (folder / "words.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run = folder / "runs" / "segment-zh" / "20260101-000000"
    run.mkdir(parents=True)
    (run / "recipe.toml").write_text('name = "segment-zh"')
    keras.utils.set_random_seed(1)
    corpus = read_tagged(folder / "words.txt", format="segmented", to_scheme="bmes")
    tagger_of(corpus, epochs=6).save(run / "model.keras")
    return folder


@pytest.fixture(scope="module")
def segmenter(place):
    return load_segmenter(place / "runs" / "segment-zh")


def segmented(segmenter, data):
    sink = io.BytesIO()
    segment_stream(io.BytesIO(data), sink, segmenter)
    return sink.getvalue()


def test_a_file_and_standard_input_give_the_same_lines(place, tfnlp):
    (place / "text.txt").write_bytes("我们喜欢北京。\n\n学习的大北京\r\n我们".encode())
    done = tfnlp("segment", "text.txt", cwd=place, check=0)
    assert done.stdout == "我们 喜欢 北京 。\n\n学习 的 大 北京\n我们\n"
    run = place / "runs" / "segment-zh"
    piped = tfnlp("segment", "-", "--model", run, cwd=place, check=0, stdin=(place / "text.txt").read_bytes())
    assert piped.stdout == done.stdout


def test_the_newest_run_is_taken_and_where_there_is_none_the_cure_is_named(place, tmp_path, tfnlp):
    [run] = (place / "runs" / "segment-zh").iterdir()
    assert find_model(None, place) == run / "model.keras"
    done = tfnlp("segment", "-", cwd=tmp_path, check=2, stdin=b"")
    assert "tfnlp train pipelines/segment-zh.toml" in done.stderr
    missing = tfnlp("segment", "no.txt", cwd=place, check=2)
    assert "cannot read no.txt" in missing.stderr


def test_nothing_but_white_space_changes(segmenter):
    lines = [
        b"",
        b" \t ",
        "我们 喜欢".encode(),
        b"\xff\xfe",
        "👩‍👩‍👧我们é".encode(),
        "我\u200b们\u3000喜欢\x00".encode(),
        "我们".encode() + b"\xe5\x96" + "喜欢".encode(),
    ]
    found = segmented(segmenter, b"\n".join(lines))
    assert found.endswith(b"\n")
    for line, answer in zip(lines, found[:-1].split(b"\n"), strict=True):
        before, after = (each.decode("utf-8", "surrogateescape") for each in (line, answer))
        assert after.split(" ") == after.split() or not after
        assert "".join(after.split()) == "".join(before.split())


def test_a_megabyte_in_a_line_stays_a_line(segmenter):
    line = "".join("我们喜欢学习" * 20 + sign for sign in ["", "。"] for _ in range(1450)).encode()
    assert len(line) > 1_000_000
    out = segmented(segmenter, line)
    assert out.endswith(b"\n") and out.count(b"\n") == 1
    assert out[:-1].replace(b" ", b"") == line
    # But for a word that a cut went through, where for long no sentence ends.
    assert out.decode().split().count("喜欢") > 0.99 * 20 * 2900


def test_lines_come_out_as_they_come_in(segmenter):
    class Slow:
        """Gives one line at a time, and half of one, and checks what was answered meanwhile."""

        chunks = iter(["我们\n喜".encode(), "欢\n".encode(), b""])

        def read1(self, size):
            return next(self.chunks)

    sink, seen = io.BytesIO(), []
    segment_stream(Slow(), sink, segmenter, lambda size: seen.append((size, sink.getvalue().decode())))
    assert seen == [(7, "我们\n"), (7, "我们\n喜欢\n")]


def test_a_model_of_another_kind_is_refused(place, tfnlp):
    sentence = TaggedSentence(("我", "在", "北", "京"), ("O", "O", "B-LOC", "E-LOC"), None, None, None)
    tagger_of(TaggedCorpus([sentence], "names", "bioes")).save(place / "names.keras")
    done = tfnlp("segment", "words.txt", "--model", "names.keras", cwd=place, check=2)
    assert "does not cut text into words: its tags are" in done.stderr
    with pytest.raises(UserError, match="MODEL is a run folder"):
        load_segmenter(place / "model.tflite")


@pytest.mark.slow
def test_every_exported_copy_segments_as_the_run_does(place, segmenter, monkeypatch):
    # The proof has its own tests, and takes its time.
    monkeypatch.setattr(exporter, "compare_copies", lambda *_: Agreement(0, 0, None, 1.0, []))
    monkeypatch.setattr(tagger_export, "awkward_proof_texts", list)
    [run] = (place / "runs" / "segment-zh").iterdir()
    result = exporter.export(load_keras(run / "model.keras"), place / "exported", texts=[])
    data = "我们喜欢北京。\n\n 学习的\u3000大北京\r\n我们👩‍👩‍👧é\n".encode() + b"\xe5\x96"
    for copy in (result.folder.parent, result.lite_files["float32"]):
        assert segmented(load_segmenter(copy), data) == segmented(segmenter, data)

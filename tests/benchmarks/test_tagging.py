import json

import pytest

from benchmarks import tagging, tagging_corpora
from benchmarks.peers.crfsuite_peer import character_features, word_features
from benchmarks.tagging_settings import TASKS
from tfnlp.data.tagging import TaggedCorpus, TaggedSentence


def corpus_of(lines):
    return TaggedCorpus(
        [TaggedSentence(("我",), ("S",), line, None, None) for line in lines], "lines", "bmes"
    )


def test_lines_are_dealt_out_by_their_numbers_alone():
    parts = tagging_corpora.by_line(
        corpus_of(range(1, 41)), test=lambda line: line % 10 == 0, valid=lambda line: line % 20 == 5
    )
    lines = {name: [sentence.line for sentence in part.sentences] for name, part in parts.items()}
    assert lines["test"] == [10, 20, 30, 40]
    assert lines["valid"] == [5, 25]
    assert sorted(lines["train"] + lines["test"] + lines["valid"]) == list(range(1, 41))


@pytest.mark.parametrize(
    ("task", "system"), [(name, system) for name, task in TASKS.items() for system in task.systems]
)
def test_every_system_is_a_recipe(task, system):
    recipe = TASKS[task].systems[system].load(7, ("training.epochs=2",))
    assert (recipe.seed, recipe.training.epochs, recipe.task.type) == (7, 2, "token_tagger")
    assert set(TASKS[task].mark) <= set(TASKS[task].systems)
    assert task in tagging_corpora.CORPORA


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"conll2003/eng\.train\.gz.*first argument"):
        tagging_corpora.load("conll2003", tmp_path)


def test_features_say_what_they_should():
    rows = word_features(["EU", "rejects", "German"])
    assert {"w=eu", "shape=XX", "brief=X", "begin", "+1:w=rejects", "2:w=german"} <= set(rows[0])
    assert {"-1,0:rejects german", "s3=man", "brief=Xx", "end"} <= set(rows[2])
    assert {"c=人", "bc=中人", "d=</s>"} <= set(character_features(["中", "人"])[1])


def test_figures_of_systems_not_measured_now_stay(tmp_path):
    path = tmp_path / "tagging.json"
    old = [{"system": "a", "figure": 1.0}, {"system": "b", "figure": 2.0}]
    path.write_text(json.dumps({"tasks": {"ewt": {"results": old}}}))
    assert tagging.kept(path, "ewt", [{"system": "b"}]) == old[:1]
    assert tagging.kept(tmp_path / "none.json", "ewt", []) == []


def test_options_are_checked(capsys):
    options = tagging.parse(
        ["data", "--tasks", "conll2003", "--systems", "cnn", "--peers", "none", "--seeds", "1,2"]
    )
    assert (options.systems, options.peers, options.seeds) == ({"cnn"}, set(), [1, 2])
    with pytest.raises(SystemExit):
        tagging.parse(["data", "--tasks", "conll2003", "--peers", "jieba"])
    assert "there are crfsuite" in capsys.readouterr().err

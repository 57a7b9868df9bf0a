"""The benchmark of vectors as a classifier's start."""

import argparse
import json

from benchmarks import vector_features
from benchmarks.datasets import Dataset, Part
from tfnlp.recipe import load_recipe

WHOLE = Part([f"text {i}" for i in range(100)], [int(i < 30) for i in range(100)])
DATASET = Dataset("mr", "MR", "en", ("bad", "good"), WHOLE, WHOLE, WHOLE)


def test_few_texts_have_the_classes_of_all():
    few = vector_features.some_of_each_class(WHOLE, 10)
    assert len(set(few.texts)) == 10 and sum(few.labels) == 3
    assert sorted(vector_features.some_of_each_class(WHOLE, 100).texts) == sorted(WHOLE.texts)


def test_every_recipe_is_one(tmp_path):
    for dataset in vector_features.TEXTS:
        options = argparse.Namespace(dataset=dataset)
        for encoder in vector_features.ENCODERS:
            (tmp_path / "r.toml").write_text(vector_features.recipe_text(options, encoder, 1000, tmp_path))
            assert load_recipe(tmp_path / "r.toml").encoder.type == encoder


def test_what_was_measured_before_stays(tmp_path):
    options = argparse.Namespace(json=tmp_path / "r.json", threads=1, corpus="wiki.txt", epochs=3)
    for number, encoder in enumerate(("bag_of_words", "text_cnn", "bag_of_words")):
        vector_features.write([{"encoder": encoder, "labelled": 10, "n": number}], DATASET, options)
    kept = json.loads(options.json.read_text())["datasets"]["mr"]["results"]
    assert [(result["encoder"], result["n"]) for result in kept] == [("text_cnn", 1), ("bag_of_words", 2)]

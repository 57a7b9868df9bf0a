from pathlib import Path

import pytest

from tfnlp.commands.comparison_plan import encoder_names, encoder_settings, plan
from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError
from tfnlp.recipe import parse_recipe

RECIPE = {
    "seed": 7,
    "corpus": {"train": "a.csv"},
    "encoder": {
        "type": "text_cnn",
        "embedding_dim": 16,
        "token_dropout": 0.1,
        "filters": 9,
        "pooling": "k_max",
    },
    "compare": {"bag_of_words": {"embedding_dim": 5, "pooling": "sum"}, "text_cnn": {"filters": 3}},
    "evaluation": {"baseline": True},
}


def test_names():
    assert encoder_names("text_cnn, bag_of_words,text_cnn") == ["text_cnn", "bag_of_words"]
    assert encoder_names("all") == list(ENCODERS)
    with pytest.raises(UserError, match="Did you mean `text_cnn`"):
        encoder_names("bag_of_words,text_cn")
    with pytest.raises(UserError, match="names no encoder"):
        encoder_names(" , ")


def test_where_each_encoder_has_its_settings_from():
    recipe = parse_recipe(RECIPE)
    # Its own section, but for what [compare.text_cnn] says.
    assert encoder_settings(recipe, "text_cnn") == {
        "embedding_dim": 16,
        "token_dropout": 0.1,
        "filters": 3,
        "pooling": "k_max",
    }
    # What all encoders share carries over; `pooling`, which means something else to each, does not.
    assert encoder_settings(recipe, "bilstm") == {"embedding_dim": 16, "token_dropout": 0.1}
    assert encoder_settings(recipe, "bag_of_words") == {
        "embedding_dim": 5,
        "token_dropout": 0.1,
        "pooling": "sum",
    }


def test_defaults_that_the_recipe_leaves_out_stay_each_encoders_own():
    recipe = parse_recipe({**RECIPE, "encoder": {"type": "text_cnn"}, "compare": {}})
    assert encoder_settings(recipe, "bag_of_words") == {}


def test_plan():
    planned = plan(parse_recipe(RECIPE), ["bilstm", "text_cnn"], 2, Path("out"))
    assert [(item.encoder, item.seed) for item in planned] == [
        ("bilstm", 7),
        ("text_cnn", 7),
        ("bilstm", 8),
        ("text_cnn", 8),
    ]
    assert planned[2].folder == Path("out/bilstm/seed-8")
    assert {item.recipe.corpus.split_seed for item in planned} == {7}  # all seeds share the split
    assert [item.recipe.seed for item in planned] == [7, 7, 8, 8]
    assert [item.recipe.encoder.type for item in planned] == ["bilstm", "text_cnn"] * 2
    assert not planned[0].recipe.evaluation.baseline  # trained once for all, not with each
    assert len({item.recipe.training.model_dump_json() for item in planned}) == 1  # the same budget


def test_a_setting_of_another_encoder_is_refused_at_once():
    with pytest.raises(UserError, match=r"\[compare.bilstm\] filters: unknown key"):
        parse_recipe({**RECIPE, "compare": {"bilstm": {"filters": 3}}})
    with pytest.raises(UserError, match=r"\[compare\] bilst: unknown key. Did you mean `bilstm`"):
        parse_recipe({**RECIPE, "compare": {"bilst": {}}})


def test_every_encoder_takes_the_width_of_the_file_of_vectors(tmp_path):
    # As its run writes it down: a comparison that goes on holds the two recipes against each other.
    file = tmp_path / "vectors.txt"
    file.write_text("film 1 2 3\nfine 4 5 6\n")
    recipe = parse_recipe(
        {
            **RECIPE,
            "encoder": {"type": "text_cnn"},
            "compare": {},
            "vectors": {"file": str(file), "frozen": True},
        }
    )
    for item in plan(recipe, ["text_cnn", "gru"], 1, tmp_path):
        assert (item.recipe.encoder.embedding_dim, item.recipe.encoder.channels) == (3, "static")
    with pytest.raises(UserError, match=r"embedding_dim is 16, the vectors of .* have 3 numbers"):
        plan(parse_recipe({**RECIPE, "vectors": {"file": str(file)}}), ["text_cnn"], 1, tmp_path)

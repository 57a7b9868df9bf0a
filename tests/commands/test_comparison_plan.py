from pathlib import Path

import pytest

from tfnlp.commands.comparison_plan import encoder_table, names_to_compare, plan
from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError
from tfnlp.recipe import load_recipe, parse_recipe

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
VARIANTS = {
    **RECIPE,
    "compare": {
        "max-pooled": {"type": "text_cnn", "pooling": "max"},
        "bilstm": {"units": 7},
        "wide": {"type": "bilstm", "units": 99},
        "text_cnn": {"filters": 3},
    },
}


def test_names():
    recipe = parse_recipe(VARIANTS)
    assert names_to_compare(recipe, "text_cnn, wide,text_cnn") == ["text_cnn", "wide"]
    assert names_to_compare(recipe, "all") == list(ENCODERS)
    assert names_to_compare(recipe, "wide,all") == ["wide", *ENCODERS]
    with pytest.raises(UserError, match=r"no variant `text_cn`.*max-pooled.*Did you mean `text_cnn`"):
        names_to_compare(recipe, "all,text_cn")
    with pytest.raises(UserError, match="Did you mean `max-pooled`"):
        names_to_compare(recipe, "max_pooled")
    with pytest.raises(UserError, match=r"names no encoder.*wide, or all"):
        names_to_compare(recipe, " , ")


def test_without_names_it_is_the_recipes_own_list():
    # Its own encoder first, as what the variants are held against, and once.
    assert names_to_compare(parse_recipe(VARIANTS), None) == ["text_cnn", "max-pooled", "bilstm", "wide"]
    with pytest.raises(UserError, match=r"nothing to compare; name encoders.*--encoders.*\[compare\.NAME\]"):
        names_to_compare(parse_recipe({**RECIPE, "compare": {}}), None)


def test_where_each_encoder_has_its_settings_from():
    recipe = parse_recipe(RECIPE)
    # Its own section, but for what [compare.text_cnn] says.
    assert encoder_table(recipe, "text_cnn") == {
        "type": "text_cnn",
        "embedding_dim": 16,
        "token_dropout": 0.1,
        "filters": 3,
        "pooling": "k_max",
    }
    # What all encoders share carries over; `pooling`, which means something else to each, does not.
    assert encoder_table(recipe, "bilstm") == {"type": "bilstm", "embedding_dim": 16, "token_dropout": 0.1}
    assert encoder_table(recipe, "bag_of_words") == {
        "type": "bag_of_words",
        "embedding_dim": 5,
        "token_dropout": 0.1,
        "pooling": "sum",
    }


def test_defaults_that_the_recipe_leaves_out_stay_each_encoders_own():
    recipe = parse_recipe({**RECIPE, "encoder": {"type": "text_cnn"}, "compare": {}})
    assert encoder_table(recipe, "bag_of_words") == {"type": "bag_of_words"}


def test_where_each_variant_has_its_settings_from():
    recipe = parse_recipe(VARIANTS)
    # Of the recipe's own kind: its [encoder], not what [compare.text_cnn] makes of it.
    assert encoder_table(recipe, "max-pooled") == {
        "type": "text_cnn",
        "embedding_dim": 16,
        "token_dropout": 0.1,
        "filters": 9,
        "pooling": "max",
    }
    # Of another kind: that kind's defaults and what all share, not what [compare.bilstm] says.
    assert encoder_table(recipe, "wide") == {
        "type": "bilstm",
        "embedding_dim": 16,
        "token_dropout": 0.1,
        "units": 99,
    }


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


def test_variants_are_planned_under_their_own_names():
    planned = plan(parse_recipe(VARIANTS), ["text_cnn", "max-pooled"], 1, Path("out"))
    assert [(item.encoder, item.recipe.encoder.type) for item in planned] == [
        ("text_cnn", "text_cnn"),
        ("max-pooled", "text_cnn"),
    ]
    assert planned[1].folder == Path("out/max-pooled/seed-7")
    assert [item.recipe.encoder.pooling for item in planned] == ["k_max", "max"]


def test_the_transformers_ablations_take_away_one_part_each():
    recipe = load_recipe(Path(__file__).parents[2] / "pipelines" / "transformer-ablations.toml")
    whole, *ablated = plan(recipe, names_to_compare(recipe, None), 1, Path("out"))
    own = whole.recipe.encoder.model_dump()
    taken = {
        item.encoder: {
            key: value for key, value in item.recipe.encoder.model_dump().items() if value != own[key]
        }
        for item in ablated
    }
    assert taken == {
        "no_positions": {"positions": "none"},
        "one_head": {"heads": 1},
        "no_residual": {"residual": False},
        "no_layer_norm": {"normalize": "none"},
    }
    assert own["scale_vectors"]  # or the vectors would shrink with the positions


def test_a_setting_of_another_encoder_is_refused_at_once():
    with pytest.raises(UserError, match=r"\[compare.bilstm\] filters: unknown key"):
        parse_recipe({**RECIPE, "compare": {"bilstm": {"filters": 3}}})


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

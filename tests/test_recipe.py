import subprocess
import sys

import pytest

from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError
from tfnlp.recipe import encoder_section, load_recipe, parse_recipe

SMALL = {"corpus": {"train": "a.csv"}, "encoder": {"type": "text_cnn"}}


def with_section(section, **keys):
    return {**SMALL, section: {**SMALL.get(section, {}), **keys}}


def test_defaults_fill_in_the_rest():
    recipe = parse_recipe(SMALL)
    assert recipe.encoder.filter_sizes == [3, 4, 5]
    assert recipe.training.optimizer == "adamw"
    assert recipe.preprocessor.tokenizer == "word"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            with_section("encoder", filter_size=[3]),
            r"\[encoder\] filter_size: unknown key. Did you mean `filter_sizes`",
        ),
        (with_section("traning"), r"traning: unknown key. Did you mean `training`"),
        (with_section("training", epoch=3), r"\[training\] epoch: unknown key. Did you mean `epochs`"),
        (with_section("training", epochs="ten"), r"\[training\] epochs: .*integer.*'ten'"),
        (with_section("training", epochs=0), r"\[training\] epochs: .*greater than or equal to 1.*0"),
        (with_section("training", schedule="cosine"), r"\[training\] schedule: .*'warmup_cosine'.*'cosine'"),
        (with_section("encoder", filters="100"), r"\[encoder\] filters: .*integer"),
        (
            with_section("encoder", activation="gleu"),
            r"\[encoder\] activation: .*'gelu'.*Did you mean `gelu`.*'gleu'",
        ),
        (
            with_section("encoder", kernel_initializer="he"),
            r"\[encoder\] kernel_initializer: .*'he_normal'.*'he'",
        ),
        (with_section("encoder", pooling=3), r"\[encoder\] pooling: .*string.*or.*list.*3"),
        (with_section("preprocessor", lowercase="yes"), r"\[preprocessor\] lowercase: .*boolean"),
        ({**SMALL, "encoder": {"type": "text_cn"}}, r"no `text_cn`.*bag_of_words.*Did you mean `text_cnn`"),
        ({**SMALL, "encoder": {}}, r"no `type` is given"),
        ({"encoder": {"type": "text_cnn"}}, r"corpus: missing"),
        ({**SMALL, "name": "../up"}, r"name: "),
    ],
)
def test_a_mistake_is_named_with_its_cure(table, expected):
    with pytest.raises(UserError, match=expected):
        parse_recipe(table)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(UserError) as caught:
        parse_recipe({**with_section("training", epochs=0, sched="step"), "nam": "x"}, "r.toml")
    assert str(caught.value).count("r.toml: ") == 3


def test_overrides_win(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text('[corpus]\ntrain = "a.csv"\n[encoder]\ntype = "text_cnn"\n[training]\nepochs = 3\n')
    recipe = load_recipe(
        file, ["training.epochs=5", "encoder.filter_sizes=[1, 2]", "corpus.train=b.csv", "seed=7"]
    )
    assert (recipe.training.epochs, recipe.encoder.filter_sizes, recipe.corpus.train, recipe.seed) == (
        5,
        [1, 2],
        "b.csv",
        7,
    )
    with pytest.raises(UserError, match=r"section\.key=value"):
        load_recipe(file, ["training.epochs"])
    with pytest.raises(UserError, match="unknown key"):
        load_recipe(file, ["training.epoch=5"])
    with pytest.raises(UserError, match="not a section"):
        load_recipe(file, ["seed=1", "seed.x=2"])


def test_files_that_are_no_recipe(tmp_path):
    (tmp_path / "reviews.toml").write_text("x = ")
    with pytest.raises(UserError, match=r"reviews\.toml: not TOML"):
        load_recipe(tmp_path / "reviews.toml")
    with pytest.raises(UserError, match=r"Did you mean `reviews\.toml`"):
        load_recipe(tmp_path / "review.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    with pytest.raises(UserError, match="not UTF-8"):
        load_recipe(tmp_path / "latin.toml")
    with pytest.raises(UserError, match="folder"):
        load_recipe(tmp_path)


@pytest.mark.parametrize("name", ENCODERS)
def test_every_key_of_an_encoder_is_described(name):
    for key, field in encoder_section(name).model_fields.items():
        assert field.description, f"{name}.{key} has no description in the docstring"


@pytest.mark.parametrize(
    ("command", "wrong", "said"),
    [
        (["train"], "filter_size = 3", "Did you mean `filter_sizes`"),
        (["compare"], '[compare.a]\ntype = "text_cnn"\nfilter_size = 3', "Did you mean `filter_sizes`"),
        (["compare", "--encoders", "sml"], '[compare.small]\ntype = "text_cnn"', "Did you mean `small`"),
        (["compare"], "", "nothing to compare"),
    ],
)
def test_a_mistake_is_answered_without_tensorflow(command, wrong, said, tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(f'[corpus]\ntrain = "a.csv"\n[encoder]\ntype = "text_cnn"\n{wrong}\n')
    code = (
        "import sys; sys.argv[0] = 'tfnlp'\n"
        "from tfnlp.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n"
        "    heavy = [m for m in ('tensorflow', 'keras', 'sklearn', 'matplotlib') if m in sys.modules]\n"
        "    print(stop.code, heavy)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *command, str(file)], capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "2 []"
    assert said in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr


def test_settings_for_a_comparison_are_checked_and_stay_out_of_a_runs_recipe():
    recipe = parse_recipe({**SMALL, "compare": {"bilstm": {"units": 3}}})
    assert recipe.compare["bilstm"].model_dump(exclude_unset=True) == {"units": 3}
    assert "compare" not in recipe.model_dump()
    with pytest.raises(UserError, match=r"\[compare\.bilstm\] units: .*integer"):
        parse_recipe({**SMALL, "compare": {"bilstm": {"units": "x"}}})


@pytest.mark.parametrize(
    ("name", "table", "expected"),
    [
        ("bilst", {}, r"\[compare\.bilst\] type: missing.*Did you mean `bilstm`.*variant.*text_cnn"),
        ("small", {"filters": 3}, r"\[compare\.small\] type: missing.*`small` is no encoder"),
        (
            "small",
            {"type": "text_cn"},
            r"\[compare\.small\] type: there is no `text_cn`.*Did you mean `text_cnn`",
        ),
        ("small", {"type": ["text_cnn"]}, r"\[compare\.small\] type: there is no"),
        (
            "small",
            {"type": "text_cnn", "filtres": 3},
            r"\[compare\.small\] filtres: .*Did you mean `filters`",
        ),
        ("small", {"type": "text_cnn", "filters": "3"}, r"\[compare\.small\] filters: .*integer.*'3'"),
        ("small", 3, r"\[compare\] small: a table of settings is wanted, \[compare\.small\]. Received: 3"),
        ("lstm", {"type": "gru"}, r"\[compare\.lstm\] type: `lstm` is an encoder of its own"),
        ("a b", {"type": "gru"}, r"\[compare\] a b: .*letters, digits, _ and -"),
        ("../up", {"type": "gru"}, r"letters, digits, _ and -"),
        ("-gru", {"type": "gru"}, r"letters, digits, _ and -"),
        ("all", {"type": "gru"}, r"\[compare\] all: this name is taken"),
        ("Plots", {"type": "gru"}, r"\[compare\] Plots: this name is taken"),
        ("GRU", {"type": "gru"}, r"\[compare\] GRU: differs from `gru` in capitals only"),
    ],
)
def test_a_mistake_in_a_variant_is_named_with_its_cure(name, table, expected):
    with pytest.raises(UserError, match=expected):
        parse_recipe({**SMALL, "compare": {name: table}})


def test_mistakes_in_variants_are_told_with_all_others():
    compare = {"small": {"type": "text_cnn", "filtres": 3}, "Small": {"type": "gru"}, "lst": {}}
    with pytest.raises(UserError) as caught:
        parse_recipe({**SMALL, "compare": compare, "nam": "x"}, "r.toml")
    assert str(caught.value).count("r.toml: ") == 4
    with pytest.raises(
        UserError, match=r"compare: a table for each encoder or variant is wanted. Received: 3"
    ):
        parse_recipe({**SMALL, "compare": 3})


SEGMENTER = {"tokenizer": "segmenter", "segmenter": "runs/segment-zh"}


def test_a_segmenter_is_named_where_one_cuts_the_words_and_then_there_is_no_tflite():
    assert parse_recipe({**SMALL, "preprocessor": SEGMENTER}).export.lite == []
    for half in ({"tokenizer": "segmenter"}, {"segmenter": "runs/segment-zh"}):
        with pytest.raises(UserError, match="go together"):
            parse_recipe({**SMALL, "preprocessor": half})
    with pytest.raises(UserError, match=r"set lite = \[\]"):
        parse_recipe({**SMALL, "preprocessor": SEGMENTER, "export": {"lite": ["int8"]}})

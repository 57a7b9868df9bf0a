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


def test_a_wrong_key_is_answered_without_tensorflow(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text('[corpus]\ntrain = "a.csv"\n[encoder]\ntype = "text_cnn"\nfilter_size = 3\n')
    code = (
        "import sys; sys.argv = ['tfnlp', 'train', sys.argv[1]]\n"
        "from tfnlp.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as stop:\n"
        "    heavy = [m for m in ('tensorflow', 'keras', 'sklearn', 'matplotlib') if m in sys.modules]\n"
        "    print(stop.code, heavy)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "2 []"
    assert "Did you mean `filter_sizes`" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_settings_for_a_comparison_are_checked_and_stay_out_of_a_runs_recipe():
    recipe = parse_recipe({**SMALL, "compare": {"bilstm": {"units": 3}}})
    assert recipe.compare.bilstm.model_dump(exclude_unset=True) == {"units": 3}
    assert "compare" not in recipe.model_dump()
    with pytest.raises(UserError, match=r"\[compare\.bilstm\] units: .*integer"):
        parse_recipe({**SMALL, "compare": {"bilstm": {"units": "x"}}})

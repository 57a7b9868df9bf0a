"""The recipe: a TOML file that names corpus, preprocessor, encoder, task, training and export.

Nothing here imports TensorFlow, so that a mistake in a recipe is answered at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, create_model

from tfnlp.encoders.registry import ENCODERS
from tfnlp.errors import UserError, did_you_mean
from tfnlp.recipe_language_model import (
    LanguageModelEvaluationSection,
    LanguageModelSection,
    LanguageModelTrainingSection,
    SentenceCorpusSection,
    SentencePreprocessorSection,
)
from tfnlp.recipe_mistakes import in_plain_words, place
from tfnlp.recipe_sections import (
    CorpusSection,
    EvaluationSection,
    ExportSection,
    PreprocessorSection,
    Section,
    TaskSection,
    TrainingSection,
    VectorsSection,
)
from tfnlp.recipe_tagging import (
    TaggedCorpusSection,
    TaggerEvaluationSection,
    TaggerSection,
    TaggerTrainingSection,
    TaggerVectorsSection,
    TaggingPreprocessorSection,
)
from tfnlp.signatures import settings_of

# A variant's name is a folder's too, and a word in a command.
_VARIANT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# Neither can be a variant's name: `--encoders all`, and where a comparison keeps its pictures.
_TAKEN_NAMES = ("all", "plots")


class Recipe(Section):
    """A whole recipe."""

    name: str = Field(
        "model", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Names the run and the export."
    )
    seed: int = Field(
        1, ge=0, description="Seed of everything random: splits, start weights, order, dropout."
    )
    corpus: CorpusSection
    preprocessor: PreprocessorSection = Field(default_factory=PreprocessorSection)
    encoder: Any  # one of `encoder_section`, put in by `parse_recipe`
    vectors: VectorsSection = Field(default_factory=VectorsSection)
    task: TaskSection = Field(default_factory=TaskSection)
    training: TrainingSection = Field(default_factory=TrainingSection)
    evaluation: EvaluationSection = Field(default_factory=EvaluationSection)
    export: ExportSection = Field(default_factory=ExportSection)
    # Encoder or variant -> its `encoder_section`, put in by `parse_recipe`. It is no part of one training, so no run's
    # recipe repeats it.
    compare: dict[str, Any] = Field(default_factory=dict, exclude=True)


# The tasks, and the sections in which each wants other keys than a classifier.
TASKS: dict[str, dict[str, type[Section]]] = {
    "text_classifier": {},
    "token_tagger": {
        "corpus": TaggedCorpusSection,
        "preprocessor": TaggingPreprocessorSection,
        "vectors": TaggerVectorsSection,
        "task": TaggerSection,
        "training": TaggerTrainingSection,
        "evaluation": TaggerEvaluationSection,
    },
    "language_model": {
        "corpus": SentenceCorpusSection,
        "preprocessor": SentencePreprocessorSection,
        "task": LanguageModelSection,
        "training": LanguageModelTrainingSection,
        "evaluation": LanguageModelEvaluationSection,
    },
}


@cache
def encoder_section(name: str) -> type[Section]:
    """Makes the schema of `[encoder]` for one encoder, from the signature in its source."""
    fields: dict[str, Any] = {"type": (Literal[name], Field(name, description="The network."))}
    for setting in settings_of(ENCODERS[name]):
        fields[setting.name] = (setting.type, Field(setting.default, description=setting.description))
    return create_model(f"{name}_section", __base__=Section, **fields)


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads and checks a recipe file.

    Args:
        path: the TOML file.
        overrides: `section.key=value` settings that win over the file; values are written as in TOML.

    Raises:
        UserError: if the file is missing or not TOML, or a key or a value is wrong.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        near = did_you_mean(
            path.name, [p.name for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        )
        raise UserError(f"no recipe {path}.{near}") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder; a recipe is a .toml file") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}; save the recipe as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    for override in overrides:
        apply_override(table, override)
    return parse_recipe(table, str(path))


def apply_override(table: dict[str, Any], override: str) -> None:
    """Puts one `section.key=value` into a recipe's table."""
    key, equals, text = override.partition("=")
    *sections, name = key.strip().split(".")
    if not equals or not name:
        raise UserError(f"--set takes section.key=value, e.g. training.epochs=5. Received: {override!r}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word is a string: quotes rarely survive a shell
    for section in sections:
        table = table.setdefault(section, {})
        if not isinstance(table, dict):
            raise UserError(f"--set {override}: `{section}` is not a section")
    table[name] = value


def parse_recipe(table: Mapping[str, Any], source: str = "recipe") -> Recipe:
    """Checks a recipe's table.

    Raises:
        UserError: naming every wrong key or value, what was accepted, and the nearest spelling.
    """
    encoder = table.get("encoder", {})
    name = encoder.get("type") if isinstance(encoder, Mapping) else None
    if not _is_encoder(name):
        raise UserError(f"{source}: [encoder] type: {_no_encoder(name)}")
    task = table.get("task", {})
    kind = task.get("type", "text_classifier") if isinstance(task, Mapping) else "text_classifier"
    if not isinstance(kind, str) or kind not in TASKS:
        near = did_you_mean(str(kind), TASKS)
        raise UserError(
            f"{source}: [task] type: there is no `{kind}`; choose one of {', '.join(TASKS)}.{near}"
        )
    schema = create_model(
        "Recipe", __base__=Recipe, encoder=(encoder_section(name), ...), **_sections_of(kind)
    )
    tables, mistakes = _checked_tables(table.get("compare", {}))
    try:
        recipe = schema.model_validate({**table, "compare": tables})
    except ValidationError as error:
        mistakes = in_plain_words(error.errors(), schema) + mistakes
    if mistakes:
        raise UserError("\n".join(f"{source}: {line}" for line in mistakes))
    return _with_segmenter(_with_frozen_channel(recipe, source), source)


def _sections_of(kind: str) -> dict[str, Any]:
    """The fields of a recipe of this task that differ from a classifier's."""
    return {
        name: (section, ... if name == "corpus" else Field(default_factory=section))
        for name, section in TASKS[kind].items()
    }


def _is_encoder(name: Any) -> bool:
    return isinstance(name, str) and name in ENCODERS


def _no_encoder(name: Any) -> str:
    """What is wrong with a `type` that is none of the encoders."""
    said = f"there is no `{name}`" if name is not None else "no `type` is given"
    return f"{said}; choose one of {', '.join(ENCODERS)}.{did_you_mean(str(name), ENCODERS)}"


def _checked_tables(tables: Any) -> tuple[dict[str, Section], list[str]]:
    """Checks `[compare]`: each of its tables by the schema of the encoder that it is for, or a variant of.

    Returns:
        name -> the table, of those that are right, and a line for each mistake in the others.
    """
    if not isinstance(tables, Mapping):
        return {}, [f"compare: a table for each encoder or variant is wanted. Received: {tables!r}"]
    checked: dict[str, Section] = {}
    mistakes = []
    for name, table in tables.items():
        mistake = _misnamed(name, tables) or _without_encoder(name, table)
        if mistake:
            mistakes.append(mistake)
            continue
        section = encoder_section(table.get("type", name))
        try:
            checked[name] = section.model_validate(table)
        except ValidationError as error:
            mistakes += in_plain_words(error.errors(), section, ("compare", name))
    return checked, mistakes


def _misnamed(name: str, tables: Mapping[str, Any]) -> str:
    """Why a table of `[compare]` cannot have its name; empty if it can."""
    where = place(["compare"], name)
    if not _VARIANT_NAME.fullmatch(name):
        return f"{where}: a variant's name has letters, digits, _ and -, and begins with a letter or a digit"
    if name.lower() in _TAKEN_NAMES:
        return f"{where}: this name is taken by `tfnlp compare` itself; choose another"
    # On some disks the folders of two such names are one.
    twin = next(
        (other for other in (*ENCODERS, *tables) if name != other and name.lower() == other.lower()), ""
    )
    return f"{where}: differs from `{twin}` in capitals only; choose another name" if twin else ""


def _without_encoder(name: str, table: Any) -> str:
    """Why it is not clear which encoder a table of `[compare]` is for; empty if it is."""
    if not isinstance(table, Mapping):
        return f"{place(['compare'], name)}: a table of settings is wanted, [compare.{name}]. Received: {table!r}"
    where, kind = place(["compare", name], "type"), table.get("type")
    if name in ENCODERS:
        clash = kind not in (None, name)
        return f"{where}: `{name}` is an encoder of its own; give the variant another name" if clash else ""
    if kind is None:
        return (
            f"{where}: missing. `{name}` is no encoder.{did_you_mean(name, ENCODERS)} If it is a variant, say of "
            f"which: {', '.join(ENCODERS)}"
        )
    return "" if _is_encoder(kind) else f"{where}: {_no_encoder(kind)}"


def _with_frozen_channel(recipe: Recipe, source: str) -> Recipe:
    """Turns `vectors.frozen` into the encoder's static channel."""
    if not recipe.vectors.frozen:
        return recipe
    if recipe.vectors.file is None:
        raise UserError(
            f'{source}: [vectors] frozen: there is no `file` to freeze; name one, or set [encoder] channels = "static" '
            "for vectors that stay random"
        )
    channels = recipe.encoder.channels
    if "channels" in recipe.encoder.model_fields_set and channels != "static":
        raise UserError(
            f"{source}: [vectors] frozen = true and [encoder] channels = {channels!r} contradict each other; leave one "
            "of them out"
        )
    return recipe.model_copy(update={"encoder": recipe.encoder.model_copy(update={"channels": "static"})})


def _with_segmenter(recipe: Recipe, source: str) -> Recipe:
    """Where a segmenter cuts the words it is named, and there is no `.tflite` file."""
    if "segmenter" not in type(recipe.preprocessor).model_fields:
        return recipe
    if (recipe.preprocessor.tokenizer == "segmenter") != (recipe.preprocessor.segmenter is not None):
        raise UserError(
            f'{source}: [preprocessor] `tokenizer = "segmenter"` and `segmenter = "PATH"` go together; '
            "`tfnlp train pipelines/segment-zh.toml` makes a model for it"
        )
    if recipe.preprocessor.segmenter is None:
        return recipe
    if recipe.export.lite and "lite" in recipe.export.model_fields_set:
        raise UserError(
            f'{source}: [export] lite: there is no .tflite with tokenizer = "segmenter"; set lite = []'
        )
    return recipe.model_copy(update={"export": recipe.export.model_copy(update={"lite": []})})

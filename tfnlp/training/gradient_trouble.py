"""What a run's gradients say of it, in plain words, and what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tfnlp.training.gradient_health import GradientHealth

Settings = Mapping[str, Any]

# A gradient's norm that no healthy training of a mean loss has.
LARGE = 100.0
# Grown by so much since the first measure, it is on its way there.
GROWN = 30.0
# So many times as large far back as near: each step back multiplies it. A network that has learnt what counts far
# back has ten or a hundred times.
GROWN_WITH_DISTANCE = 1000.0
# A layer whose gradient is so small beside its weights, compared with the other layers, does not learn.
SHARE_OF_OTHERS = 1e-4
# A token whose gradient is so small beside the nearest one's teaches nothing.
SHARE_OF_NEAREST = 1e-3
# Texts shorter than this have no far tokens.
SHORT = 16


def gradient_warnings(
    records: Sequence[GradientHealth],
    *,
    encoder: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Looks for gradients that explode or vanish, in the weights or with the distance in a text.

    Args:
        records: of a run, in the order of its epochs.
        encoder: the recipe's `[encoder]`, which says what can be changed; None if it is not known.
        training: the recipe's `[training]`, likewise.

    Returns:
        what ails them -> a sentence or two of the last epoch in which it did, with what helps; empty if all is well.
    """
    looks = (_explodes, _grows_with_distance, _vanishes_with_distance, _vanishes)
    found = {}
    for record in records:
        when = f"after epoch {record.epoch}" if record.epoch else "before training"
        for look in looks:
            said = look(record, records[0], dict(encoder or {}), dict(training or {}))
            if said:
                found[look.__name__.strip("_").replace("_", " ")] = f"{when}: {said}"
    return found


def _explodes(record: GradientHealth, first: GradientHealth, encoder: Settings, training: Settings) -> str:
    helps = _what_helps(_against_large(encoder, training))
    if not _is_number(record.norm):
        return f"the gradient is {record.norm}: it exploded. {helps}"
    if record.norm <= LARGE and (record.norm <= GROWN * first.norm or record.norm <= 1):
        return ""
    clip = training.get("clip_norm")
    cut = f" Each step is cut to `training.clip_norm` = {clip:g}, so little of it is heeded." if clip else ""
    return f"the gradient's norm is {record.norm:.3g}, at first it was {first.norm:.3g}: it explodes.{cut} {helps}"


def _grows_with_distance(
    record: GradientHealth, first: GradientHealth, encoder: Settings, training: Settings
) -> str:
    distances = record.distances
    if (
        not distances
        or not all(map(_is_number, distances))
        or max(distances) <= GROWN_WITH_DISTANCE * distances[0]
    ):
        return ""
    k = distances.index(max(distances))
    return (
        f"the gradient grows on its way back through the text: {k} tokens back it is {distances[k] / distances[0]:.3g} "
        f"times the nearest token's. {_what_helps(_against_large(encoder, training))}"
        if distances[0]
        else ""
    )


def _vanishes_with_distance(
    record: GradientHealth, first: GradientHealth, encoder: Settings, training: Settings
) -> str:
    reach = record.reach(SHARE_OF_NEAREST)
    if record.horizon < SHORT or reach >= record.horizon / 2:
        return ""
    return (
        f"the gradient vanishes on its way back through the text: beyond {reach} tokens back it is less than "
        f"{SHARE_OF_NEAREST:.1%} of the nearest token's, so what stands there teaches nothing, and the texts reach "
        f"{record.horizon} back. {_what_helps(_for_memory(encoder), 'If that matters')}"
    )


def _vanishes(record: GradientHealth, first: GradientHealth, encoder: Settings, training: Settings) -> str:
    shares = {
        layer.name: layer.gradient / layer.weights
        for layer in record.layers
        if layer.matrix and layer.weights
    }
    if len(shares) < 3:
        return ""
    name = min(shares, key=shares.__getitem__)
    usual = median(shares.values())
    if not usual or not _is_number(usual) or shares[name] >= SHARE_OF_OTHERS * usual:
        return ""
    return (
        f"the gradient vanishes on its way to `{name}`: beside its weights it is {shares[name] / usual:.1e} times "
        f"that of the layers' median, so the layer does not learn. {_what_helps(_for_depth(encoder))}"
    )


def _against_large(encoder: Settings, training: Settings) -> list[str]:
    cures = []
    if not training.get("clip_norm"):
        cures.append("set `training.clip_norm` = 1.0")
    rate = training.get("learning_rate")
    cures.append("lower `training.learning_rate`" + (f" (now {rate:g})" if rate else ""))
    if encoder.get("type") == "simple_rnn":
        cures.append('take gates: `encoder.type` = "gru" or "lstm"')
    if encoder.get("layer_norm") is False:
        cures.append("set `encoder.layer_norm` = true")
    return cures


def _for_memory(encoder: Settings) -> list[str]:
    kind = encoder.get("type")
    if kind == "simple_rnn" or encoder.get("cell") == "simple_rnn":
        return [
            'take gates, which pass it on: `encoder.type` = "gru" or "lstm", with `memory_steps` as long as the texts'
        ]
    cures = []
    if encoder.get("memory_steps") == 0:
        cures.append("set `encoder.memory_steps` to the texts' length: gates then start open")
    if encoder.get("residual") is False and encoder.get("layers", 1) > 1:
        cures.append("set `encoder.residual` = true")
    if encoder.get("pooling") in ("last", ["last"]):
        cures.append('pool by "attention", so that each token reaches the answer by itself')
    return [*cures, 'take a "transformer"']


def _for_depth(encoder: Settings) -> list[str]:
    cures = [f"set `encoder.{key}` = true" for key in ("residual", "layer_norm") if encoder.get(key) is False]
    if encoder.get("normalize") == "none":
        cures.append('set `encoder.normalize` = "before"')
    if encoder.get("layers", 1) > 1:
        cures.append(f"take fewer than {encoder['layers']} layers")
    if encoder.get("activation") in ("sigmoid", "tanh", "softsign") and encoder.get("type") not in (
        "gru",
        "lstm",
    ):
        cures.append('take an activation that does not saturate: `encoder.activation` = "relu"')
    return cures or ["take fewer layers, or a larger `training.learning_rate` for them"]


def _what_helps(cures: list[str], said: str = "What helps") -> str:
    """What to do, in a sentence."""
    return f"{said}: {', '.join(cures)}."


def _is_number(value: float) -> bool:
    return value - value == 0

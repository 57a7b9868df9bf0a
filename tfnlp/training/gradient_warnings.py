"""What a run's gradients say of it, in plain words, and what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tfnlp.training.gradient_health import GradientHealth

# A gradient's norm that no healthy training of a mean loss has.
LARGE = 100.0
# Grown by so much since the first measure, it is on its way there.
GROWN = 30.0
# So many times as large far back as near: each step back multiplies it.
GROWN_WITH_DISTANCE = 10.0
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
) -> list[str]:
    """Looks for gradients that explode or vanish, in the weights or with the distance in a text.

    Args:
        records: of a run, in the order of its epochs.
        encoder: the recipe's `[encoder]`, which says what can be changed; None if it is not known.
        training: the recipe's `[training]`, likewise.

    Returns:
        a sentence or two for each kind found, of the last epoch in which it was, with what helps; empty if all is well.
    """
    encoder, training = dict(encoder or {}), dict(training or {})
    kinds: dict[str, str] = {}
    for record in records:
        for kind, found in _of_epoch(record, records[0], encoder, training):
            kinds[kind] = (
                f"after epoch {record.epoch}: {found}" if record.epoch else f"before training: {found}"
            )
    return list(kinds.values())


def _of_epoch(
    record: GradientHealth, first: GradientHealth, encoder: Any, training: Any
) -> list[tuple[str, str]]:
    found = []
    if not _is_number(record.norm):
        found.append(
            (
                "exploding",
                f"the gradient is {record.norm}: it exploded. {_sentence(_against_large(encoder, training))}",
            )
        )
    elif record.norm > LARGE or (record.norm > GROWN * first.norm and record.norm > 1):
        clip = training.get("clip_norm")
        cut = (
            f" It is cut to `training.clip_norm` = {clip:g} in each step, so little of it is heeded."
            if clip
            else ""
        )
        found.append(
            (
                "exploding",
                f"the gradient's norm is {record.norm:.3g}, it was {first.norm:.3g} at first: it explodes.{cut} "
                f"{_sentence(_against_large(encoder, training))}",
            )
        )
    near = record.distances[0] if record.distances else 0.0
    if near and _is_number(near):
        k = max(range(len(record.distances)), key=record.distances.__getitem__)
        if record.distances[k] > GROWN_WITH_DISTANCE * near:
            found.append(
                (
                    "exploding with distance",
                    f"the gradient grows on its way back through the text: {k} tokens back it is "
                    f"{record.distances[k] / near:.3g} times the nearest token's. "
                    f"{_sentence(_against_large(encoder, training))}",
                )
            )
        if _vanishes(record):
            reach = record.reach(SHARE_OF_NEAREST)
            found.append(
                (
                    "vanishing with distance",
                    f"the gradient vanishes on its way back through the text: beyond {reach} tokens back it is less "
                    f"than {SHARE_OF_NEAREST:.1%} of the nearest token's, and the texts reach {record.horizon} back, so "
                    f"what stands there teaches nothing. {_sentence(_for_memory(encoder))}",
                )
            )
    found += [("vanishing", line) for line in _still_layers(record, encoder)]
    return found


def _vanishes(record: GradientHealth) -> bool:
    return record.horizon >= SHORT and record.reach(SHARE_OF_NEAREST) < record.horizon / 2


def _still_layers(record: GradientHealth, encoder: Any) -> list[str]:
    """One line of the layer whose gradient is smallest, if it vanishes beside the others'."""
    shares = {
        layer.name: layer.gradient / layer.weights
        for layer in record.layers
        if layer.matrix and layer.weights
    }
    if len(shares) < 3:
        return []
    name = min(shares, key=shares.__getitem__)
    usual = median(shares.values())
    if not usual or not _is_number(usual) or shares[name] >= SHARE_OF_OTHERS * usual:
        return []
    return [
        f"the gradient vanishes on its way to `{name}`: beside its weights it is {shares[name] / usual:.1e} times that of "
        f"the layers' median, so the layer does not learn. {_sentence(_for_depth(encoder))}"
    ]


def _against_large(encoder: Any, training: Any) -> list[str]:
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


def _for_memory(encoder: Any) -> list[str]:
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
    return [
        *cures,
        'or let each token reach the answer by itself: pool by "attention", or take a "transformer"',
    ]


def _for_depth(encoder: Any) -> list[str]:
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


def _sentence(cures: list[str]) -> str:
    """ "a, b, or c." with a capital."""
    text = ", ".join(cures)
    return f"What helps: {text}."


def _is_number(value: float) -> bool:
    return value - value == 0

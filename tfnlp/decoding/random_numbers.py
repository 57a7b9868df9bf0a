"""Random numbers without a state: a number is a function of its key and its place, the same on every machine.

Neither TensorFlow nor NumPy give each row of a batch a stream of its own that both know, so that a text would be drawn
alike in a notebook, on a server and on a phone. Threefry needs but additions and shifts of 32 bits.

Reference:
    Salmon et al., 2011, Parallel Random Numbers: As Easy as 1, 2, 3, section 3.3,
    https://doi.org/10.1145/2063384.2063405
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def threefry(key: tuple[Any, Any], counter: tuple[Any, Any], bits: Any = np) -> tuple[Any, Any]:
    """Threefry-2x32 of 20 rounds: scrambles a counter by a key.

    Args:
        key: two uint32 arrays of shapes that fit together; arrays, for scalars of NumPy warn where they run over.
        counter: two more.
        bits: whose `bitwise_xor`, `left_shift` and so on: `numpy`, or `tf.bitwise` for tensors.

    Returns:
        two uint32 arrays, each bit of them a coin's toss.
    """
    keys = (*key, bits.bitwise_xor(bits.bitwise_xor(key[0], key[1]), _PARITY))
    x, y = counter[0] + keys[0], counter[1] + keys[1]
    for block in range(5):
        for distance in _ROTATIONS[block % 2]:
            x = x + y
            left = bits.left_shift(y, np.uint32(distance))
            right = bits.right_shift(y, np.uint32(32 - distance))
            y = bits.bitwise_xor(bits.bitwise_or(left, right), x)
        x = x + keys[(block + 1) % 3]
        y = y + keys[(block + 2) % 3] + np.uint32(block + 1)
    return x, y


def split_seed(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A seed's lower and upper 32 bits, uint32 `[1]` each; negative ones and those of more bits wrap around."""
    return np.asarray([seed & 0xFFFFFFFF], np.uint32), np.asarray([seed >> 32 & 0xFFFFFFFF], np.uint32)


def as_int64(seed: int) -> int:
    """A seed's lower 64 bits, as int64 holds them."""
    return (seed + (1 << 63)) % (1 << 64) - (1 << 63)


def seeds_of(prompts: Sequence[str], seed: int) -> list[int]:
    """A seed for each prompt, as int64 holds it: of equal prompts the first has the seed itself, the next one more."""
    seen: Counter[str] = Counter()
    seeds = []
    for prompt in prompts:
        seeds.append(as_int64(seed + seen[prompt]))
        seen[prompt] += 1
    return seeds


def prompt_stream(seed: int, token_ids: np.ndarray, numbers: int) -> np.ndarray:
    """What `prompt_streams` gives a prompt of its own, without TensorFlow.

    Args:
        seed: any whole number.
        token_ids: int `[time]`, the prompt.
        numbers: how many.

    Returns:
        float32 `[numbers]`, from 0 to below 1.
    """
    places = np.arange(len(token_ids), dtype=np.uint32)
    scrambled = threefry(split_seed(seed), (np.asarray(token_ids).astype(np.uint32), places))
    key = tuple(part.sum(dtype=np.uint32, keepdims=True) for part in scrambled)
    drawn, _ = threefry(key, (np.arange(numbers, dtype=np.uint32), np.zeros(1, np.uint32)))
    return (drawn >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)

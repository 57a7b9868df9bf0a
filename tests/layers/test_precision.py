import keras
import pytest

from tfnlp.layers.precision import full_precision, widened


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        ("float16", "float32"),
        ("bfloat16", "float32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("bool", "float32"),
    ],
)
def test_no_digit_is_lost(dtype, wide):
    assert full_precision(dtype) == wide
    assert keras.backend.standardize_dtype(widened(keras.ops.ones((2,), dtype=dtype)).dtype) == wide

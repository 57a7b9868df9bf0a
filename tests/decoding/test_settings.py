"""A wrong wish is answered with the name of the option and what it may be."""

import pytest

from tfnlp.decoding import DecodingSettings
from tfnlp.errors import UserError


@pytest.mark.parametrize(
    "options, message",
    [
        ({"max_tokens": -1}, "`max_tokens` must be 0 or more"),
        ({"temperature": 0.0}, "`temperature` must be a number above 0"),
        ({"top_k": 0}, "`top_k` must be at least 1"),
        ({"top_p": 1.5}, "`top_p` must be above 0 and at most 1"),
        ({"repetition_penalty": 0.5}, "`repetition_penalty` must be at least 1"),
        ({"repetition_penalty": float("nan")}, "`repetition_penalty` must be at least 1"),
        ({"beams": 0}, "`beams` must be at least 1"),
        ({"beams": 2, "length_penalty": -1.0}, "`length_penalty` must be 0 or more"),
        ({"length_penalty": 1.0}, "ask for `beams` too"),
        ({"beams": 2, "temperature": 0.5}, "draw nothing"),
        ({"beams": 2, "top_p": 0.5}, "draw nothing"),
        ({"stop": "."}, "put it in brackets"),
        ({"stop": ["."] * 2 + [""]}, "empty text"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        DecodingSettings(**options)


@pytest.mark.parametrize("options, draws", [({}, True), ({"top_k": 1}, False), ({"beams": 2}, False)])
def test_whether_chance_has_a_part(options, draws):
    assert DecodingSettings(**options).draws is draws

"""Graph and Python find and cut the same, whatever the characters."""

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnlp.decoding import StopTexts

LETTERS = st.text(alphabet="ab.\\*\n。😀[(^$", max_size=8)


@settings(max_examples=80, deadline=None)
@given(st.lists(LETTERS.filter(bool), min_size=1, max_size=3), LETTERS)
def test_the_graph_cuts_as_python_does(stops, text):
    stop = StopTexts(stops)
    first = min((place for place in map(text.find, stops) if place >= 0), default=None)
    expected = text if first is None else text[:first]
    assert stop.cut(text) == expected
    assert stop.found(text) == (first is not None)
    assert stop.cut_in_graph(tf.constant([text])).numpy()[0].decode() == expected
    assert bool(stop.found_in_graph(tf.constant([text]))[0]) == (first is not None)


@pytest.mark.parametrize(
    "text, safe",
    [("abc", "abc"), ("abcE", "abc"), ("abcEN", "abc"), ("ENxE", "ENx"), ("", ""), ("END", "END")],
)
def test_what_may_become_a_stop_text_is_held_back(text, safe):
    assert StopTexts(["END"]).safe(text) == safe

import inspect
from typing import Literal

import pytest

from tfnlp.encoders.choices import Activation
from tfnlp.encoders.encoder import Encoder
from tfnlp.encoders.registry import ENCODERS, encoder_class
from tfnlp.signatures import settings_of


@pytest.mark.parametrize("name", ENCODERS)
def test_what_is_read_is_what_python_sees(name):
    expected = {}
    ancestors = encoder_class(name).__mro__
    for cls in ancestors[: ancestors.index(Encoder) + 1]:  # what a class does not name it hands on
        for key, parameter in inspect.signature(cls.__init__).parameters.items():
            default = parameter.default
            if default is not parameter.empty:
                expected.setdefault(key, list(default) if isinstance(default, tuple) else default)
    assert {setting.name: setting.default for setting in settings_of(ENCODERS[name])} == expected


def test_types_and_descriptions(tmp_path, monkeypatch):
    (tmp_path / "thing.py").write_text(
        'class Thing:\n    """A thing.\n\n    Args:\n        width: int. How wide\n            it is.\n'
        '        names: list of names.\n    """\n\n'
        "    def __init__(self, must, width: int = 3, names: 'str' = 'x', *, deep: float | None = None):\n"
        "        pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="annotate each setting"):
        settings_of("thing:Thing")  # a quoted annotation is no plain type
    text = (tmp_path / "thing.py").read_text().replace("'str'", "str | Sequence[int]")
    (tmp_path / "other.py").write_text(text)
    width, names, deep = settings_of("other:Thing")
    assert (width.type, width.default, width.description) == (int, 3, "int. How wide it is.")
    assert names.type == str | list[int]
    assert deep.type == float | None


def test_a_choice_of_names_is_read_where_it_is_defined(tmp_path, monkeypatch):
    (tmp_path / "chooser.py").write_text(
        "from typing import Literal\nfrom tfnlp.encoders.choices import Activation as Shape\n"
        'Side = Literal["left", "right"]\n'
        "class Chooser:\n"
        '    def __init__(self, side: Side = "left", shape: Shape = "relu", one: Literal["a"] | None = None):\n'
        "        pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    side, shape, one = settings_of("chooser:Chooser")
    assert side.type == Literal["left", "right"]
    assert shape.type == Activation
    assert one.type == Literal["a"] | None

"""The one door to `tensorflow_text`, which only WordPiece and SentencePiece go through."""

from __future__ import annotations

import importlib
from types import ModuleType

from tfnlp.errors import UserError


def import_tf_text(module: str = "tensorflow_text") -> ModuleType:
    """Imports TF Text, or a module of it.

    Raises:
        UserError: if it is not installed, or was built for another TensorFlow.
    """
    try:
        return importlib.import_module(module)
    except Exception as error:  # a version lock shows as ImportError, NotFoundError or AttributeError
        import tensorflow as tf

        raise UserError(
            f"The wordpiece and sentencepiece tokenizers need tensorflow-text, which could not be imported ({error}). "
            f"Run: pip install 'tensorflow-text=={tf.__version__.rsplit('.', 1)[0]}.*', or take the tokenizer "
            "`word` or `char`."
        ) from error

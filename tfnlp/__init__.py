"""tfnlp: text in, a served model out, and every copy of the model agrees."""

from tfnlp.version import __version__

__all__ = ["__version__"]

"""The package's version, alone so that the build can read it without importing anything heavy."""

__version__ = "0.1.0"

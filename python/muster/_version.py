"""The version of this package, in one place for code and setup.py."""
__version__ = "0.1.0"

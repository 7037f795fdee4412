"""The one place that holds the version; hatchling reads it, `penguiflow.__version__` shows it."""

__version__ = "2.11.0"

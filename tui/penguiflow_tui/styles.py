"""Where a widget finds its style sheet: in the file of the same name beside it."""

from __future__ import annotations

from pathlib import Path


def styles_beside(module_file: str) -> str:
    """Return the text of `NAME.tcss` that stands beside `NAME.py`; call it with `__file__`."""
    return Path(module_file).with_suffix(".tcss").read_text(encoding="utf-8")

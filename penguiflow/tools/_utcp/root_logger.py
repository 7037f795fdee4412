"""Keeps the logging of the application as it is while a package is imported that configures it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator


@contextlib.contextmanager
def root_logger_kept() -> Generator[None]:
    """Let `logging.basicConfig` do nothing inside the block: each UTCP package calls it when imported.

    It would print the records of every library to stderr, over any screen.
    """
    root = logging.getLogger()
    if root.handlers:
        yield
        return
    placeholder = logging.NullHandler()
    root.addHandler(placeholder)
    try:
        yield
    finally:
        root.removeHandler(placeholder)

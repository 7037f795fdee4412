"""Random identifiers, passed in as functions so that tests own them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

IdSource: TypeAlias = Callable[[], str]


def new_id() -> str:
    """Return 32 random hex digits, the form of `uuid4().hex` at a fifth of its cost."""
    return os.urandom(16).hex()

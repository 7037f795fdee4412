"""Programs that are texts: they may await on their top level, as samples in descriptions do."""

from __future__ import annotations

import ast
import inspect
from typing import Any


async def run_sample(source: str, **names: Any) -> dict[str, Any]:
    """Run the text with these names, and return all names it leaves."""
    names.setdefault("__name__", "sample")
    code = compile(source, "sample", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    waiting = eval(code, names)
    if inspect.isawaitable(waiting):
        await waiting
    return names

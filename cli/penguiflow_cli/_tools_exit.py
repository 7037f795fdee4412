"""What the exit code of a `penguiflow tools` command tells a script, and the errors that carry one.

Kept apart from the codes of the other commands: a tool server has other ways to fail than a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import MappingProxyType

from penguiflow_cli.exit_codes import ExitCode


class ToolsExit(IntEnum):
    """The exit codes of `penguiflow tools`; `TOOLS_MEANINGS` explains them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NEEDS_AUTH = 4
    TOOL_ERROR = 5
    INTERRUPTED = 130


TOOLS_MEANINGS: Mapping[ToolsExit, str] = MappingProxyType(
    {
        ToolsExit.OK: "done",
        ToolsExit.FAILED: "something unexpected, or a file cannot be written",
        ToolsExit.USAGE: "wrong arguments, a broken server file, or a question unanswered",
        ToolsExit.UNREACHABLE: "the server cannot be started or reached, or is gone",
        ToolsExit.NEEDS_AUTH: "a credential is missing or was refused",
        ToolsExit.TOOL_ERROR: "the tool reported an error or does not exist",
        ToolsExit.INTERRUPTED: "interrupted (Ctrl+C, SIGTERM, closed pipe)",
    }
)

# A server that is not there hides whatever else is wrong with it.
_WORST_FIRST = (
    ToolsExit.FAILED,
    ToolsExit.UNREACHABLE,
    ToolsExit.NEEDS_AUTH,
    ToolsExit.TOOL_ERROR,
    ToolsExit.USAGE,
)


def tools_exit_table() -> str:
    """Return one line per exit code, as `--help` shows them."""
    return "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in TOOLS_MEANINGS.items())


def worst(codes: Iterable[ToolsExit]) -> ToolsExit:
    """Return the code to end with when several servers were looked at."""
    seen = set(codes)
    return next((code for code in _WORST_FIRST if code in seen), ToolsExit.OK)


def process_code(code: ToolsExit) -> ExitCode:
    """Return the same number in the terms of the code that ends a process, which does not look at names."""
    return ExitCode(code.value)

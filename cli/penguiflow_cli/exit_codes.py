"""What the exit code of a command tells a script."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


class ExitCode(IntEnum):
    """The exit codes of every `penguiflow` command; `MEANINGS` explains them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_AGENT = 3
    WAITING = 4
    MODEL = 5
    STOPPED = 7
    INTERRUPTED = 130


MEANINGS: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.OK: "done",
        ExitCode.FAILED: "the agent or a tool failed",
        ExitCode.USAGE: "wrong arguments",
        ExitCode.NO_AGENT: "no agent found, or it cannot be loaded",
        ExitCode.WAITING: "waiting for a person; a resume token was printed",
        ExitCode.MODEL: "the model is not ready or refused (missing key, unknown name)",
        ExitCode.STOPPED: "stopped by a limit or without an answer",
        ExitCode.INTERRUPTED: "interrupted (Ctrl+C, SIGTERM, closed pipe)",
    }
)


def exit_code_table() -> str:
    """Return one line per exit code, as `--help` shows them."""
    return "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in MEANINGS.items())

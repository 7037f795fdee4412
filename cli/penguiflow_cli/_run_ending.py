"""The exit code of a run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from penguiflow.sessions.results import RunOutcome, RunResult
from penguiflow_cli.exit_codes import ExitCode

_CODES: Mapping[RunOutcome, ExitCode] = MappingProxyType(
    {
        "answered": ExitCode.OK,
        "paused": ExitCode.WAITING,
        "stopped": ExitCode.STOPPED,
        "failed": ExitCode.FAILED,
        "interrupted": ExitCode.INTERRUPTED,
    }
)
_MODEL_NOT_READY = frozenset({"llm_setup", "llm_auth"})


def exit_code_of_run(result: RunResult) -> ExitCode:
    """Tell a script how the run ended."""
    if result.error is not None and result.error.code in _MODEL_NOT_READY:
        return ExitCode.MODEL
    return _CODES[result.outcome]

"""The exit code of a run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias, assert_never

from penguiflow.sessions.results import RunOutcome, RunResult
from penguiflow.state.events import PersonAsked, RunFailed, RunFinished, RunInterrupted
from penguiflow_cli.exit_codes import ExitCode

RunEnding: TypeAlias = PersonAsked | RunFinished | RunFailed | RunInterrupted
"""After one of these nothing follows, unless a person answers."""

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


def exit_code_of_ending(ending: RunEnding) -> ExitCode:
    """Tell the same of a run in the history, by the event that ended it."""
    match ending:
        case PersonAsked():
            return _CODES["paused"]
        case RunFinished(reason=reason):
            return _CODES["answered" if reason == "answer_complete" else "stopped"]
        case RunFailed(code=code):
            return ExitCode.MODEL if code in _MODEL_NOT_READY else _CODES["failed"]
        case RunInterrupted():
            return _CODES["interrupted"]
        case _:
            assert_never(ending)

"""`--json`: the events of the history as JSON lines, one per event (documented in docs/cli.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from penguiflow.sessions.results import RunResult
from penguiflow.state.events import (
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    to_record,
)
from penguiflow_cli._errors import CommandError
from penguiflow_cli._output import Output

LINE_VERSION = 1

LINE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "run_started": "run_started",
        "step_started": "step",
        "model_called": "model_call",
        "action_chosen": "action",
        "text_streamed": "text",
        "tool_started": "tool_call",
        "tool_streamed": "tool_output",
        "tool_finished": "tool_result",
        "person_asked": "pause",
        "person_answered": "decision",
        "run_finished": "result",
        "run_failed": "error",
        "run_interrupted": "interrupted",
        "connection_changed": "connection",
        "output_captured": "output",
    }
)
"""The `type` of a line by the `kind` of its event."""


def event_line(event: RunEvent) -> dict[str, Any]:
    """Return the line of one event: who and when, then the fields of its body."""
    body = dict(to_record(event)["body"])
    kind = body.pop("kind")
    if "request_id" in body:
        body["resume_token"] = body.pop("request_id")
    if kind == "tool_finished":
        body["ok"] = body["error"] is None
    return {
        "v": LINE_VERSION,
        "type": LINE_TYPES[kind],
        "ts": event.ts,
        "session_id": event.session_id,
        "run_id": event.run_id,
        "seq": event.seq,
        **body,
    }


def error_line(error: CommandError) -> dict[str, Any]:
    """Return the line of an error that came before any run."""
    return {
        "v": LINE_VERSION,
        "type": "error",
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
    }


class JsonLinesView:
    """Shows a run to a program, which may rely on the last line to say how the run ended."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._last_line: Mapping[str, Any] | None = None

    def show(self, events: Sequence[RunEvent]) -> None:
        """Write one line per event; the one that ends the run waits for what is printed meanwhile."""
        for event in events:
            if isinstance(event.body, PersonAsked | RunFinished | RunFailed | RunInterrupted):
                self._last_line = event_line(event)
            else:
                self._output.json_line(event_line(event))

    def end(self, result: RunResult | None) -> None:
        """Write how the run ended."""
        if self._last_line is not None:
            self._output.json_line(self._last_line)

"""`--json`: the events of the history as JSON lines, one per event (documented in docs/cli.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from penguiflow.state.events import (
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    ToolFinished,
    body_payload,
)
from penguiflow_cli._errors import CommandError
from penguiflow_cli._output import Output

if TYPE_CHECKING:  # commands that run nothing need not load what runs
    from penguiflow.sessions.results import RunResult

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
        "planner_noted": "note",
        "memory_changed": "memory",
        "memory_read": "memory_read",
        "flow_happened": "flow",
        "session_named": "session_named",
        "session_archived": "session_archived",
        "session_forked": "session_forked",
    }
)
"""The `type` of a line by the `kind` of its event; a kind of a later version is the type itself."""


def event_line(event: RunEvent) -> dict[str, Any]:
    """Return the line of one event: who and when, then the fields of its body."""
    envelope: dict[str, Any] = {
        "v": LINE_VERSION,
        "type": LINE_TYPES.get(event.kind, event.kind),
        "ts": event.ts,
        "session_id": event.session_id,
        "run_id": event.run_id,
        "seq": event.seq,
    }
    where = (("elapsed_ms", event.elapsed_ms), ("step_id", event.step_id), ("call_id", event.call_id))
    envelope |= {name: value for name, value in (*where, ("edge", event.edge)) if value is not None}
    body = body_payload(event.body)
    if "request_id" in body:
        body["resume_token"] = body.pop("request_id")
    if isinstance(event.body, ToolFinished):
        body["ok"] = event.body.error is None
    return envelope | body | envelope  # a body of a later version hides nothing of the envelope


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
                self._write_last()
                self._last_line = event_line(event)
            else:
                if isinstance(event.body, PersonAnswered):
                    self._write_last()  # the run goes on
                self._output.json_line(event_line(event))

    def end(self, result: RunResult | None) -> None:
        """Write how the run ended."""
        self._write_last()

    def _write_last(self) -> None:
        if self._last_line is not None:
            self._output.json_line(self._last_line)
            self._last_line = None

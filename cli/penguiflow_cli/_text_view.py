"""A run as text: the answer on stdout as it arrives, steps and troubles on stderr."""

from __future__ import annotations

import json
from collections.abc import Sequence

from penguiflow.sessions.results import RunResult
from penguiflow.state.events import (
    ActionChosen,
    ConnectionChanged,
    EventBody,
    OutputCaptured,
    RunEvent,
    TextStreamed,
    ToolFinished,
    ToolStarted,
)
from penguiflow_cli._errors import Messages
from penguiflow_cli._output import Output
from penguiflow_cli._pause_text import pause_text

_ARGS_CHARS = 120
_ANSWER = "final_response"  # its thought would come after the answer that has streamed already


class TextView:
    """Shows a run to a person.

    The answer streams when stdout is a terminal and comes whole otherwise; steps are shown when stderr is
    a terminal. `resume_options` are repeated in the command that goes on with a paused run.
    """

    def __init__(self, output: Output, messages: Messages, resume_options: Sequence[str]) -> None:
        self._output = output
        self._messages = messages
        self._resume_options = resume_options
        self._streamed_step: int | None = None
        self._streamed = ""

    def show(self, events: Sequence[RunEvent]) -> None:
        """Show what happened."""
        for event in events:
            if isinstance(event.body, TextStreamed):
                self._stream(event.body)
            elif note := progress_note(event.body, watched=self._messages.live):
                self._output.end_line()
                self._messages.note(note)

    def end(self, result: RunResult | None) -> None:
        """Show how the run ended."""
        if result is None:
            self._output.end_line()
            return
        answer = (result.answer or "").strip()
        if answer and answer == self._streamed.strip():
            self._output.end_line()
        elif answer:
            self._output.line(answer)
        if result.request is not None:
            self._output.line(pause_text(result.request, self._resume_options))
        if result.error is not None:
            self._output.end_line()
            self._messages.failure(result.error.message, result.error.hint)
        elif result.outcome == "stopped":
            self._messages.failure(f"The run stopped after {result.steps} steps without a full answer.")

    def _stream(self, text: TextStreamed) -> None:
        if text.channel != "answer" or not self._output.live:
            return
        if text.step != self._streamed_step:
            self._output.end_line()
            self._streamed_step, self._streamed = text.step, ""
        self._streamed += text.text
        self._output.piece(text.text)


def progress_note(body: EventBody, *, watched: bool) -> str | None:
    """Return the line for stderr, `None` when the event needs none. Unwatched, only troubles are told.

    Log records and tracebacks (of all outputs the only ones with several lines) stay in the history and
    the JSON lines.
    """
    match body:
        case ConnectionChanged(state="failed" | "needs_auth"):
            hint = f" ({body.hint})" if body.hint else ""
            return f"! tools of `{body.name}` are missing: {body.error or body.state}{hint}"
        case OutputCaptured(stream="stdout" | "stderr", text=text) if "\n" not in text:
            return text
        case ActionChosen(thought=thought, next_node=chosen) if watched and thought and chosen != _ANSWER:
            return f"{body.step:>3}. {thought}"
        case ToolStarted() if watched:
            return f"     → {body.tool} {json.dumps(body.args, ensure_ascii=False)[:_ARGS_CHARS]}"
        case ToolFinished() if watched:
            took = "" if body.latency_ms is None else f" in {body.latency_ms:.0f} ms"
            return f"     ✗ {body.tool}: {body.error}" if body.error else f"     ✓ {body.tool}{took}"
        case _:
            return None

"""How a state looks: a glyph and a word, so that no colour is needed, and a tone for those who see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from penguiflow.safe_text import safe_line
from penguiflow_tui.model.state import Activity, CallState, RunState, RunView, StepView

Tone = Literal["plain", "muted", "active", "success", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One state as a glyph of one cell, a word, and a tone that each theme colours its way."""

    glyph: str
    word: str
    tone: Tone


DONE = Mark("✓", "done", "success")
FAILED = Mark("✗", "failed", "error")
THINKING = Mark("●", "thinking", "active")
WAITING = Mark("◆", "waiting for you", "warning")
_RUNNING = Mark("▸", "running", "active")

CALL_MARKS: dict[CallState, Mark] = {
    "running": _RUNNING,
    "ok": Mark("✓", "ok", "success"),
    "failed": FAILED,
    "waiting": WAITING,
    "rejected": Mark("⊘", "rejected", "warning"),
    "answered": Mark("↩", "answered by a person", "success"),
    "cancelled": Mark("■", "cancelled", "muted"),
}

RUN_MARKS: dict[RunState, Mark] = {
    "thinking": THINKING,
    "running_tool": Mark("▸", "running a tool", "active"),
    "waiting": WAITING,
    "answered": Mark("✓", "answered", "success"),
    "stopped": Mark("■", "stopped", "warning"),
    "failed": FAILED,
    "interrupted": Mark("■", "interrupted", "warning"),
}

ACTIVITY_MARKS: dict[Activity, Mark] = {
    "idle": Mark("○", "idle", "muted"),
    "thinking": THINKING,
    "running_tool": Mark("▸", "running tool", "active"),
    "waiting": WAITING,
    "failed": FAILED,
}

_CONNECTION_MARKS: dict[str, Mark] = {
    "idle": Mark("○", "not connected", "muted"),
    "connecting": Mark("◌", "connecting", "active"),
    "ready": Mark("●", "ready", "success"),
    "needs_auth": Mark("◆", "needs sign-in", "warning"),
    "failed": FAILED,
    "closed": Mark("○", "closed", "muted"),
    "disabled": Mark("⊘", "disabled", "muted"),
}


def connection_mark(state: str) -> Mark:
    """Return the mark of a connection state; one of a later version shows its own name."""
    return _CONNECTION_MARKS.get(state, Mark("○", state, "muted"))


_CIRCUITS = {
    "closed": "calls go through",
    "open": "calls refused for a while",
    "half_open": "the next call is a trial",
}


def circuit_text(circuit: str) -> str:
    """Return in words what the circuit breaker of a connection does; another one shows its own name."""
    return _CIRCUITS.get(circuit, safe_line(circuit, max_chars=30))


_FLOW_MARKS: dict[str, Mark] = {
    "node_start": Mark("▸", "starts", "muted"),
    "node_success": Mark("✓", "done", "success"),
    "node_error": Mark("✗", "failed", "error"),
    "node_timeout": Mark("✗", "timed out", "error"),
    "node_retry": Mark("↻", "tries again", "warning"),
    "node_failed": Mark("✗", "gave up", "error"),
    "node_cancelled": Mark("■", "cancelled", "muted"),
}


def flow_mark(event: str) -> Mark:
    """Return the mark of what a flow told about a node; one of another kind shows its own name."""
    return _FLOW_MARKS.get(event, Mark("∙", event.replace("_", " "), "muted"))


def step_mark(step: StepView, run: RunView) -> Mark:
    """Return the mark of a step: its worst call, or what its run does when it is the current step."""
    states = {call.state for call in step.calls}
    for state in ("waiting", "running", "failed", "rejected", "cancelled"):
        if state in states:
            return CALL_MARKS[state]
    if step is run.step and not states:
        return THINKING if run.works else RUN_MARKS[run.state]
    return DONE

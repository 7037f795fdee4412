"""What the trajectory, the connections and the status line show, as rows of safe text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from penguiflow.safe_text import SafeText, safe_line
from penguiflow_tui.model.figures import cost_text, duration_text, plural, tokens_text
from penguiflow_tui.model.marks import (
    ACTIVITY_MARKS,
    CALL_MARKS,
    FAILED,
    RUN_MARKS,
    Mark,
    circuit_text,
    connection_mark,
    step_mark,
)
from penguiflow_tui.model.state import ConnectionView, RunView, StepView, ToolCallView, WorkbenchState

_LABEL_CHARS = 200
LAG_WARNING_MS = 50.0
LAG_ERROR_MS = 500.0


@dataclass(frozen=True, slots=True)
class TrajectoryKey:
    """Names a run, a step of it, or a tool call of that step."""

    run_id: str
    step: int | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajectoryRow:
    """One line of the trajectory: what it is, and what happened in short notes, the most telling first."""

    key: TrajectoryKey
    mark: Mark
    label: SafeText
    notes: tuple[SafeText, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether a jump to the next error stops here."""
        return self.mark.tone == "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRow:
    """One tool connection. `detail` are its figures; a `notice` is something a person should look at."""

    name: SafeText
    mark: Mark
    detail: SafeText
    notice: SafeText | None = None
    error: SafeText | None = None
    hint: SafeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFields:
    """The status line, field by field. `lag` is there only when it is worth a look.

    `replay` tells how far a recording was played; `mark` is then what happened at that time.
    """

    title: SafeText
    model: SafeText
    mark: Mark
    steps: str
    tokens: str
    cost: str
    lag: str | None
    lag_tone: Literal["warning", "error"]
    replay: Mark | None = None


def run_row(run: RunView) -> TrajectoryRow:
    """Return the line of a run."""
    mark = RUN_MARKS[run.state]
    figures = [mark.word, plural(run.totals.steps, "step")]
    if run.totals.llm_calls:
        figures.append(cost_text(run.totals))
    return TrajectoryRow(
        key=TrajectoryKey(run.run_id),
        mark=mark,
        label=safe_line(run.question or "(no question)", max_chars=_LABEL_CHARS),
        notes=tuple(map(safe_line, figures)),
    )


def step_row(run: RunView, step: StepView) -> TrajectoryRow:
    """Return the line of a step: its number and its thought, or what it does while there is none.

    `notes` holds how long the model took; what the tools took stands with their calls.
    """
    mark = step_mark(step, run)
    if step.model_errors and step is run.step and not run.works and not step.calls:
        mark = FAILED
    thought = step.thought or step.thinking.tail or step.next_node or mark.word
    if step.next_node == "final_response":
        thought = f"answer: {step.thought}" if step.thought else "answer"
    latency = step.model_latency_ms
    return TrajectoryRow(
        key=TrajectoryKey(run.run_id, step.number),
        mark=mark,
        label=safe_line(f"{step.number} {thought.strip()}", max_chars=_LABEL_CHARS),
        notes=() if latency is None else (safe_line(duration_text(latency)),),
    )


def call_row(run: RunView, step: StepView, call: ToolCallView) -> TrajectoryRow:
    """Return the line of a tool call."""
    mark = CALL_MARKS[call.state]
    figures = [mark.word]
    if call.latency_ms is not None:
        figures.append(duration_text(call.latency_ms))
    if call.proposed_args is not None:
        figures.append("edited")
    return TrajectoryRow(
        key=TrajectoryKey(run.run_id, step.number, call.call_id),
        mark=mark,
        label=safe_line(call.tool, max_chars=_LABEL_CHARS),
        notes=tuple(map(safe_line, figures)),
    )


def connection_row(connection: ConnectionView) -> ConnectionRow:
    """Return the row of a connection."""
    facts: list[str] = [safe_line(connection.transport, max_chars=40)]
    if connection.state == "ready":
        facts.insert(0, plural(connection.tool_count, "tool"))
    if connection.latency_ms is not None:
        facts.append(duration_text(connection.latency_ms))
    if connection.protocol_version:
        facts.append(safe_line(connection.protocol_version, max_chars=30))
    return ConnectionRow(
        name=safe_line(connection.name, max_chars=60),
        mark=connection_mark(safe_line(connection.state, max_chars=30)),
        detail=safe_line(" · ".join(facts)),
        notice=_notice(connection),
        error=None if connection.error is None else safe_line(connection.error, max_chars=400),
        hint=None if connection.hint is None else safe_line(connection.hint, max_chars=400),
    )


def _notice(connection: ConnectionView) -> SafeText | None:
    notices: list[str] = []
    if connection.held_back:
        notices.append(f"{len(connection.held_back)} changed")
    if connection.circuit != "closed" and connection.state == "ready":
        notices.append(circuit_text(connection.circuit))
    return safe_line(" · ".join(notices)) if notices else None


def status_fields(
    state: WorkbenchState,
    *,
    title: str,
    model: str | None,
    lag_ms: float = 0.0,
    is_starting: bool = False,
    replay: Mark | None = None,
) -> StatusFields:
    """Return the status line. `lag_ms` is how late the event loop woke of late."""
    mark = Mark("◌", "starting", "active") if is_starting else ACTIVITY_MARKS[state.activity]
    if replay is not None and state.activity == "waiting":
        mark = Mark(mark.glyph, "waiting", mark.tone)  # it waited for somebody, and asks nobody now
    return StatusFields(
        title=safe_line(title, max_chars=60),
        model=safe_line(model or "no model", max_chars=40),
        mark=mark,
        steps=plural(state.totals.steps, "step"),
        tokens=tokens_text(state.totals),
        cost=cost_text(state.totals),
        lag=f"lag {duration_text(lag_ms)}" if lag_ms >= LAG_WARNING_MS else None,
        lag_tone="error" if lag_ms >= LAG_ERROR_MS else "warning",
        replay=replay,
    )

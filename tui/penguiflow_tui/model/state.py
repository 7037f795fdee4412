"""What the workbench knows about a session, as frozen values.

A session is runs of steps of tool calls. `reduce` replaces the small value that changed and nothing else:
finished runs and steps sit in tuples that an event of the current step never copies. Identity therefore
means "unchanged", which is how widgets decide what to redraw. Texts are raw here; `select` makes them safe.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from penguiflow.state.events import (
    ConnectionChanged,
    ContentRef,
    JsonObject,
    ModelCalled,
    PersonAsked,
    RunFailed,
)
from penguiflow_tui.model.streamed_text import NO_TEXT, StreamedText

Activity = Literal["idle", "thinking", "running_tool", "waiting", "failed"]
RunState = Literal["thinking", "running_tool", "waiting", "answered", "stopped", "failed", "interrupted"]
CallState = Literal["running", "ok", "failed", "waiting", "rejected", "answered", "cancelled"]
NoticeKind = Literal["approved", "edited", "rejected", "responded", "stopped", "failed", "interrupted"]

WORKING_STATES: frozenset[RunState] = frozenset({"thinking", "running_tool", "waiting"})
"""A run in one of these states has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of a step, a run or a session. `cost_usd` sums the calls whose cost is known."""

    steps: int = 0
    llm_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0
    priced_calls: int = 0
    uncounted_calls: int = 0  # calls that did not say how many tokens they used


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallView:
    """One tool call. `proposed_args` is set when a person changed what the model asked for.

    `content` stands for the whole result when `result` is its beginning.
    """

    call_id: str
    tool: str
    args: JsonObject
    state: CallState
    started_at: float
    proposed_args: JsonObject | None = None
    result: Any = None  # whatever JSON value the tool's model dumps to
    result_chars: int = 0
    content: ContentRef | None = None
    error: str | None = None
    latency_ms: float | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStream:
    """Partial output of a tool. The name of a stream is the tool's choice, often the id of its call."""

    stream_id: str
    text: StreamedText
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One decision of the planner and what came of it; model calls and their errors, the oldest first."""

    number: int
    started_at: float
    thought: str = ""
    thinking: StreamedText = NO_TEXT
    next_node: str | None = None
    args: JsonObject = field(default_factory=dict[str, Any])
    calls: tuple[ToolCallView, ...] = ()
    streams: tuple[ToolStream, ...] = ()
    model_calls: tuple[ModelCalled, ...] = ()
    model_errors: tuple[str, ...] = ()
    model_latency_ms: float | None = None
    text_is_settled: bool = False  # the model call that streamed `thinking` has ended
    totals: Totals = Totals()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the chat tells beside question and answer; `text` is a reason, a reply or a message."""

    kind: NoticeKind
    subject: str
    text: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One question and everything until its end. `answer` is final; `live_answer` is what streamed so far."""

    run_id: str
    question: str
    agent: str
    model: str | None
    started_at: float
    state: RunState = "thinking"
    earlier_steps: tuple[StepView, ...] = ()
    step: StepView | None = None
    live_answer: StreamedText = NO_TEXT
    answer: str | None = None
    notices: tuple[Notice, ...] = ()
    error: RunFailed | None = None
    reason: str | None = None
    ended_at: float | None = None
    totals: Totals = Totals()

    @property
    def steps(self) -> tuple[StepView, ...]:
        """All steps in order. Builds a tuple: use `earlier_steps` and `step` on a hot path."""
        return self.earlier_steps if self.step is None else (*self.earlier_steps, self.step)

    @property
    def works(self) -> bool:
        """Whether the run has not ended."""
        return self.state in WORKING_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """A question to a person that nobody answered yet."""

    run_id: str
    asked_at: float
    asked: PersonAsked


ConnectionView: TypeAlias = ConnectionChanged
"""The last known state of a connection is the last event about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbenchState:
    """Everything the screens show. `event_count` is the number of events reduced so far.

    `latest_state` is the state of the run that the last event was about: a person may decide an earlier
    run after a later one was asked.
    """

    earlier_runs: tuple[RunView, ...] = ()
    run: RunView | None = None
    pending: tuple[PendingRequest, ...] = ()
    connections: tuple[ConnectionView, ...] = ()
    totals: Totals = Totals()
    event_count: int = 0
    session_id: str | None = None
    latest_state: RunState = "answered"

    @property
    def runs(self) -> tuple[RunView, ...]:
        """All runs in order, the current one last."""
        return self.earlier_runs if self.run is None else (*self.earlier_runs, self.run)

    @property
    def activity(self) -> Activity:
        """What the session does now."""
        match self.latest_state:
            case "thinking" | "running_tool" | "waiting" | "failed":
                return self.latest_state
            case _:
                return "waiting" if self.pending else "idle"


EMPTY = WorkbenchState()

"""From the events of a run to its spans. Pure: no clock, no I/O, no package of OpenTelemetry.

A run is a span `invoke_agent`; in it each call of a model is a span `chat`, each call of a tool a span
`execute_tool`, each wait for a person a span `await_person`, and what a flow did a span `invoke_workflow`
with its nodes. What the planner noted beside is a mark on the run. A span appears when it has ended: that of
the run last, and only once, however many processes worked on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from penguiflow.sessions.projections import otel_content
from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_attributes import (
    model_attributes,
    note_attributes,
    run_end_attributes,
    tool_attributes,
    tool_end_attributes,
    wait_attributes,
)
from penguiflow.sessions.projections.otel_content import NO_CONTENT, ContentPolicy
from penguiflow.sessions.projections.otel_flows import FlowSpans
from penguiflow.sessions.projections.otel_times import RunTimes, before
from penguiflow.sessions.projections.otel_values import (
    Attributes,
    SpanKind,
    SpanMark,
    SpanValue,
    TraceParent,
    known,
    sendable,
    span_id_of,
    trace_id_of,
)
from penguiflow.state.events import (
    FlowHappened,
    MemoryChanged,
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    PlannerNoted,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    ToolFinished,
    ToolStarted,
)


def spans_of(
    events: Iterable[RunEvent],
    *,
    content: ContentPolicy = NO_CONTENT,
    caller: TraceParent | None = None,
    close: bool = True,
) -> Sequence[SpanValue]:
    """Return the spans of runs, in the order in which they ended.

    With `close` what has not ended ends with the last event of its run: a run that waits for a person, or
    whose process died.
    """
    spans = SessionSpans(caller=caller)
    ended = [span for event in events for span in spans.take(event, content)]
    return [*ended, *spans.close()] if close else ended


class SessionSpans:
    """Takes the events of any number of runs, each run's in its order."""

    def __init__(self, *, caller: TraceParent | None = None) -> None:
        self._caller = caller
        self._runs: dict[str, RunSpans] = {}

    def take(self, event: RunEvent, content: ContentPolicy = NO_CONTENT) -> Sequence[SpanValue]:
        """Return the spans that ended with this event."""
        run = self._runs.get(event.run_id)
        if run is None:
            run = self._runs[event.run_id] = RunSpans(event.session_id, event.run_id, caller=self._caller)
        return run.take(event, content)

    def close(self) -> Sequence[SpanValue]:
        """End what has not ended, with the last event of its run."""
        return [span for run in self._runs.values() for span in run.close()]

    def close_flows(self) -> Sequence[SpanValue]:
        """End the traces of flows that belong to no run; nothing tells when they are over."""
        return [span for run in self._runs.values() for span in run.close_flows()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A span that has begun."""

    span_id: int
    name: str
    start_ns: int
    attributes: Attributes


class RunSpans:
    """Takes the events of one run in their order."""

    def __init__(self, session_id: str, run_id: str, *, caller: TraceParent | None) -> None:
        self._run_id = run_id
        self._caller = caller
        self._trace_id = trace_id_of(run_id) if caller is None else caller.trace_id
        self._root_id = span_id_of(run_id)
        self._common: Attributes = known({
            names.CONVERSATION_ID: session_id or None,  # the trace of a flow may belong to no session
            names.RUN_ID: run_id,
        })  # fmt: skip
        self._times = RunTimes()
        self._now_ns = 0
        self._root: _Open | None = None
        self._model: str | None = None
        self._tools: dict[str, _Open] = {}
        self._waits: dict[str, _Open] = {}
        self._marks: list[SpanMark] = []
        self._calls: Counter[str] = Counter()
        self._working_since: int | None = None
        self._worked_ns = 0
        self._flows = FlowSpans(run_id, self._common)

    def take(self, event: RunEvent, content: ContentPolicy) -> Sequence[SpanValue]:
        """Return the spans that ended with this event."""
        self._now_ns = self._times.at(event)
        match event.body:
            case RunStarted() as started:
                self._begin(started, content)
            case ModelCalled() as called:
                return [self._model_call(called, event.seq, content)]
            case ToolStarted() as started:
                self._tools[started.call_id] = self._tool(started, content)
            case ToolFinished() as finished:
                return [self._tool_call(finished, content)]
            case PersonAsked() as asked:
                self._wait(asked)
            case PersonAnswered() as answered:
                return self._waited(answered)
            case RunFinished() | RunFailed() | RunInterrupted() as end:
                return self._end(end, content)
            case PlannerNoted() | MemoryChanged() as note:
                self._note(note, content)
            case FlowHappened() as happened:
                return self._flows.take(event, happened, self._now_ns)
            case _:
                pass
        return ()

    def close(self) -> Sequence[SpanValue]:
        """End what has not ended, with the last event."""
        outcome = "waiting" if self._waits else "unfinished"
        return [*self._cut_off(), *self._end_root({names.RUN_OUTCOME: outcome})]

    def close_flows(self) -> Sequence[SpanValue]:
        """End the traces of flows, unless they belong to a run that has not ended."""
        return self._flows.close() if self._root is None else ()

    def _begin(self, started: RunStarted, content: ContentPolicy) -> None:
        self._common = {**self._common, **known({names.AGENT_NAME: started.agent})}
        self._model = started.model
        self._working_since = self._now_ns
        asked = otel_content.question(started.question, content)
        self._root = _Open(
            span_id=self._root_id,
            name=f"{names.INVOKE_AGENT} {started.agent}",
            start_ns=self._now_ns,
            attributes={names.OPERATION: names.INVOKE_AGENT, **asked},
        )
        self._flows.join(self._trace_id, parent_id=self._root_id)

    def _model_call(self, called: ModelCalled, seq: int, content: ContentPolicy) -> SpanValue:
        attributes = model_attributes(self._model, called)
        began = _Open(
            span_id=span_id_of(self._run_id, "model", seq),
            name=f"{names.CHAT} {attributes.get(names.REQUEST_MODEL, '')}",
            start_ns=self._began_before(called.latency_ms),
            attributes={**attributes, **otel_content.model_call(called, content)},
        )
        return self._ended(began, kind="client", error=called.error, content=content)

    def _tool(self, call: ToolStarted | ToolFinished, content: ContentPolicy) -> _Open:
        self._calls[call.call_id] += 1
        attributes = tool_attributes(call)
        if isinstance(call, ToolStarted):
            start_ns = self._now_ns
            attributes.update(otel_content.tool_arguments(call.args, content))
        else:
            start_ns = self._began_before(call.latency_ms)
        return _Open(
            span_id=span_id_of(self._run_id, "tool", call.call_id, self._calls[call.call_id]),
            name=f"{names.EXECUTE_TOOL} {call.tool}",
            start_ns=start_ns,
            attributes=attributes,
        )

    def _tool_call(self, finished: ToolFinished, content: ContentPolicy) -> SpanValue:
        began = self._tools.pop(finished.call_id, None) or self._tool(finished, content)
        facts = {**tool_end_attributes(finished), **otel_content.tool_result(finished, content)}
        return self._ended(began, facts, error=finished.error, content=content)

    def _wait(self, asked: PersonAsked) -> None:
        self._stop_working()
        self._waits[asked.request_id] = _Open(
            span_id=span_id_of(self._run_id, "wait", asked.request_id),
            name=names.AWAIT_PERSON,
            start_ns=self._now_ns,
            attributes=wait_attributes(asked),
        )

    def _waited(self, answered: PersonAnswered) -> Sequence[SpanValue]:
        self._working_since = self._now_ns
        began = self._waits.pop(answered.request_id, None)
        return () if began is None else [self._ended(began, {names.WAIT_DECISION: answered.decision})]

    def _note(self, note: PlannerNoted | MemoryChanged, content: ContentPolicy) -> None:
        if self._root is not None:
            name = note.event if isinstance(note, PlannerNoted) else f"memory.{note.change}"
            facts = note_attributes(note, content=content.wanted)
            self._marks.append(SpanMark(name=names.MARK_PREFIX + name, at_ns=self._now_ns, attributes=facts))

    def _end(
        self, end: RunFinished | RunFailed | RunInterrupted, content: ContentPolicy
    ) -> Sequence[SpanValue]:
        facts = run_end_attributes(end)
        if isinstance(end, RunFinished):
            facts.update(otel_content.answer(end.answer, content))
        error = end.message if isinstance(end, RunFailed) else None
        return [*self._cut_off(), *self._end_root(facts, error=error, content=content)]

    def _cut_off(self) -> Sequence[SpanValue]:
        """End what was going on in the run, without a result."""
        self._stop_working()
        cut_off = {names.ERROR_TYPE: names.CUT_OFF}
        tools = [self._ended(began, cut_off, error=names.CUT_OFF) for began in self._tools.values()]
        waits = [self._ended(began) for began in self._waits.values()]
        self._tools.clear()
        self._waits.clear()
        return [*tools, *waits, *self._flows.close()]

    def _end_root(
        self, facts: Attributes, *, error: str | None = None, content: ContentPolicy = NO_CONTENT
    ) -> Sequence[SpanValue]:
        began, self._root = self._root, None
        if began is None:
            return ()
        worked = {names.RUN_WORKED_MS: round(self._worked_ns / 1e6, 3)}
        span = self._ended(began, {**worked, **facts}, error=error, content=content)
        marks, self._marks = tuple(self._marks), []
        return [replace(span, parent_id=None, marks=marks)]

    def _ended(
        self,
        began: _Open,
        facts: Attributes | None = None,
        *,
        kind: SpanKind = "internal",
        error: str | None = None,
        content: ContentPolicy = NO_CONTENT,
    ) -> SpanValue:
        return SpanValue(
            trace_id=self._trace_id,
            span_id=began.span_id,
            parent_id=self._root_id,
            caller=self._caller,
            name=sendable(began.name.rstrip()),
            kind=kind,
            start_ns=began.start_ns,
            end_ns=self._now_ns,
            attributes={**self._common, **began.attributes, **(facts or {})},
            failed=error is not None,
            failure_text=None if error is None else otel_content.failure_text(error, content),
        )

    def _began_before(self, latency_ms: float | None) -> int:
        return before(self._now_ns, latency_ms, not_before=self._root.start_ns if self._root else 0)

    def _stop_working(self) -> None:
        if self._working_since is not None:
            self._worked_ns += self._now_ns - self._working_since
        self._working_since = None

"""From what a flow told to spans: one `invoke_workflow` for each trace, in it one for each visit of a node.

Nothing tells that a trace is over. It counts as over when its run is, or when it was still for a minute.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_attributes import error_type
from penguiflow.sessions.projections.otel_times import before
from penguiflow.sessions.projections.otel_values import (
    Attributes,
    SpanMark,
    SpanValue,
    known,
    span_id_of,
    trace_id_of,
)
from penguiflow.state.events import FlowHappened, RunEvent

STILL_NS: Final = 60 * 10**9

_ENDS: Final = {
    "node_success": None,
    "node_error": names.OTHER_ERROR,
    "node_timeout": "timeout",
    "node_trace_cancelled": "cancelled",
    "node_cancelled": "cancelled",
}
"""The events that end a visit, and the kind of error unless the event says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    start_ns: int
    number: int
    attempt: int
    node: str | None
    node_id: str | None


@dataclass(slots=True, kw_only=True)
class _Trace:
    key: str
    number: int
    start_ns: int
    last_ns: int
    error: str | None = None
    visits: defaultdict[str, deque[_Visit]] = field(default_factory=lambda: defaultdict(deque))
    visit_count: int = 0
    marks: list[SpanMark] = field(default_factory=list[SpanMark])

    @property
    def is_working(self) -> bool:
        return any(self.visits.values())

    def next_visit(self, happened: FlowHappened, start_ns: int) -> _Visit:
        attempt = happened.detail.get("attempt")
        self.visit_count += 1
        return _Visit(
            start_ns=start_ns,
            number=self.visit_count,
            attempt=attempt if isinstance(attempt, int) else 0,
            node=happened.node,
            node_id=happened.node_id,
        )


class FlowSpans:
    """Takes what flows told within one run of a session, or outside of any run."""

    def __init__(self, run_id: str, common: Attributes) -> None:
        self._run_id = run_id
        self._common = common
        self._home: tuple[int, int] | None = None
        self._traces: dict[str, _Trace] = {}
        self._begun: Counter[str] = Counter()

    def join(self, trace_id: int, *, parent_id: int) -> None:
        """Put what follows into the trace of a run, below its span."""
        self._home = (trace_id, parent_id)

    def take(self, event: RunEvent, happened: FlowHappened, at_ns: int) -> Sequence[SpanValue]:
        """Return the spans that ended with this event, or were over before it."""
        over = self._over(at_ns, unless=event.trace_id)
        if event.trace_id not in self._traces and (happened.node is None or _ends_nothing(happened)):
            return over
        trace = self._trace(event.trace_id, at_ns)
        if happened.event == "node_start":
            trace.visits[_node(happened)].append(trace.next_visit(happened, at_ns))
            return over
        if happened.event in _ENDS:
            return [*over, *self._visited(trace, happened)]
        return [*over, *self._noted(trace, happened)]

    def close(self) -> Sequence[SpanValue]:
        """End all traces with their last event."""
        traces = list(self._traces.values())
        self._traces.clear()
        return [span for trace in traces for span in self._ended(trace)]

    def _trace(self, key: str, at_ns: int) -> _Trace:
        trace = self._traces.pop(key, None)
        if trace is None:
            self._begun[key] += 1
            trace = _Trace(key=key, number=self._begun[key], start_ns=at_ns, last_ns=at_ns)
        trace.last_ns = at_ns
        self._traces[key] = trace  # the one that was still for longest stands first
        return trace

    def _over(self, now_ns: int, *, unless: str) -> Sequence[SpanValue]:
        over: list[_Trace] = []
        for key, trace in self._traces.items():
            if now_ns - trace.last_ns < STILL_NS:
                break
            if key != unless and not trace.is_working:
                over.append(trace)
        for trace in over:
            del self._traces[trace.key]
        return [span for trace in over for span in self._ended(trace)]

    def _visited(self, trace: _Trace, happened: FlowHappened) -> Sequence[SpanValue]:
        visits = trace.visits[_node(happened)]
        if not visits and _ends_nothing(happened):
            return ()
        start_ns = before(trace.last_ns, happened.latency_ms, not_before=trace.start_ns)
        visit = visits.popleft() if visits else trace.next_visit(happened, start_ns)
        error = _ENDS.get(happened.event)
        exception = happened.detail.get("exception")
        if error == names.OTHER_ERROR and isinstance(exception, str):
            error = error_type(exception)
        return [self._node_span(trace, visit, error)]

    def _noted(self, trace: _Trace, happened: FlowHappened) -> Sequence[SpanValue]:
        if happened.event == "node_failed":
            exception = happened.detail.get("exception")
            trace.error = error_type(exception) if isinstance(exception, str) else names.OTHER_ERROR
            return ()
        facts = known({names.NODE_NAME: happened.node, names.NODE_ID: happened.node_id})
        trace.marks.append(
            SpanMark(name=names.MARK_PREFIX + happened.event, at_ns=trace.last_ns, attributes=facts)
        )
        if happened.event != "trace_cancel_finish":
            return ()
        trace.error = "cancelled"
        del self._traces[trace.key]
        return self._ended(trace)

    def _ended(self, trace: _Trace) -> Sequence[SpanValue]:
        cut_off = [
            self._node_span(trace, visit, names.CUT_OFF)
            for visits in trace.visits.values()
            for visit in visits
        ]
        trace_id, parent_id = self._place(trace)
        facts = {names.OPERATION: names.INVOKE_WORKFLOW, names.FLOW_TRACE_ID: trace.key}
        workflow = SpanValue(
            trace_id=trace_id,
            span_id=self._span_id(trace),
            parent_id=parent_id,
            name=names.INVOKE_WORKFLOW,
            start_ns=trace.start_ns,
            end_ns=trace.last_ns,
            attributes={**self._common, **known({**facts, names.ERROR_TYPE: trace.error})},
            failed=trace.error is not None,
            marks=tuple(trace.marks),
        )
        return [*cut_off, workflow]

    def _node_span(self, trace: _Trace, visit: _Visit, error: str | None) -> SpanValue:
        trace_id, _ = self._place(trace)
        facts = known({
            names.NODE_NAME: visit.node,
            names.NODE_ID: visit.node_id,
            names.FLOW_TRACE_ID: trace.key,
            names.ATTEMPT: visit.attempt,
            names.ERROR_TYPE: error,
        })  # fmt: skip
        return SpanValue(
            trace_id=trace_id,
            span_id=self._span_id(trace, visit.number),
            parent_id=self._span_id(trace),
            name=f"{names.NODE} {facts.get(names.NODE_NAME, '')}".rstrip(),
            start_ns=visit.start_ns,
            end_ns=trace.last_ns,
            attributes={**self._common, **facts},
            failed=error is not None,
        )

    def _place(self, trace: _Trace) -> tuple[int, int | None]:
        return self._home or (trace_id_of(trace.key), None)

    def _span_id(self, trace: _Trace, *visit: int) -> int:
        return span_id_of(self._run_id, "flow", trace.key, trace.number, *visit)


def _node(happened: FlowHappened) -> str:
    return happened.node_id or happened.node or ""


def _ends_nothing(happened: FlowHappened) -> bool:
    """Tell whether it is the end of a visit that nobody saw begin and of which no length is known."""
    return happened.event in _ENDS and happened.latency_ms is None

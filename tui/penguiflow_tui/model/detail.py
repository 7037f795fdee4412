"""Everything there is to know about one run, step, tool call or event, as sections of safe text."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.state.events import CallToApprove, EventBody, PersonAsked, RunEvent
from penguiflow_tui.model.bounded_json import pretty_json
from penguiflow_tui.model.event_line import clock_text, event_line
from penguiflow_tui.model.figures import cost_text, count_text, duration_text, plural, tokens_text
from penguiflow_tui.model.marks import CALL_MARKS, RUN_MARKS, Mark, Tone, step_mark
from penguiflow_tui.model.runs import find_run
from penguiflow_tui.model.select import TrajectoryKey
from penguiflow_tui.model.state import RunView, StepView, ToolCallView, WorkbenchState
from penguiflow_tui.model.steps import find_step

BODY_CHARS = 8_000
"""What one section shows; the rest is counted, not shown."""

SectionKind = Literal["text", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajectorySubject:
    """What the detail pane is about: the innermost value that `key` names."""

    key: TrajectoryKey
    run: RunView
    step: StepView | None = None
    call: ToolCallView | None = None

    def is_same(self, other: DetailSubject | None) -> bool:
        """Whether `other` shows exactly the same, which identity of the state values tells at once."""
        if not isinstance(other, TrajectorySubject) or self.key != other.key:
            return False
        if self.step is None:
            return self.run is other.run
        return self.step is other.step and self.run.state == other.run.state


DetailSubject: TypeAlias = TrajectorySubject | RunEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailSection:
    """A heading and its text."""

    heading: str
    body: SafeText
    tone: Tone = "plain"
    kind: SectionKind = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailView:
    """The detail pane: a title with its state, a line of figures, and sections."""

    title: SafeText
    mark: Mark
    figures: SafeText
    sections: tuple[DetailSection, ...] = ()

    @property
    def plain_text(self) -> str:
        """The pane as text, for the clipboard."""
        parts = [f"{self.title} ({self.mark.word})", str(self.figures)]
        parts += [f"{section.heading}\n{section.body}" for section in self.sections]
        return "\n\n".join(part for part in parts if part)


def find_subject(state: WorkbenchState, key: TrajectoryKey) -> TrajectorySubject | None:
    """Return what `key` names in `state`, if it is there."""
    run = find_run(state, key.run_id)
    if run is None:
        return None
    step = None if key.step is None else find_step(run, key.step)
    if key.step is not None and step is None:
        return None
    call = None
    if step is not None and key.call_id is not None:
        call = next((call for call in step.calls if call.call_id == key.call_id), None)
    return TrajectorySubject(key=key, run=run, step=step, call=call)


def detail(subject: DetailSubject) -> DetailView:
    """Return the detail pane about `subject`; its cost is bounded whatever the size of the values."""
    if isinstance(subject, RunEvent):
        return _event_detail(subject)
    if subject.step is None:
        return _run_detail(subject.run)
    if subject.call is None:
        return _step_detail(subject.run, subject.step)
    return _call_detail(subject.step, subject.call)


def _text(heading: str, text: str | None, tone: Tone = "plain") -> list[DetailSection]:
    if not text:
        return []
    return [DetailSection(heading=heading, body=safe_text(text, max_chars=BODY_CHARS), tone=tone)]


def _json(heading: str, value: object, whole_chars: int = 0) -> list[DetailSection]:
    if isinstance(value, str):
        return _text(heading, value)
    shown = pretty_json(value, BODY_CHARS)
    cut = "\n… cut here" if shown.is_cut else ""
    if shown.is_cut and whole_chars > BODY_CHARS:
        cut = f"\n… cut here; the whole has {whole_chars:,} characters"
    return [DetailSection(heading=heading, body=safe_text(shown.text + cut), kind="json")]


def _run_detail(run: RunView) -> DetailView:
    figures = [plural(run.totals.steps, "step"), plural(run.totals.llm_calls, "model call")]
    figures += [tokens_text(run.totals), cost_text(run.totals)]
    if run.ended_at is not None:
        figures.append(duration_text((run.ended_at - run.started_at) * 1000))
    sections = _text("Question", run.question)
    sections += _text("Answer", run.live_answer.text if run.answer is None else run.answer)
    if run.error is not None:
        sections += _text(f"Error {safe_line(run.error.code, max_chars=60)}", run.error.message, "error")
        sections += _text("What to do", run.error.hint)
    if run.reason is not None and run.state == "stopped":
        sections += _text("Stopped by", run.reason, "warning")
    who = f"{run.agent or 'agent'} · {run.model or 'no model'}"
    return DetailView(
        title=safe_line(f"Run · {who}", max_chars=100),
        mark=RUN_MARKS[run.state],
        figures=safe_line(" · ".join(figures)),
        sections=tuple(sections),
    )


def _step_detail(run: RunView, step: StepView) -> DetailView:
    figures = [plural(step.totals.llm_calls, "model call"), duration_text(step.model_latency_ms)]
    figures += [tokens_text(step.totals), cost_text(step.totals)]
    sections = _text("Thought", step.thought or step.thinking.text)
    if step.next_node is not None and step.next_node != "final_response":
        sections += _json(f"Calls {safe_line(step.next_node, max_chars=60)}", step.args)
    for call in step.calls:
        if call.error is not None:
            sections += _text(f"Error of {safe_line(call.tool, max_chars=60)}", call.error, "error")
        elif call.state in ("ok", "answered"):
            heading = f"Result of {safe_line(call.tool, max_chars=60)}"
            sections += _json(heading, call.result, call.result_chars)
    for place, error in enumerate(step.model_errors, 1):
        sections += _text(f"Model error {place}", error, "error")
    sections += _streams(step, None)
    return DetailView(
        title=safe_line(f"Step {step.number}"),
        mark=step_mark(step, run),
        figures=safe_line(" · ".join(figures) if step.totals.llm_calls else ""),
        sections=tuple(sections),
    )


def _call_detail(step: StepView, call: ToolCallView) -> DetailView:
    figures = [duration_text(call.latency_ms)] if call.latency_ms is not None else []
    if call.result_chars:
        figures.append(f"{count_text(call.result_chars)} characters")
    sections = _text("Error" if call.state != "rejected" else "Reason", call.error, "error")
    sections += _text("Thought", step.thought)
    if call.proposed_args is not None:
        sections += _json("Arguments, changed by a person", call.args)
        sections += _json("Arguments the model proposed", call.proposed_args)
    else:
        sections += _json("Arguments", call.args)
    if call.state in ("ok", "answered"):
        sections += _json("Result", call.result, call.result_chars)
    sections += _streams(step, call)
    return DetailView(
        title=safe_line(call.tool, max_chars=100),
        mark=CALL_MARKS[call.state],
        figures=safe_line(" · ".join(figures)),
        sections=tuple(sections),
    )


def _streams(step: StepView, call: ToolCallView | None) -> list[DetailSection]:
    """Return partial output: of the call it names, or all of it when the step has one call only."""
    sections: list[DetailSection] = []
    for stream in step.streams:
        if call is None or stream.stream_id == call.call_id or len(step.calls) == 1:
            name = safe_line(stream.stream_id, max_chars=60)
            sections += _text(f"Streamed · {name}", stream.text.text[-BODY_CHARS:], "muted")
    return sections


def _event_detail(event: RunEvent) -> DetailView:
    line = event_line(event)
    shown = _fields(event.body)
    if isinstance(event.body, PersonAsked) and event.body.call is not None:
        shown["call"] = _fields(event.body.call)
    return DetailView(
        title=safe_line(f"Event {event.seq} · {event.body.kind}"),
        mark=Mark(line.glyph, line.kind, line.tone),
        figures=safe_line(f"{clock_text(event.ts)} · run {event.run_id}", max_chars=120),
        sections=tuple(_json("Body", shown)),
    )


def _fields(value: EventBody | CallToApprove) -> dict[str, object]:
    """Return the fields by name. `dataclasses.asdict` would copy the values, which may be megabytes."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "kind"}

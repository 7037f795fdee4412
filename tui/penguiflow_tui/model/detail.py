"""Everything there is to know about one run, step, tool call or event, as sections of safe text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.state.events import ModelCalled, RunEvent
from penguiflow_tui.model.bounded_json import pretty_json
from penguiflow_tui.model.event_fields import event_fields
from penguiflow_tui.model.event_line import clock_text, event_line
from penguiflow_tui.model.figures import cost_text, count_text, duration_text, plural, tokens_text
from penguiflow_tui.model.marks import CALL_MARKS, RUN_MARKS, Mark, Tone, step_mark
from penguiflow_tui.model.prompt import prompt_text
from penguiflow_tui.model.state import RunView, StepView, ToolCallView
from penguiflow_tui.model.subject import DetailSubject

BODY_CHARS = 8_000
"""What one section shows; the rest is counted, not shown."""

SectionKind = Literal["text", "json"]


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
        cut = f"\n{_cut_note(whole_chars)}"
    return [DetailSection(heading=heading, body=safe_text(shown.text + cut), kind="json")]


def _cut_note(whole_chars: int) -> str:
    return f"… cut here; the whole has {whole_chars:,} characters"


def _result(heading: str, call: ToolCallView) -> list[DetailSection]:
    sections = _json(heading, call.result, call.result_chars)
    if call.content is None:
        return sections
    # Its event holds the beginning only, and the beginning is not cut by us.
    note = _cut_note(call.content.chars)
    return [replace(section, body=safe_text(f"{section.body}\n{note}")) for section in sections]


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
            sections += _result(f"Result of {safe_line(call.tool, max_chars=60)}", call)
    for place, error in enumerate(step.model_errors, 1):
        sections += _text(f"Model error {place}", error, "error")
    sections += _streams(step, None)
    for place, model_call in enumerate(step.model_calls, 1):
        sections += _model_call(model_call, f" {place}" if len(step.model_calls) > 1 else "")
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
        sections += _result("Result", call)
    sections += _streams(step, call)
    return DetailView(
        title=safe_line(call.tool, max_chars=100),
        mark=CALL_MARKS[call.state],
        figures=safe_line(" · ".join(figures)),
        sections=tuple(sections),
    )


def _model_call(call: ModelCalled, place: str) -> list[DetailSection]:
    """Return the size of the prompt and the reply; the whole of both opens in a screen of its own."""
    purpose = "" if call.purpose == "action" else f" · {safe_line(call.purpose, max_chars=40)}"
    sections = _text(f"Prompt{place}{purpose}", prompt_text(call.messages)) if call.messages else []
    cut = "" if call.reply_content is None else f"\n{_cut_note(call.reply_content.chars)}"
    sections += _text(f"Reply{place}", call.reply and f"{call.reply}{cut}")
    return sections


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
    sections: list[DetailSection] = []
    if isinstance(event.body, ModelCalled):
        sections = _model_call(event.body, "")
    return DetailView(
        title=safe_line(f"Event {event.seq} · {event.kind}", max_chars=100),
        mark=Mark(line.glyph, line.kind, line.tone),
        figures=safe_line(f"{clock_text(event.ts)} · run {event.run_id}", max_chars=120),
        sections=(*sections, *_json("Body", event_fields(event.body))),
    )

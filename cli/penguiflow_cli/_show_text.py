"""A recorded run as text: the question, each step, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from penguiflow.sessions.projections.measures import measures_of
from penguiflow.sessions.projections.outline import OutlineStep, RunOutline, StreamedPieces
from penguiflow.sessions.projections.recorded_run import RecordedRun
from penguiflow.state.events import ActionChosen
from penguiflow_cli._run_words import cost_of, local_time, state_mark, state_word, tokens_of
from penguiflow_cli._show_entries import EntryWriter
from penguiflow_cli._styled import Span, StyledLine
from penguiflow_tui.model.figures import duration_text, plural

_FINAL = "final_response"


def show_lines(outline: RunOutline, writer: EntryWriter, *, is_flow: bool = False) -> Iterator[StyledLine]:
    """Yield the lines in their order."""
    run, page = outline.run, writer.page
    yield from _head(run, is_flow=is_flow)
    if run.question:
        yield []
        yield from page.words(run.question, style="strong", indent=2)
    for step in outline.steps:
        yield []
        yield from _step_lines(step, writer)
    yield []
    word = state_word(run.end, run.reason)
    yield from page.entry(state_mark(word), word, _totals(run, is_flow=is_flow), indent=0)
    if run.error is not None:
        hint = f"\nHint: {run.error.hint}" if run.error.hint else ""
        yield from page.words(f"{run.error.code}: {run.error.message}{hint}", style="error")
    if run.answer:
        yield []
        yield from page.words(run.answer)


def _head(run: RecordedRun, *, is_flow: bool) -> list[StyledLine]:
    began = local_time(run.started_at)
    if is_flow:
        return [[Span("Flow trace "), Span(run.run_id, "strong")], [Span(began, "muted")]]
    facts = [began, run.agent, run.model or "", f"session {run.session_id}"]
    return [
        [Span("Run "), Span(run.run_id, "strong")],
        [Span(" · ".join(fact for fact in facts if fact), "muted")],
    ]


def _step_lines(step: OutlineStep, writer: EntryWriter) -> Iterator[StyledLine]:
    actions = [entry for entry in step.entries if isinstance(entry, ActionChosen)]
    if step.number:
        chosen = " → ".join(
            "answer" if action.next_node == _FINAL else action.next_node for action in actions
        )
        yield [Span(f"Step {step.number}", "strong"), Span(f"  {chosen}" if chosen else "", "active")]
    for action in actions:
        if action.thought:
            yield from writer.page.words(action.thought, indent=2)
    thoughts = {action.thought.strip() for action in actions}
    for entry in step.entries:
        # A model that streams its thought would be quoted twice.
        if not (isinstance(entry, StreamedPieces) and entry.text.strip() in thoughts):
            yield from writer.lines(entry)


def _totals(run: RecordedRun, *, is_flow: bool) -> str:
    measures = measures_of(run)
    if is_flow:
        facts = [plural(measures.tool_calls, "node call")]
    else:
        facts = [
            run.reason if run.reason != "answer_complete" else "",
            plural(measures.steps, "step"),
            plural(measures.model_calls, "model call"),
            plural(measures.tool_calls, "tool call"),
            tokens_of(measures.input_tokens, measures.output_tokens),
            cost_of(measures.cost_usd),
        ]
    return " · ".join(fact for fact in (*facts, duration_text(measures.worked_ms)) if fact)

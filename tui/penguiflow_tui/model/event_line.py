"""One event of the history as one line: when, what kind, and the gist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from penguiflow.safe_text import SafeText, safe_line
from penguiflow.state.events import (
    ActionChosen,
    ConnectionChanged,
    ModelCalled,
    OutputCaptured,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)
from penguiflow_tui.model.bounded_json import compact_json
from penguiflow_tui.model.figures import count_text, duration_text, money_text
from penguiflow_tui.model.marks import Mark, Tone, connection_mark

SUMMARY_CHARS = 400
_JSON_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """A line of the event log. `kind` is a short word; `summary` is one safe line."""

    time: str
    glyph: str
    kind: str
    summary: SafeText
    tone: Tone


def event_line(event: RunEvent) -> EventLine:
    """Return the line of `event`; its time is local."""
    mark, gist = _gist(event)
    return EventLine(
        time=clock_text(event.ts),
        glyph=mark.glyph,
        kind=mark.word,
        summary=safe_line(gist, max_chars=SUMMARY_CHARS),
        tone=mark.tone,
    )


def clock_text(ts: float) -> str:
    """Return the local time of day with milliseconds; a time no calendar has is shown as dashes."""
    try:
        return datetime.fromtimestamp(ts).strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return "--:--:--.---"


def _gist(event: RunEvent) -> tuple[Mark, str]:
    body = event.body
    match body:
        case RunStarted() | RunFinished() | RunFailed() | RunInterrupted():
            return _run_gist(body)
        case StepStarted() | ModelCalled() | ActionChosen() | TextStreamed():
            return _model_gist(body)
        case ToolStarted() | ToolStreamed() | ToolFinished():
            return _tool_gist(body)
        case PersonAsked() | PersonAnswered():
            return _person_gist(body)
        case ConnectionChanged():
            mark = connection_mark(body.state)
            error = f": {body.error}" if body.error else ""
            return Mark(mark.glyph, "connection", mark.tone), f"{body.name} {mark.word}{error}"
        case OutputCaptured():
            tone: Tone = "warning" if body.stream == "stderr" else "plain"
            return Mark("»", body.stream, tone), body.text.rstrip("\n")
        case _:
            assert_never(body)


def _run_gist(body: RunStarted | RunFinished | RunFailed | RunInterrupted) -> tuple[Mark, str]:
    match body:
        case RunStarted():
            return Mark("▶", "question", "active"), body.question
        case RunFinished(reason="answer_complete"):
            return Mark("✓", "answer", "success"), body.answer
        case RunFinished():
            return Mark("■", "stopped", "warning"), f"{body.reason} {body.answer}"
        case RunFailed():
            return Mark("✗", "failed", "error"), f"{body.code}: {body.message}"
        case RunInterrupted():
            return Mark("■", "interrupted", "warning"), ""
        case _:
            assert_never(body)


def _model_gist(body: StepStarted | ModelCalled | ActionChosen | TextStreamed) -> tuple[Mark, str]:
    match body:
        case StepStarted():
            return Mark("●", "step", "muted"), str(body.step)
        case ModelCalled():
            return _call_gist(body)
        case ActionChosen():
            thought = f"  {body.thought}" if body.thought else ""
            args = compact_json(body.args, _JSON_CHARS).text if body.args else ""
            return Mark("→", "action", "plain"), f"{body.next_node} {args}{thought}"
        case TextStreamed():
            return Mark("·", body.channel, "muted"), body.text
        case _:
            assert_never(body)


def _call_gist(body: ModelCalled) -> tuple[Mark, str]:
    model = body.model or "model"
    if body.error is not None:
        return (
            Mark("✗", "model", "error"),
            f"{model} attempt {body.attempt} failed after {duration_text(body.latency_ms)}: {body.error}",
        )
    tokens = [
        "?" if count is None else count_text(count) for count in (body.input_tokens, body.output_tokens)
    ]
    cost = "cost ?" if body.cost_usd is None else money_text(body.cost_usd)
    facts = (model, duration_text(body.latency_ms), f"{tokens[0]} in {tokens[1]} out", cost)
    return Mark("●", "model", "plain"), " · ".join(facts)


def _tool_gist(body: ToolStarted | ToolStreamed | ToolFinished) -> tuple[Mark, str]:
    match body:
        case ToolStarted():
            return Mark("▸", "tool", "active"), f"{body.tool} {compact_json(body.args, _JSON_CHARS).text}"
        case ToolStreamed():
            return Mark("·", "chunk", "muted"), body.text
        case ToolFinished():
            took = duration_text(body.latency_ms)
            if body.error is not None:
                return Mark("✗", "tool", "error"), f"{body.tool} failed after {took}: {body.error}"
            result = compact_json(body.result, _JSON_CHARS).text
            return Mark("✓", "tool", "success"), f"{body.tool} {took} {result}"
        case _:
            assert_never(body)


def _person_gist(body: PersonAsked | PersonAnswered) -> tuple[Mark, str]:
    match body:
        case PersonAsked():
            if body.call is None:
                return Mark("◆", "asks you", "warning"), body.prompt or body.reason
            args = compact_json(body.call.args, _JSON_CHARS).text
            return Mark("◆", "asks you", "warning"), f"may {body.call.tool} run? {args}"
        case PersonAnswered():
            tone: Tone = "success" if body.decision in ("approve", "edit", "respond") else "warning"
            args = "" if body.args is None else f" {compact_json(body.args, _JSON_CHARS).text}"
            said = f": {body.text}" if body.text else ""
            return Mark("↩", "you", tone), f"{body.decision}{said}{args}"
        case _:
            assert_never(body)

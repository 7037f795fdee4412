"""What one event of the history says, in a mark and a few words. Raw text: `event_line` makes it safe."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from penguiflow.state.events import (
    ActionChosen,
    ConnectionChanged,
    EventBody,
    FlowHappened,
    MemoryChanged,
    MemoryRead,
    ModelCalled,
    OutputCaptured,
    PersonAnswered,
    PersonAsked,
    PlannerNoted,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
    UnknownBody,
)
from penguiflow_tui.model.bounded_json import compact_json
from penguiflow_tui.model.consent import consent_of
from penguiflow_tui.model.figures import count_text, duration_text, money_text, plural
from penguiflow_tui.model.marks import Mark, Tone, connection_mark, flow_mark

_JSON_CHARS = 300

_RunBody: TypeAlias = RunStarted | RunFinished | RunFailed | RunInterrupted
_ModelBody: TypeAlias = StepStarted | ModelCalled | ActionChosen | TextStreamed | PlannerNoted
_SessionBody: TypeAlias = SessionNamed | SessionArchived | SessionForked
_SurroundingBody: TypeAlias = FlowHappened | ConnectionChanged | OutputCaptured


def event_gist(body: EventBody) -> tuple[Mark, str]:
    """Return the mark, whose word names the kind of event, and the gist, of any length."""
    match body:
        case RunStarted() | RunFinished() | RunFailed() | RunInterrupted():
            return _run_gist(body)
        case StepStarted() | ModelCalled() | ActionChosen() | TextStreamed() | PlannerNoted():
            return _model_gist(body)
        case MemoryRead() | MemoryChanged():
            return _memory_gist(body)
        case ToolStarted() | ToolStreamed() | ToolFinished():
            return _tool_gist(body)
        case PersonAsked() | PersonAnswered():
            return _person_gist(body)
        case SessionNamed() | SessionArchived() | SessionForked():
            return _session_gist(body)
        case FlowHappened() | ConnectionChanged() | OutputCaptured():
            return _surrounding_gist(body)
        case UnknownBody():
            return Mark("?", "unknown", "muted"), f"{body.kind} {_json(body.fields)}"
        case _:
            assert_never(body)


def _json(value: object) -> str:
    return compact_json(value, _JSON_CHARS).text


def _run_gist(body: _RunBody) -> tuple[Mark, str]:
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


def _model_gist(body: _ModelBody) -> tuple[Mark, str]:
    match body:
        case StepStarted():
            return Mark("●", "step", "muted"), str(body.step)
        case ModelCalled():
            return _call_gist(body)
        case ActionChosen():
            thought = f"  {body.thought}" if body.thought else ""
            args = _json(body.args) if body.args else ""
            return Mark("→", "action", "plain"), f"{body.next_node} {args}{thought}"
        case TextStreamed():
            return Mark("·", body.channel, "muted"), body.text
        case PlannerNoted():
            detail = f" {_json(body.detail)}" if body.detail else ""
            return Mark("∙", "note", "plain"), f"{_words(body.event)}{detail}"
        case _:
            assert_never(body)


def _memory_gist(body: MemoryRead | MemoryChanged) -> tuple[Mark, str]:
    mark = Mark("≡", "memory", "muted")
    match body:
        case MemoryRead():
            return mark, f"the model reads {plural(body.content.chars, 'character')} of memory"
        case MemoryChanged():
            tokens = "" if body.tokens is None else f"about {plural(body.tokens, 'token')}"
            facts = (_words(body.change), body.key, tokens, body.health or "")
            return mark, " · ".join(fact for fact in facts if fact)
        case _:
            assert_never(body)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _call_gist(body: ModelCalled) -> tuple[Mark, str]:
    model = body.model or "model"
    purpose = "" if body.purpose == "action" else f"{_words(body.purpose)} · "
    if body.error is not None:
        took = duration_text(body.latency_ms)
        return (
            Mark("✗", "model", "error"),
            f"{purpose}{model} attempt {body.attempt} failed after {took}: {body.error}",
        )
    tokens = [
        "?" if count is None else count_text(count) for count in (body.input_tokens, body.output_tokens)
    ]
    cost = "cost ?" if body.cost_usd is None else money_text(body.cost_usd)
    facts = (model, duration_text(body.latency_ms), f"{tokens[0]} in {tokens[1]} out", cost)
    return Mark("●", "model", "plain"), purpose + " · ".join(facts)


def _tool_gist(body: ToolStarted | ToolStreamed | ToolFinished) -> tuple[Mark, str]:
    match body:
        case ToolStarted():
            return Mark("▸", "tool", "active"), f"{body.tool} {_json(body.args)}"
        case ToolStreamed():
            return Mark("·", "chunk", "muted"), body.text
        case ToolFinished():
            took = duration_text(body.latency_ms)
            if body.error is not None:
                return Mark("✗", "tool", "error"), f"{body.tool} failed after {took}: {body.error}"
            return Mark("✓", "tool", "success"), f"{body.tool} {took} {_json(body.result)}"
        case _:
            assert_never(body)


def _person_gist(body: PersonAsked | PersonAnswered) -> tuple[Mark, str]:
    match body:
        case PersonAsked():
            if body.call is None:
                return Mark("◆", "asks you", "warning"), _question_gist(body)
            return Mark("◆", "asks you", "warning"), f"may {body.call.tool} run? {_json(body.call.args)}"
        case PersonAnswered():
            tone: Tone = "success" if body.decision in ("approve", "edit", "respond") else "warning"
            args = "" if body.args is None else f" {_json(body.args)}"
            said = f": {body.text}" if body.text else ""
            return Mark("↩", "you", tone), f"{body.decision}{said}{args}"
        case _:
            assert_never(body)


def _session_gist(body: _SessionBody) -> tuple[Mark, str]:
    match body:
        case SessionNamed():
            return Mark("✎", "named", "plain"), body.name or "(name taken away)"
        case SessionArchived():
            word, gist = ("archived", "put away") if body.archived else ("restored", "taken back")
            return Mark("▫", word, "muted"), gist
        case SessionForked():
            gist = f"from session {body.parent_session_id} after run {body.parent_run_id}"
            return Mark("↳", "forked", "active"), gist
        case _:
            assert_never(body)


def _question_gist(body: PersonAsked) -> str:
    if (consent := consent_of(body)) is not None:
        return f"sign in to {consent.display_name}"
    return body.prompt or body.reason


def _surrounding_gist(body: _SurroundingBody) -> tuple[Mark, str]:
    match body:
        case FlowHappened():
            return _flow_gist(body)
        case ConnectionChanged():
            mark = connection_mark(body.state)
            error = f": {body.error}" if body.error else ""
            return Mark(mark.glyph, "connection", mark.tone), f"{body.name} {mark.word}{error}"
        case OutputCaptured():
            tone: Tone = "warning" if body.stream == "stderr" else "plain"
            return Mark("»", body.stream, tone), body.text.rstrip("\n")
        case _:
            assert_never(body)


def _flow_gist(body: FlowHappened) -> tuple[Mark, str]:
    where = body.node or body.node_id or body.edge or "flow"
    took = "" if body.latency_ms is None else f" {duration_text(body.latency_ms)}"
    detail = f" {_json(body.detail)}" if body.detail else ""
    mark = flow_mark(body.event)
    return Mark(mark.glyph, "flow", mark.tone), f"{where} {mark.word}{took}{detail}"

"""The whole texts behind a detail: the prompt and the reply of a model, the result of a tool.

The state holds only what stands for a large text; whoever shows it loads it first. What is shown is bounded
by `WHOLE_CHARS` in all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.state.events import ContentRef, MemoryRead, ModelCalled, PersonAsked, RunEvent, ToolFinished
from penguiflow_tui.model.bounded_json import pretty_json
from penguiflow_tui.model.event_fields import event_fields
from penguiflow_tui.model.figures import plural
from penguiflow_tui.model.state import RunView, StepView, ToolCallView
from penguiflow_tui.model.subject import DetailSubject

WHOLE_CHARS = 1_000_000
"""A person who reads on needs another program, and the screen would need seconds to lay it out."""

NOT_KEPT = safe_text("This text is not in the store.")
NOT_SHOWN = safe_text("Not shown: the texts above are as much as a screen holds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """One text of several. With a `ref` the text is kept beside the history, else it is `value`."""

    heading: str
    value: object = ""
    ref: ContentRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSection:
    """A heading and the text below it."""

    heading: SafeText
    text: SafeText


def whole_parts(subject: DetailSubject) -> tuple[TextPart, ...]:
    """Return the texts of a run, a step, a tool call or an event, in the order they are read."""
    if isinstance(subject, RunEvent):
        return _event_parts(subject)
    if subject.call is not None:
        return _call_parts(subject.call)
    return _run_parts(subject.run) if subject.step is None else _step_parts(subject.step)


def _event_parts(event: RunEvent) -> tuple[TextPart, ...]:
    match event.body:
        case ModelCalled() as call:
            return _model_parts(call, "")
        case ToolFinished() as finished:
            part = TextPart(heading=f"Result of {finished.tool}", value=finished.result, ref=finished.content)
            return (part,)
        case MemoryRead(content=content):
            return (TextPart(heading="Memory", ref=content),)
        case PersonAsked(call=call) if call is not None:
            return (TextPart(heading=f"Arguments of {call.tool}", value=call.args),)
        case _:
            return (TextPart(heading="Body", value=event_fields(event.body)),)


def _run_parts(run: RunView) -> tuple[TextPart, ...]:
    answer = run.live_answer.text if run.answer is None else run.answer
    error = "" if run.error is None else run.error.message
    parts = (("Question", run.question), ("Answer", answer), ("Error", error))
    return tuple(TextPart(heading=heading, value=text) for heading, text in parts if text)


def _step_parts(step: StepView) -> tuple[TextPart, ...]:
    several = len(step.model_calls) > 1
    return tuple(
        part
        for place, call in enumerate(step.model_calls, 1)
        for part in _model_parts(call, f"Model call {place} · " if several else "")
    )


def _model_parts(call: ModelCalled, prefix: str) -> tuple[TextPart, ...]:
    parts = [
        TextPart(heading=f"{prefix}Prompt {place} of {len(call.messages)} · {ref.role or 'message'}", ref=ref)
        for place, ref in enumerate(call.messages, 1)
    ]
    if call.options is not None:
        parts.append(TextPart(heading=f"{prefix}Options", ref=call.options))
    if call.reply or call.reply_content is not None:
        parts.append(TextPart(heading=f"{prefix}Reply", value=call.reply, ref=call.reply_content))
    if call.error is not None:
        parts.append(TextPart(heading=f"{prefix}Error", value=call.error))
    return tuple(parts)


def _call_parts(call: ToolCallView) -> tuple[TextPart, ...]:
    parts = [TextPart(heading="Arguments", value=call.args)]
    if call.proposed_args is not None:
        parts.append(TextPart(heading="Arguments the model proposed", value=call.proposed_args))
    if call.error is not None:
        parts.append(TextPart(heading="Error", value=call.error))
    if call.state in ("ok", "answered"):
        parts.append(TextPart(heading="Result", value=call.result, ref=call.content))
    return tuple(parts)


def whole_sections(
    parts: Sequence[TextPart], loaded: Mapping[str, str | None], *, max_chars: int = WHOLE_CHARS
) -> tuple[WholeSection, ...]:
    """Return what is shown of `parts`.

    `loaded` holds the texts of their refs, `None` for one that was not found, nothing for one that nobody
    looked for. Takes as long as the texts are large: not for the event loop.
    """
    sections: list[WholeSection] = []
    room = max_chars
    for part in parts:
        text = _shown(part, loaded, room)
        room = max(0, room - len(text))
        sections.append(WholeSection(heading=safe_line(part.heading, max_chars=120), text=text))
    return tuple(sections)


def _shown(part: TextPart, loaded: Mapping[str, str | None], room: int) -> SafeText:
    value = part.value
    if room <= 0 or (part.ref is not None and part.ref.content_id not in loaded):
        return NOT_SHOWN
    if part.ref is not None:
        text = loaded[part.ref.content_id]
        if text is None:
            return NOT_KEPT
        value = _parsed(text) if part.ref.form == "json" else text
    if isinstance(value, str):
        return safe_text(value, max_chars=room)
    shown = pretty_json(value, room)
    cut = f"\n… cut after {plural(room, 'character')}" if shown.is_cut else ""
    return safe_text(shown.text + cut)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # stored by another program, or cut
        return text

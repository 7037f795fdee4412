"""What was said and given, for those who want it in their telemetry: prompts, arguments, results, answers.

The history holds it without secrets.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from penguiflow.sessions.json_parts import Json, as_list, as_object, object_in
from penguiflow.sessions.projections import otel_names as names
from penguiflow.sessions.projections.otel_values import Attributes, known, sendable
from penguiflow.state.events import ContentRef, JsonObject, ModelCalled, RunEvent, ToolFinished

Part: TypeAlias = Mapping[str, Any]
"""A part of a message as the conventions have it: a type, and what belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentPolicy:
    """Whether content is told at all; `texts` are those that stand beside the history, by their ids."""

    wanted: bool = False
    texts: Mapping[str, str] = field(default_factory=dict[str, str])


NO_CONTENT = ContentPolicy()


async def loaded_content(
    events: Iterable[RunEvent], load: Callable[[str, str], Awaitable[str | None]]
) -> ContentPolicy:
    """Return the policy that tells the whole content of these events.

    `load` is `HistoryStore.load_content`, or something else that takes the ids of a session and a content.

    Raises:
        StoreError: the store cannot be read.
    """
    texts: dict[str, str] = {}
    for event in events:
        for ref in _refs(event):
            if (text := await load(event.session_id, ref.content_id)) is not None:
                texts[ref.content_id] = text
    return ContentPolicy(wanted=True, texts=texts)


def _refs(event: RunEvent) -> tuple[ContentRef, ...]:
    match event.body:
        case ModelCalled(messages=messages, reply_content=reply):
            return messages if reply is None else (*messages, reply)
        case ToolFinished(content=ContentRef() as result):
            return (result,)
        case _:
            return ()


def question(text: str, policy: ContentPolicy) -> Attributes:
    """Return what a run was asked."""
    return _told(policy, {names.INPUT_MESSAGES: _messages(("user", [_text(text)]))})


def answer(text: str, policy: ContentPolicy) -> Attributes:
    """Return what a run answered."""
    return _told(policy, {names.OUTPUT_MESSAGES: _messages(("assistant", [_text(text)]))})


def model_call(called: ModelCalled, policy: ContentPolicy) -> Attributes:
    """Return the prompt and the reply of a model call; a prompt that is not known whole is left out."""
    if not policy.wanted:
        return {}
    prompt = [_message(ref, policy.texts[ref.content_id]) for ref in called.messages if _has(ref, policy)]
    reply = _whole(called.reply_content, policy) or called.reply
    return known({
        names.INPUT_MESSAGES: _messages(*prompt) if prompt and len(prompt) == len(called.messages) else None,
        names.OUTPUT_MESSAGES: _messages(("assistant", [_text(reply)])) if reply else None,
    })  # fmt: skip


def tool_arguments(args: JsonObject, policy: ContentPolicy) -> Attributes:
    """Return the arguments of a tool call."""
    return _told(policy, {names.TOOL_CALL_ARGUMENTS: _json(args)})


def tool_result(finished: ToolFinished, policy: ContentPolicy) -> Attributes:
    """Return what a tool gave back; the beginning of it when the whole is not known."""
    if finished.error is not None:
        return {}
    whole = _whole(finished.content, policy)
    return _told(policy, {names.TOOL_CALL_RESULT: _json(finished.result) if whole is None else whole})


def failure_text(text: str, policy: ContentPolicy) -> str | None:
    """Return why something failed. A message may quote what it could not take, so it counts as content."""
    return sendable(text) if policy.wanted else None


def _told(policy: ContentPolicy, attributes: Attributes) -> Attributes:
    return known(attributes) if policy.wanted else {}


def _has(ref: ContentRef, policy: ContentPolicy) -> bool:
    return ref.content_id in policy.texts


def _whole(ref: ContentRef | None, policy: ContentPolicy) -> str | None:
    return None if ref is None else policy.texts.get(ref.content_id)


def _message(ref: ContentRef, text: str) -> tuple[str, Sequence[Part]]:
    message = as_object(_parsed(text)) if ref.form == "json" else None
    return ref.role or "user", [_text(text)] if message is None else _parts(message)


def _parts(message: JsonObject) -> Sequence[Part]:
    """Read a message in the form of OpenAI, which the planner's clients speak."""
    said = message.get("content")
    if "tool_call_id" in message:
        return [{"type": "tool_call_response", "id": message["tool_call_id"], "response": said}]
    parts = [_text(said if isinstance(said, str) else _json(said))] if said else []
    return [*parts, *(_tool_call(object_in(call)) for call in as_list(message.get("tool_calls")) or ())]


def _tool_call(call: JsonObject) -> Part:
    function = object_in(call.get("function"))
    arguments = _parsed(function.get("arguments"))
    return {"type": "tool_call", "id": call.get("id"), "name": function.get("name"), "arguments": arguments}


def _parsed(text: Json) -> Json:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _text(text: str) -> Part:
    return {"type": "text", "content": text}


def _messages(*messages: tuple[str, Sequence[Part]]) -> str:
    return _json([{"role": role, "parts": parts} for role, parts in messages])


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

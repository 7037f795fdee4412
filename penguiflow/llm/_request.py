"""What is sent for one call: the caller's wishes, within what the model and its provider take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from penguiflow.llm._abilities import Abilities
from penguiflow.llm._native.history import native_messages
from penguiflow.llm._native.names import ToolNames, tool_names
from penguiflow.llm._native.tools import wire_tools
from penguiflow.llm._response_format import JsonForm, JsonObject, lesser, response_format_for
from penguiflow.llm._setup import ModelSettings
from penguiflow.llm.protocol import ChatMessage, NativeTools

Wire: TypeAlias = dict[str, Any]
"""Arguments of litellm's `acompletion`, any JSON."""

_TOOL_CHOICE = re.compile(r"tool[_ ]?choice", re.IGNORECASE)
_TOOLS = re.compile(r"\b(tools?|tool_\w+|functions?|function_\w+)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a caller asks of one call."""

    messages: Sequence[ChatMessage]
    response_format: JsonObject | None = None
    tools: NativeTools | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a provider accepts, as far as it has not refused it."""

    json_form: JsonForm = "schema"
    required_choice: bool = True
    tools: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What all calls of a client have in common; `settings` are the user's and win over the rest.

    Without `uses_reasoning` no effort is asked for, and what a model shows of its reasoning is dropped.
    """

    settings: ModelSettings = field(repr=False)  # may hold a key
    temperature: float
    timeout_s: float
    uses_reasoning: bool
    reasoning_effort: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `names` are those of its tools, None when the model replies in JSON by itself."""

    wire: Mapping[str, Any] = field(repr=False)  # see `Wire`; the settings are in it
    names: ToolNames | None
    keeps_reasoning: bool


def request_for(wishes: Wishes, profile: Profile, abilities: Abilities, accepted: Accepted) -> Request:
    """Return the request for a call."""
    wire = _common(profile, abilities)
    if wishes.tools is not None and abilities.calls_tools and accepted.tools:
        names = tool_names(tool.name for tool in wishes.tools.tools)
        wire["messages"] = native_messages(wishes.messages, wishes.tools.system, names)
        wire["tools"] = wire_tools(wishes.tools.tools, names)
        wire["tool_choice"] = "required" if accepted.required_choice else "auto"
        return Request(wire=wire, names=names, keeps_reasoning=profile.uses_reasoning)
    wire["messages"] = [dict(message) for message in wishes.messages]
    form: JsonForm = accepted.json_form if abilities.takes_schema else lesser(accepted.json_form, "object")
    wanted = response_format_for(wishes.response_format, form)
    if wanted is not None:
        wire.setdefault("response_format", wanted)
    return Request(wire=wire, names=None, keeps_reasoning=profile.uses_reasoning)


def after_refusal(words: str, request: Request, accepted: Accepted) -> Accepted | None:
    """Return what is still accepted after a provider refused a request; None when nothing explains it."""
    if "response_format" in request.wire and "response_format" in words:
        asked = request.wire["response_format"].get("type")
        return replace(accepted, json_form="object" if asked == "json_schema" else "none")
    if request.names is None:
        return None
    if request.wire["tool_choice"] == "required" and _TOOL_CHOICE.search(words):
        return replace(accepted, required_choice=False)
    return replace(accepted, tools=False) if _TOOLS.search(words) else None


def _common(profile: Profile, abilities: Abilities) -> Wire:
    wire: Wire = dict(profile.settings)
    if profile.uses_reasoning and abilities.reasons and profile.reasoning_effort is not None:
        wire.setdefault("reasoning_effort", profile.reasoning_effort)
    if not (abilities.reasons and wire.get("reasoning_effort")):
        # While they reason, models take no temperature.
        wire.setdefault("temperature", profile.temperature)
    return wire | {
        "timeout": profile.timeout_s,
        "max_retries": 0,  # retries are ours: those of the layers below would multiply with them
        "num_retries": 0,
        "drop_params": True,  # some models know no `temperature`
    }

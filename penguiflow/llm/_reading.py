"""Reads litellm's answers. Its objects are built at run time, so every field is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow.llm._native.json_text import is_list, is_object, json_text
from penguiflow.llm._package import LiteLLM
from penguiflow.llm._said import CallPart, Said
from penguiflow.llm._setup import is_local_by_default
from penguiflow.llm.usage import TokenUsage


def whole_answer(response: object) -> Said:
    """Return what a whole answer says."""
    return _said(response, "message")


def answer_piece(chunk: object) -> Said:
    """Return what one piece of a streamed answer says."""
    return _said(chunk, "delta")


def token_usage(usage: object) -> TokenUsage | None:
    """Return the counts, or None when the provider sent none."""
    input_tokens = _count(usage, "prompt_tokens")
    output_tokens = _count(usage, "completion_tokens")
    if input_tokens == 0 and output_tokens == 0:
        return None
    return TokenUsage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_tokens=_count(getattr(usage, "prompt_tokens_details", None), "cached_tokens"),
        reasoning_tokens=_count(getattr(usage, "completion_tokens_details", None), "reasoning_tokens"),
    )


def cost_usd(litellm: LiteLLM, *, model: str, provider: str, usage: object) -> float | None:
    """Return the price of a call by litellm's offline table, or None when the table does not say it."""
    if token_usage(usage) is None:
        return None
    if is_local_by_default(provider):
        return 0.0  # litellm would ask the local server first
    try:
        prompt_cost, completion_cost = litellm.cost_per_token(
            model, custom_llm_provider=provider, usage_object=usage
        )
    except Exception:  # noqa: BLE001 - a missing price raises several classes, and none is worth a failed call
        return None
    total = prompt_cost + completion_cost
    return total if total or _is_free(litellm.model_cost, model, provider) else None


def _is_free(prices: Mapping[str, Mapping[str, Any]], model: str, provider: str) -> bool:
    """Tell a price of zero from an entry without a price, which litellm counts as zero too."""
    entry = prices.get(model) or prices.get(model.removeprefix(f"{provider}/")) or {}
    return entry.get("input_cost_per_token") == 0


def _said(response: object, part: str) -> Said:
    choices = getattr(response, "choices", None) or [None]
    holder = getattr(choices[0], part, None)
    calls: object = getattr(holder, "tool_calls", None)
    return Said(
        content=_text(holder, "content"),
        reasoning=_text(holder, "reasoning_content"),
        calls=tuple(_call(call, at) for at, call in enumerate(calls)) if is_list(calls) else (),
    )


def _call(call: object, at: int) -> CallPart:
    index: object = getattr(call, "index", None)
    function = getattr(call, "function", None)
    return CallPart(
        index=index if isinstance(index, int) else at,
        call_id=_text(call, "id"),
        name=_text(function, "name"),
        arguments=_arguments(function),
    )


def _arguments(function: object) -> str:
    arguments: object = getattr(function, "arguments", None)
    return json_text(arguments) if is_object(arguments) else _text(function, "arguments")


def _text(holder: object, name: str) -> str:
    value = getattr(holder, name, None)
    return value if isinstance(value, str) else ""


def _count(holder: object, name: str) -> int:
    value = getattr(holder, name, None)
    return value if isinstance(value, int) else 0

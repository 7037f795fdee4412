"""Reads litellm's answers. Its objects are built at run time, so every field is looked for."""

from __future__ import annotations

from penguiflow.llm._package import LiteLLM
from penguiflow.llm.usage import TokenUsage


def message_text(response: object) -> str:
    """Return the text of a whole answer, empty if there is none."""
    return _text_of(response, "message")


def delta_text(chunk: object) -> str:
    """Return the text of one piece of a streamed answer, empty if it holds none."""
    return _text_of(chunk, "delta")


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
    """Return the price of a call by litellm's offline table, or None when the table lacks the model."""
    if token_usage(usage) is None:
        return None
    try:
        prompt_cost, completion_cost = litellm.cost_per_token(
            model, custom_llm_provider=provider, usage_object=usage
        )
    except Exception:  # noqa: BLE001 - a missing price raises several classes, and none is worth a failed call
        return None
    return prompt_cost + completion_cost


def _text_of(response: object, part: str) -> str:
    choices = getattr(response, "choices", None) or [None]
    content = getattr(getattr(choices[0], part, None), "content", None)
    return content if isinstance(content, str) else ""


def _count(holder: object, name: str) -> int:
    value = getattr(holder, name, None)
    return value if isinstance(value, int) else 0

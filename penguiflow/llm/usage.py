"""What a model call used and cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens of one call. `cached_tokens` are part of the input, `reasoning_tokens` part of the output."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMReply:
    """One complete reply. `cost_usd` and `usage` of `None` mean unknown, never zero.

    `reasoning` is what the model thought before it replied, as far as its provider shows it.
    """

    text: str
    cost_usd: float | None = None
    usage: TokenUsage | None = None
    model: str | None = None
    reasoning: str | None = None

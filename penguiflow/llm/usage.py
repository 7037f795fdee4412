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


def reply_of(returned: object) -> LLMReply:
    """Return what a client returned as the one form that says everything.

    Raises:
        TypeError: it is none of the forms that `JSONLLMClient` allows.
    """
    match returned:
        case LLMReply():
            return returned
        case str():
            return LLMReply(text=returned)
        case (str() as text, float() | int() | None as cost):
            return LLMReply(text=text, cost_usd=cost)
        case _:
            raise TypeError(
                f"the model client returned `{type(returned).__name__}`; `complete` must return text, "
                "`(text, cost_usd)` or `LLMReply`"
            )

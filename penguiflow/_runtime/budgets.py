"""Verdicts on deadlines and controller loops: functions of values, without clock, queue or loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, cast

from penguiflow._envelope import derived, unchecked
from penguiflow.types import WM, FinalAnswer, Message

BUDGET_EXCEEDED_TEXT = "Hop budget exhausted"
DEADLINE_EXCEEDED_TEXT = "Deadline exceeded"
TOKEN_BUDGET_EXCEEDED_TEXT = "Token budget exhausted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The loop is over: the message goes to the Rookery, whatever the node's successors are."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopBack:
    """The controller goes round again with this message; `echo` shows the iteration to the caller."""

    message: Message
    echo: bool


Verdict: TypeAlias = Finish | LoopBack | None
"""None: an ordinary message."""


def deadline_of(item: object) -> float | None:
    """Return the deadline of an envelope; bare values have none."""
    if type(item) is Message or isinstance(item, Message):  # the first test is ten times as fast
        return item.deadline_s
    return None


def deadline_answer(message: Message) -> Message:
    """Return what the caller gets instead of a result; an answer that exists is kept."""
    if isinstance(message.payload, FinalAnswer):
        return message.model_copy()
    return _answer(message, DEADLINE_EXCEEDED_TEXT)


def _is_controller_payload(kind: type) -> bool:
    return issubclass(kind, WM | FinalAnswer)


# mypy and pyright do not see that a type is hashable, which the signature of `lru_cache` asks for
is_controller_payload = cast("Callable[[type], bool]", lru_cache(maxsize=256)(_is_controller_payload))
"""Tell whether payloads of this type need a verdict."""


def judge(result: Message, incoming: object, *, loops: bool, now: float) -> Verdict:
    """Decide where a returned message goes; `loops` tells whether its node has an edge to itself.

    A working memory that passes through a node without such an edge is an ordinary message, unless its
    time or its tokens are spent; hops count in loops only.
    """
    payload: object = result.payload
    if isinstance(payload, FinalAnswer):
        return Finish(message=result)
    if not isinstance(payload, WM):
        return None
    if result.deadline_s is not None and now > result.deadline_s:
        return Finish(message=_answer(result, DEADLINE_EXCEEDED_TEXT))
    if payload.budget_tokens is not None and payload.tokens_used >= payload.budget_tokens:
        return Finish(message=_answer(result, TOKEN_BUDGET_EXCEEDED_TEXT))
    if not loops:
        return None
    hops = _next_hops(payload, incoming)
    if payload.budget_hops is not None and hops >= payload.budget_hops:
        return Finish(message=_answer(result, BUDGET_EXCEEDED_TEXT))
    if hops != payload.hops:
        result = derived(result, payload=_with_hops(payload, hops))
    return LoopBack(message=result, echo=payload.budget_hops is None and payload.budget_tokens is None)


def _next_hops(returned: WM, incoming: object) -> int:
    before: object = incoming.payload if isinstance(incoming, Message) else None
    if isinstance(before, WM) and returned.hops <= before.hops:
        return before.hops + 1
    return returned.hops  # the first hop, or a controller that counts by itself


def _answer(message: Message, text: str) -> Message:
    return derived(message, payload=FinalAnswer(text=text))


def _with_hops(memory: WM, hops: int) -> WM:
    if type(memory) is WM:
        return unchecked(WM, {**memory.__dict__, "hops": hops}, memory.model_fields_set | {"hops"})
    return memory.model_copy(update={"hops": hops})

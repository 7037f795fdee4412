"""What the model calls of a run used and cost, as one value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias

from penguiflow.llm.usage import LLMReply
from penguiflow.planner._rules.values import changed

Account: TypeAlias = Literal["main", "reflection", "summarizer"]
"""On whose account a call goes: decisions and answers, critiques, or summaries of any kind."""


@dataclass(frozen=True, kw_only=True)  # without slots, for `changed`
class Spend:
    """Sums of one run. `known_cost_usd` sums the prices that are known; `unpriced_calls` counts the rest.

    Token counts are those that providers reported: cached tokens are part of the input, reasoning tokens part
    of the output.
    """

    known_cost_usd: float = 0.0
    unpriced_calls: int = 0
    main_llm_calls: int = 0
    reflection_llm_calls: int = 0
    summarizer_llm_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def with_call(self, account: Account, reply: LLMReply | None) -> Spend:
        """Add one call; without a reply it failed, and nobody knows what it cost."""
        cost = reply.cost_usd if reply is not None else None
        if cost is not None and not math.isfinite(cost):
            cost = None  # no price at all: a sum with it in it would never reach a limit
        usage = reply.usage if reply is not None else None
        return changed(
            self,
            known_cost_usd=self.known_cost_usd + (cost or 0.0),
            unpriced_calls=self.unpriced_calls + (cost is None),
            main_llm_calls=self.main_llm_calls + (account == "main"),
            reflection_llm_calls=self.reflection_llm_calls + (account == "reflection"),
            summarizer_llm_calls=self.summarizer_llm_calls + (account == "summarizer"),
            input_tokens=self.input_tokens + (usage.input_tokens if usage else 0),
            output_tokens=self.output_tokens + (usage.output_tokens if usage else 0),
            cached_tokens=self.cached_tokens + (usage.cached_tokens if usage else 0),
            reasoning_tokens=self.reasoning_tokens + (usage.reasoning_tokens if usage else 0),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the record callers read as `metadata["cost"]`.

        `total_cost_usd` is the sum of the known prices, exact only when `cost_known` is true.
        """
        record = asdict(self)
        total = record.pop("known_cost_usd")
        return {"total_cost_usd": total, "cost_known": self.unpriced_calls == 0, **record}


def read_spend(record: Mapping[str, Any]) -> Spend:
    """Read the stored form; counters a former version did not have start at zero."""
    known = {field.name for field in fields(Spend)}
    return Spend(**{name: value for name, value in record.items() if name in known})

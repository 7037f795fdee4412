"""What an answer cost, by a table that does not know every price."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from penguiflow.llm._package import LiteLLM
from penguiflow.llm._reading import cost_usd, whole_answer
from penguiflow.llm._said import CallPart, Said

USAGE = SimpleNamespace(prompt_tokens=1000, completion_tokens=100)


class PriceTable:
    """Counts an entry without a price as zero, as litellm does."""

    model_cost: dict[str, dict[str, Any]] = {  # noqa: RUF012 - litellm's is a module's
        "paid": {"input_cost_per_token": 1e-6},
        "some/free": {"input_cost_per_token": 0},
        "some/unpriced": {"max_tokens": 10},
    }

    def cost_per_token(self, model: str, **_: object) -> tuple[float, float]:
        entry = self.model_cost.get(model) or self.model_cost.get(model.removeprefix("some/"))
        if entry is None:
            raise LookupError(f"{model} is not mapped")
        return entry.get("input_cost_per_token", 0.0) * 1000, 0.0


@pytest.mark.parametrize(
    ("model", "provider", "cost"),
    [
        ("paid", "some", 0.001),
        ("some/paid", "some", 0.001),
        ("some/free", "some", 0.0),
        ("some/unpriced", "some", None),
        ("some/unmapped", "some", None),
        ("ollama/llama3.2", "ollama", 0.0),
    ],
)
def test_a_price_that_the_table_does_not_say_is_unknown(
    model: str, provider: str, cost: float | None
) -> None:
    table = cast(LiteLLM, PriceTable())
    assert cost_usd(table, model=model, provider=provider, usage=USAGE) == cost


def test_without_usage_there_is_no_price() -> None:
    table = cast(LiteLLM, PriceTable())
    assert cost_usd(table, model="paid", provider="some", usage=None) is None


def test_arguments_that_are_no_text_are_read_too() -> None:
    function = SimpleNamespace(name="search", arguments={"q": "é"})
    message = SimpleNamespace(
        content=None, tool_calls=[SimpleNamespace(id="a", function=function)], reasoning_content="hm"
    )
    response = SimpleNamespace(choices=[SimpleNamespace(message=message)])
    call = CallPart(call_id="a", name="search", arguments='{"q":"é"}')
    assert whole_answer(response) == Said(reasoning="hm", calls=(call,))


@pytest.mark.parametrize("response", [None, SimpleNamespace(choices=[]), SimpleNamespace(choices=[None])])
def test_an_answer_without_a_message_says_nothing(response: object) -> None:
    assert whole_answer(response) == Said()

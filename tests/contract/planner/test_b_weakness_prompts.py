"""Section 29, items 17 to 20: prompts stay small, stable and within their budget."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Asked, Model, Said, planner_with
from tests.fakes.planner_tools import answer, call, finished


class Amount(BaseModel):
    amount: int


def estimate(asked: Asked) -> int:
    """Return the size of a prompt as the contract estimates it."""
    return int(sum(len(m["content"]) + len(m["role"]) + 20 for m in asked.messages) / 3.5)


async def test_the_fixed_prompt_is_short() -> None:
    planner, model = planner_with(answer(), catalog=[])
    await planner.run("q")
    assert len(model.planning[0].system) < 8_561


async def test_what_does_not_exist_is_not_documented() -> None:
    planner, model = planner_with(answer())
    await planner.run("q")
    for name in ("task.subagent", "task.tool", "tasks.spawn"):
        assert name not in model.planning[0].system


async def test_errors_of_arguments_are_told_without_links_to_documentation() -> None:
    @tool(desc="pays")
    async def pay(args: Amount, ctx: Any) -> Said:
        return Said(said="paid")

    planner, model = planner_with(call("pay", amount="much"), answer(), catalog=[pay])
    await planner.run("q")
    assert "pydantic.dev" not in model.planning[1].text
    assert "amount" in model.planning[1].last["error"]


async def test_the_history_only_grows_at_its_end() -> None:
    planner, model = planner_with(call("echo", text="a"), call("fail"), call("other", text="b"), answer())
    await planner.run("q")
    for earlier, later in zip(model.planning, model.planning[1:], strict=False):
        assert list(later.messages[: len(earlier.messages)]) == list(earlier.messages)


WORDS = ["alpha", "beta", "gamma", "delta"]


def long_calls() -> list[Any]:
    return [call("echo", text=f"{word} " + "z" * 1_500) for word in WORDS]


async def fixed_size() -> int:
    planner, model = planner_with(answer())
    await planner.run("q")
    return estimate(model.planning[0])


async def test_a_budget_bounds_every_prompt() -> None:
    budget = await fixed_size() + 1_000
    planner, model = planner_with(*long_calls(), answer("done"), token_budget=budget)
    assert finished(await planner.run("q")).payload["raw_answer"] == "done"
    assert max(estimate(asked) for asked in model.planning) <= budget


async def test_a_summary_stands_for_all_older_steps() -> None:
    budget = await fixed_size() + 1_200
    planner, model = planner_with(*long_calls(), answer("done"), token_budget=budget)
    await planner.run("q")
    last = model.planning[-1]
    (summary,) = [m for m in last.messages if m["content"].startswith("Trajectory summary")]
    assert summary["role"] == "system"
    for word in WORDS[:-1]:
        assert word in summary["content"]
    assert WORDS[-1] in last.messages[-1]["content"]


async def test_under_the_budget_nothing_is_summarised() -> None:
    planner, model = planner_with(call("echo"), answer(), token_budget=1_000_000)
    await planner.run("q")
    assert "Trajectory summary" not in model.planning[-1].text


async def test_a_summariser_is_used_when_there_is_one_and_its_price_is_counted() -> None:
    summary = {"goals": ["q"], "facts": {"said": "by a model"}, "pending": [], "last_output_digest": None}
    summariser = Model(trajectory_summary=[(summary, 0.125)] * 9)
    budget = await fixed_size() + 1_200
    planner, model = planner_with(
        *long_calls(), answer("done"), token_budget=budget, summarizer_llm=summariser
    )
    cost = finished(await planner.run("q")).metadata["cost"]
    assert summariser.asked
    assert "by a model" in model.planning[-1].text
    assert cost["summarizer_llm_calls"] == len(summariser.asked)
    assert cost["total_cost_usd"] == 0.125 * len(summariser.asked)


async def test_a_summariser_that_fails_leaves_the_summary_by_rule() -> None:
    budget = await fixed_size() + 1_200
    planner, model = planner_with(
        *long_calls(),
        answer("done"),
        token_budget=budget,
        summarizer_llm=Model(trajectory_summary=["no JSON"] * 20),
    )
    assert finished(await planner.run("q")).payload["raw_answer"] == "done"
    (summary,) = [m for m in model.planning[-1].messages if m["content"].startswith("Trajectory summary")]
    assert "rule_based" in summary["content"]


async def test_a_repair_shows_the_model_what_it_said() -> None:
    planner, model = planner_with("Sure, I will look.", answer("fine"))
    await planner.run("q")
    first, second = model.planning
    assert list(second.messages[: len(first.messages)]) == list(first.messages)
    assert second.messages[len(first.messages)]["content"] == "Sure, I will look."
    assert second.messages[len(first.messages)]["role"] == "assistant"


async def test_after_a_repair_the_bad_reply_is_gone() -> None:
    planner, model = planner_with("Sure, I will look.", call("echo"), answer("fine"))
    await planner.run("q")
    assert "Sure, I will look." not in model.planning[-1].text
    assert json.loads(model.planning[-1].messages[-1]["content"]) == {"observation": {"said": "x"}}

"""Section 19: what a run costs, and whose calls are counted where."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow.llm import TokenUsage
from tests.contract.planner.fakes_b import Model, planner_with, priced
from tests.fakes.planner_tools import Heard, answer, call, finished

KEYS = {
    "total_cost_usd", "main_llm_calls", "reflection_llm_calls", "summarizer_llm_calls", "cost_known",
    "unpriced_calls", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens",
}  # fmt: skip


async def cost_of(*replies: Any, model: Model | None = None, **options: Any) -> dict[str, Any]:
    planner, _ = planner_with(*replies, model=model, **options)
    return finished(await planner.run("q")).metadata["cost"]


async def test_the_snapshot_has_its_keys() -> None:
    assert (await cost_of((answer(), 0.5))).keys() >= KEYS


async def test_pairs_of_text_and_cost_are_added_up() -> None:
    cost = await cost_of((call("echo"), 0.25), (answer(), 0.5))
    assert (cost["total_cost_usd"], cost["main_llm_calls"]) == (0.75, 2)
    assert (cost["cost_known"], cost["unpriced_calls"]) == (True, 0)


async def test_a_bare_text_is_a_call_of_unknown_cost() -> None:
    cost = await cost_of((call("echo"), 0.25), answer())
    assert (cost["total_cost_usd"], cost["main_llm_calls"]) == (0.25, 2)
    assert (cost["cost_known"], cost["unpriced_calls"]) == (False, 1)


async def test_small_costs_do_not_vanish() -> None:
    cost = await cost_of(*[(call("echo", text=str(n)), 1e-5) for n in range(2)], (answer(), 1e-5))
    assert cost["total_cost_usd"] == pytest.approx(3e-5, rel=1e-9)


async def test_tokens_are_added_up() -> None:
    usage = TokenUsage(input_tokens=10, output_tokens=4, cached_tokens=3, reasoning_tokens=2)
    cost = await cost_of(priced(call("echo"), 0.5, usage=usage), priced(answer(), None, usage=usage))
    assert [cost[f"{kind}_tokens"] for kind in ("input", "output", "cached", "reasoning")] == [20, 8, 6, 4]
    assert (cost["total_cost_usd"], cost["cost_known"], cost["unpriced_calls"]) == (0.5, False, 1)


async def test_the_finish_event_tells_the_same() -> None:
    heard = Heard()
    cost = await cost_of((answer(), 0.5), event_callback=heard)
    assert heard.of("finish")[0].extra["cost"] == cost


async def test_every_end_of_a_run_tells_its_cost() -> None:
    cost = await cost_of((call("echo"), 0.5), max_iters=1)
    assert (cost["total_cost_usd"], cost["main_llm_calls"]) == (0.5, 1)


async def test_every_attempt_to_get_an_action_counts() -> None:
    cost = await cost_of(("no action", 0.25), (answer(), 0.5))
    assert (cost["total_cost_usd"], cost["main_llm_calls"]) == (0.75, 2)


async def test_repairing_a_finish_counts_as_planning() -> None:
    model = Model(
        ({"next_node": "final_response", "args": {}}, 0.25), json_object=[({"answer": "mended"}, 0.5)]
    )
    cost = await cost_of(model=model)
    assert (cost["total_cost_usd"], cost["main_llm_calls"]) == (0.75, 2)


async def test_each_run_starts_at_nothing() -> None:
    planner, _ = planner_with((answer(), 0.25), (answer(), 0.5))
    costs = [finished(await planner.run("q")).metadata["cost"] for _ in range(2)]
    assert [cost["total_cost_usd"] for cost in costs] == [0.25, 0.5]
    assert [cost["main_llm_calls"] for cost in costs] == [1, 1]


async def test_runs_at_the_same_time_do_not_mix_their_costs() -> None:
    together = asyncio.Barrier(3)

    def waits(reply: Any, cost: float) -> Any:
        async def reply_together(_: Any) -> Any:
            await together.wait()
            return reply, cost

        return reply_together

    planner, _ = planner_with(
        waits(call("echo", text="a"), 0.25), waits(call("echo", text="b"), 0.25), waits(answer(), 0.25),
        waits(answer(), 0.25), waits(answer(), 0.25),
    )  # fmt: skip

    async def run(n: int) -> dict[str, Any]:
        return finished(await planner.run(f"q{n}")).metadata["cost"]

    # The third party of the second round, in which only two runs go on.
    *costs, _ = await asyncio.gather(run(0), run(1), run(2), together.wait())
    calls = sorted(cost["main_llm_calls"] for cost in costs)
    assert sum(calls) == 5
    assert calls == [1, 2, 2]
    assert all(cost["total_cost_usd"] == cost["main_llm_calls"] * 0.25 for cost in costs)

"""Section 13: hop budgets, deadlines, token budgets and the snapshot of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.planner import ReactPlanner
from tests.contract.planner.fakes_b import Bench, Model, Said, Words, constraints_of, planner_with, steps_of
from tests.fakes.flows import loop_clock
from tests.fakes.planner_tools import answer, call, finished, paused, plan


async def forever(_: Any) -> Any:
    await asyncio.Event().wait()


async def test_a_hop_is_counted_whether_the_tool_succeeds_fails_or_pauses() -> None:
    planner, _ = planner_with(call("echo"), call("fail"), call("ask", text="?"), answer(), hop_budget=9)
    pause = paused(await planner.run("q"))
    result = await planner.resume(pause.resume_token, "go on")
    assert constraints_of(result)["hops_used"] == 3


async def test_branches_and_their_join_are_counted_one_by_one() -> None:
    join = {"node": "join", "args": {}, "inject": {"results": "$results"}}
    planner, _ = planner_with(plan(call("echo"), call("other"), join=join), answer(), hop_budget=9)
    assert constraints_of(await planner.run("q"))["hops_used"] == 3


async def test_hops_are_counted_without_a_budget_too() -> None:
    planner, _ = planner_with(call("echo"), call("other"), answer())
    constraints = constraints_of(await planner.run("q"))
    assert constraints["hops_used"] == 2
    assert constraints["hop_budget"] is None
    assert constraints["hop_exhausted"] is False


async def test_an_error_before_the_tool_runs_costs_no_hop() -> None:
    planner, _ = planner_with(call("nowhere"), answer(), hop_budget=3)
    assert constraints_of(await planner.run("q"))["hops_used"] == 0


async def test_a_call_over_the_budget_is_an_error_step_and_the_model_may_still_finish() -> None:
    bench = Bench()
    planner, model = planner_with(call("echo"), call("other"), answer("enough"), bench=bench, hop_budget=1)
    result = finished(await planner.run("q"))
    assert bench.done == ["echo x"]
    refused = steps_of(result)[1]["error"]
    assert "Hop budget" in refused
    assert "limit=1" in refused
    assert "Hop budget" in model.planning[2].last["error"]
    assert result.reason == "answer_complete"
    assert result.metadata["constraints"]["hop_exhausted"] is True


async def test_a_run_that_never_finishes_after_the_violation_ends_as_budget_exhausted() -> None:
    planner, _ = planner_with(call("echo"), call("other"), call("other"), hop_budget=1, max_iters=3)
    assert finished(await planner.run("q")).reason == "budget_exhausted"


async def test_the_snapshot_names_every_limit() -> None:
    planner, _ = planner_with(answer(), hop_budget=4, deadline_s=50, time_source=lambda: 1000.0)
    assert (
        constraints_of(await planner.run("q")).items()
        >= {
            "deadline_at": 1050.0,
            "deadline_remaining_s": 50.0,
            "hop_budget": 4,
            "hops_used": 0,
            "deadline_triggered": False,
            "hop_exhausted": False,
        }.items()
    )


async def test_without_a_deadline_the_snapshot_has_none() -> None:
    planner, _ = planner_with(answer())
    constraints = constraints_of(await planner.run("q"))
    assert constraints["deadline_at"] is None
    assert constraints["deadline_remaining_s"] is None
    assert constraints["deadline_triggered"] is False


async def test_a_deadline_counts_from_the_start_of_each_run() -> None:
    now = [0.0]
    planner, _ = planner_with(answer("one"), answer("two"), deadline_s=10, time_source=lambda: now[0])
    for text in ("one", "two"):
        result = finished(await planner.run("q"))
        assert result.payload["raw_answer"] == text
        now[0] += 1_000


async def test_a_deadline_that_passed_ends_the_run_with_the_last_observation() -> None:
    now = [0.0]

    @tool(desc="takes its time")
    async def slow(args: Words, ctx: Any) -> Said:
        now[0] += 11
        return Said(said="late")

    planner, model = planner_with(call("slow"), catalog=[slow], deadline_s=10, time_source=lambda: now[0])
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload) == ("budget_exhausted", {"said": "late"})
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert len(model.asked) == 1


async def test_a_deadline_ends_a_model_call() -> None:
    planner, _ = planner_with(call("echo"), forever, deadline_s=10, time_source=loop_clock)
    started = loop_clock()
    result = finished(await planner.run("q"))
    assert loop_clock() - started == pytest.approx(10, abs=0.5)
    assert (result.reason, result.payload) == ("budget_exhausted", {"said": "x"})
    assert result.metadata["constraints"]["deadline_triggered"] is True


async def test_a_deadline_ends_a_tool_call() -> None:
    cancelled: list[bool] = []

    @tool(desc="hangs")
    async def hang(args: Words, ctx: Any) -> Said:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        raise AssertionError

    planner, _ = planner_with(call("hang"), catalog=[hang], deadline_s=10, time_source=loop_clock)
    result = finished(await planner.run("q"))
    assert result.reason == "budget_exhausted"
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert cancelled == [True]


async def test_the_time_limit_of_a_model_call_is_not_imposed_on_clients_of_the_user() -> None:
    async def slow(_: Any) -> Any:
        await asyncio.sleep(100)
        return answer("late but fine")

    planner, _ = planner_with(slow, llm_timeout_s=1.0)
    assert finished(await planner.run("q")).payload["raw_answer"] == "late but fine"


async def test_a_token_budget_never_ends_a_run() -> None:
    planner, model = planner_with(
        *[call("echo", text=f"number {n} " + "a" * 400) for n in range(6)], answer("through"), token_budget=50
    )
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload["raw_answer"]) == ("answer_complete", "through")
    assert len(model.planning) == 7


async def test_a_cost_limit_ends_the_run() -> None:
    bench = Bench()
    planner = ReactPlanner(
        llm_client=Model((call("echo", text="1"), 0.04), (call("echo", text="2"), 0.04), (answer(), 0.04)),
        catalog=bench.catalog(),
        cost_limit_usd=0.05,
    )
    result = finished(await planner.run("q"))
    assert result.reason == "budget_exhausted"
    assert result.metadata["cost"]["main_llm_calls"] == 2
    assert result.metadata["answer_quality"] == "none"
    assert result.metadata["error"]


async def test_a_cost_limit_can_ask_a_person_and_the_run_goes_on() -> None:
    planner, _ = planner_with(
        (call("echo", text="1"), 0.04),
        (call("echo", text="2"), 0.04),
        (answer("worth it"), 0.04),
        cost_limit_usd=0.05,
        on_limit="pause",
    )
    pause = paused(await planner.run("q"))
    assert pause.reason == "constraints_conflict"
    result = finished(await planner.resume(pause.resume_token, "go on"))
    assert result.payload["raw_answer"] == "worth it"
    assert result.metadata["cost"]["total_cost_usd"] == pytest.approx(0.12)


async def test_under_the_cost_limit_nothing_happens() -> None:
    planner, _ = planner_with((answer("cheap"), 0.04), cost_limit_usd=0.05, on_limit="pause")
    assert finished(await planner.run("q")).reason == "answer_complete"

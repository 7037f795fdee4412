"""Section 14: what planning hints tell the model and what they enforce."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.planner.fakes_b import Bench, Store, planner_with, steps_of
from tests.fakes.planner_tools import answer, call, finished, paused, plan


async def system_prompt(hints: Any) -> str:
    planner, model = planner_with(answer(), planning_hints=hints)
    await planner.run("q")
    return model.planning[0].system


def constraints_part(prompt: str) -> str:
    start = prompt.index("<planning_constraints>")
    return prompt[start : prompt.index("</planning_constraints>")]


async def test_the_model_reads_the_hints_under_their_names() -> None:
    part = constraints_part(
        await system_prompt(
            {
                "ordering_hints": ["echo", "other"],
                "parallel_groups": [["echo", "fail"]],
                "sequential_only": ["ask", "erase"],
                "disallow_nodes": ["other", "fail"],
                "prefer_nodes": ["join"],
                "max_parallel": 2,
                "budget_hints": {"max_cost_usd": 1},
            }
        )
    )
    assert "max_parallel=2; sequential_only=ask,erase" in part
    for key in ("constraints", "preferred_order", "parallel_groups", "disallow_nodes", "preferred_nodes"):
        assert key in part
    assert "budget" in part
    assert "max_cost_usd" in part
    assert part.index("fail", part.index("disallow_nodes")) < part.index(
        "other", part.index("disallow_nodes")
    )


@pytest.mark.parametrize("hints", [None, {}, {"preferred_nodes": ["echo"]}, {"colour": "blue"}])
async def test_no_hints_and_unknown_keys_add_no_section(hints: Any) -> None:
    prompt = await system_prompt(hints)
    assert "<planning_constraints>" not in prompt
    assert prompt == await system_prompt(None)


@pytest.mark.parametrize("hints", [{"max_parallel": 2}, {"budget_hints": {"max_parallel": 2}}])
async def test_a_plan_over_max_parallel_is_one_error_and_runs_nothing(hints: dict[str, Any]) -> None:
    bench = Bench()
    planner, model = planner_with(
        plan(call("echo"), call("other"), call("echo")), answer(), bench=bench, planning_hints=hints
    )
    result = await planner.run("q")
    assert bench.done == []
    assert len(steps_of(result)) == 1
    assert "max_parallel=2" in steps_of(result)[0]["error"]
    assert "max_parallel=2" in model.planning[1].last["error"]


async def test_a_plan_at_max_parallel_runs() -> None:
    bench = Bench()
    planner, _ = planner_with(
        plan(call("echo"), call("other")), answer(), bench=bench, planning_hints={"max_parallel": 2}
    )
    assert steps_of(await planner.run("q"))[0]["error"] is None
    assert len(bench.done) == 2


@pytest.mark.parametrize("hints", [{"max_parallel": "two"}, {"budget_hints": {"max_parallel": "two"}}])
async def test_a_max_parallel_that_is_no_integer_is_ignored(hints: dict[str, Any]) -> None:
    bench = Bench()
    planner, _ = planner_with(
        plan(call("echo"), call("other"), call("echo")), answer(), bench=bench, planning_hints=hints
    )
    await planner.run("q")
    assert len(bench.done) == 3


async def test_a_disallowed_tool_is_refused_and_the_run_goes_on() -> None:
    bench = Bench()
    planner, model = planner_with(
        call("other"), answer("fine"), bench=bench, planning_hints={"disallow_nodes": ["other"]}
    )
    result = finished(await planner.run("q"))
    assert bench.done == []
    assert "not permitted" in steps_of(result)[0]["error"]
    assert "not permitted" in model.planning[1].last["error"]
    assert result.payload["raw_answer"] == "fine"


async def test_a_sequential_tool_is_refused_in_a_plan_and_runs_alone() -> None:
    bench = Bench()
    planner, _ = planner_with(
        plan(call("echo"), call("other")),
        call("other"),
        answer(),
        bench=bench,
        planning_hints={"sequential_only": ["other"]},
    )
    steps = steps_of(await planner.run("q"))
    assert "sequentially" in steps[0]["error"]
    assert bench.done == ["other x"]


async def test_leaving_the_order_is_reminded_once_and_then_allowed() -> None:
    bench = Bench()
    planner, _ = planner_with(
        call("other"),
        call("other"),
        answer(),
        bench=bench,
        planning_hints={"ordering_hints": ["echo", "other"]},
    )
    steps = steps_of(await planner.run("q"))
    assert "Ordering hint" in steps[0]["error"]
    assert steps[1]["error"] is None
    assert bench.done == ["other x"]


async def test_progress_makes_the_reminder_possible_again() -> None:
    bench = Bench()
    order = ["echo", "other", "join", "ask"]
    planner, _ = planner_with(
        call("other"),  # reminded: echo comes first
        call("echo"),  # progress
        call("join"),  # reminded again: other comes first
        call("other"),
        answer(),
        bench=bench,
        planning_hints={"ordering_hints": order},
    )
    errors = [step["error"] for step in steps_of(await planner.run("q"))]
    assert [error is not None and "Ordering hint" in error for error in errors] == [True, False, True, False]
    assert bench.done == ["echo x", "other x"]


async def test_tools_outside_the_order_are_free() -> None:
    bench = Bench()
    planner, _ = planner_with(
        call("other"),
        call("echo"),
        answer(),
        bench=bench,
        planning_hints={"ordering_hints": ["echo", "join"]},
    )
    assert [step["error"] for step in steps_of(await planner.run("q"))] == [None, None]
    assert bench.done == ["other x", "echo x"]


async def test_the_state_of_the_order_is_part_of_the_trajectory() -> None:
    store = Store()
    planner, _ = planner_with(
        call("echo"),
        call("join"),
        call("ask"),
        planning_hints={"ordering_hints": ["echo", "other", "join"]},
        state_store=store,
    )
    pause = paused(await planner.run("q"))
    state = store.record(pause.resume_token)["trajectory"]["hint_state"]["ordering_state"]
    assert state["completed"] == ["echo"]
    assert state["warned"] is True


async def test_the_order_is_kept_across_a_resume() -> None:
    bench, store = Bench(), Store()
    hints = {"ordering_hints": ["echo", "other", "join"]}
    first, _ = planner_with(call("echo"), call("ask"), bench=bench, planning_hints=hints, state_store=store)
    pause = paused(await first.run("q"))
    second, _ = planner_with(call("other"), answer(), bench=bench, planning_hints=hints, state_store=store)
    result = await second.resume(pause.resume_token, "go")
    assert [step["error"] for step in steps_of(result)] == [None, None, None]


async def test_groups_and_preferences_are_only_told() -> None:
    bench = Bench()
    planner, _ = planner_with(
        call("other"),
        plan(call("other"), call("join")),
        answer(),
        bench=bench,
        planning_hints={"parallel_groups": [["echo", "fail"]], "prefer_nodes": ["echo"]},
    )
    assert [step["error"] for step in steps_of(await planner.run("q"))] == [None, None]

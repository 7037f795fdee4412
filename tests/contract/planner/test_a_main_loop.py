"""Section 5: the order of things in one iteration, and what ends the loop."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from tests.contract.planner.fakes_a import (
    Client,
    Echoed,
    Ran,
    Text,
    Tools,
    both,
    end,
    ended,
    planner_of,
    run,
    use,
)


class Strict(BaseModel):
    number: int


def strict() -> Any:
    @tool(desc="Needs a number")
    async def strict(args: Strict, ctx: Any) -> Echoed:
        return Echoed(said=str(args.number))

    return strict


async def test_the_answer_is_no_step_and_one_iteration_is_enough_for_it() -> None:
    ran = await run(end("at once"), max_iters=1)
    assert (ran.result.reason, ran.result.payload["raw_answer"], ran.steps) == (
        "answer_complete",
        "at once",
        [],
    )


async def test_a_tool_call_in_the_only_iteration_leaves_no_path() -> None:
    ran = await run(use("echo", text="a"), max_iters=1)
    assert ran.result.reason == "no_path"
    assert ran.result.payload == {"said": "a"}
    assert ran.result.metadata["thought"] == "iteration limit reached"


@pytest.mark.parametrize(
    "step",
    [use("echo"), use("fail"), use("nowhere"), use("echo", text=[]), both(use("echo"), use("other")), both()],
    ids=["success", "failure", "unknown tool", "bad args", "parallel", "bad parallel"],
)
async def test_every_recorded_step_uses_an_iteration(step: dict[str, Any]) -> None:
    ran = await run(step, use("echo", text="b"), max_iters=2)
    assert (ran.result.reason, len(ran.steps), len(ran.requests)) == ("no_path", 2, 2)


async def test_after_a_tool_error_there_is_no_last_observation() -> None:
    ran = await run(use("echo", text="a"), use("fail"), max_iters=2)
    assert (ran.result.reason, ran.result.payload) == ("no_path", None)


async def test_the_deadline_is_looked_at_before_the_model_is_asked() -> None:
    ran = await run(deadline_s=0, time_source=lambda: 1.0)
    assert (ran.result.reason, ran.result.payload) == ("budget_exhausted", None)
    assert ran.requests == []
    assert "step_start" not in ran.events.kinds
    assert ran.result.metadata["constraints"]["deadline_triggered"] is True


async def test_a_deadline_that_is_reached_has_passed() -> None:
    now = [0.0]

    @tool(desc="takes time")
    async def slow(args: Text, ctx: Any) -> Echoed:
        now[0] = 10.0
        return Echoed(said="late")

    ran = await run(use("slow"), catalog=[slow], deadline_s=10, time_source=lambda: now[0])
    assert (ran.result.reason, ran.result.payload) == ("budget_exhausted", {"said": "late"})
    assert len(ran.requests) == 1


@pytest.mark.parametrize(
    ("attempts", "options", "reason", "exhausted"),
    [
        (["echo", "other", "third"], {"hop_budget": 1, "max_iters": 3}, "budget_exhausted", True),
        (["echo", "other", end()], {"hop_budget": 1, "max_iters": 3}, "answer_complete", True),
        ([end()], {"hop_budget": 0}, "answer_complete", False),
        (["echo", end()], {"hop_budget": 0}, "answer_complete", True),
        (["echo", "other", "third"], {"max_iters": 3}, "no_path", False),
    ],
    ids=["budget spent", "budget spent, then an answer", "no budget needed", "no budget", "no budget set"],
)
async def test_the_hop_budget_decides_the_reason(
    attempts: list[Any], options: dict[str, Any], reason: str, exhausted: bool
) -> None:
    ran = await run(*[use(a) if isinstance(a, str) else a for a in attempts], **options)
    assert ran.result.reason == reason
    assert ran.result.metadata["constraints"]["hop_exhausted"] is exhausted


ORDER = {"ordering_hints": ["other", "echo"]}


@pytest.mark.parametrize(
    ("call", "options", "said"),
    [
        (use("nowhere"), {"hop_budget": 0}, "Hop budget"),
        (use("echo"), {"hop_budget": 0, "planning_hints": {"disallow_nodes": ["echo"]}}, "Hop budget"),
        (use("strict", number="no"), {"hop_budget": 0}, "Hop budget"),
        (use("strict"), {"hop_budget": 0}, "Hop budget"),
        (use("nowhere"), {"planning_hints": {"disallow_nodes": ["nowhere"]}}, "not permitted"),
        (use("strict"), {"planning_hints": {"disallow_nodes": ["strict"]}}, "not permitted"),
        (use("echo"), {"planning_hints": {"disallow_nodes": ["echo"], **ORDER}}, "not permitted"),
        (use("echo", text=[]), {"planning_hints": ORDER}, "Ordering hint"),
        (use("nowhere", text=[]), {}, "is not in the catalog"),
        (
            both(use("echo"), use("other"), use("nowhere")),
            {"absolute_max_parallel": 2, "planning_hints": {"max_parallel": 1, "sequential_only": ["echo"]}},
            "2",
        ),
        (
            both(use("echo"), use("other"), use("nowhere")),
            {"planning_hints": {"max_parallel": 1, "sequential_only": ["echo"]}},
            "max_parallel=1",
        ),
        (
            both(use("echo"), use("nowhere")),
            {"planning_hints": {"sequential_only": ["echo"]}},
            "sequentially",
        ),
    ],
)
async def test_the_first_limit_in_the_order_of_checks_is_what_the_model_is_told(
    call: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    tools = Tools()
    ran = await run(call, end(), catalog=[*tools.all(), strict()], **options)
    assert said in ran.error
    assert tools.calls == []
    assert ran.requests[1].last["error"] == ran.error
    assert [request.kind for request in ran.requests] == ["planner_action"] * 2


async def test_an_unknown_tool_is_named_with_the_sorted_names_of_those_there_are() -> None:
    ran = await run(use("serch"), end())
    assert "serch" in ran.error
    assert "is not in the catalog" in ran.error
    names = ["ask", "echo", "fail", "other", "third"]
    places = [ran.error.rindex(name) for name in names]
    assert places == sorted(places)
    assert ran.result.reason == "answer_complete"


@pytest.mark.parametrize(
    "call",
    [
        use("task.subagent", name="n", query="look into it"),
        use("task.tool", tool="echo", tool_args={}),
        use("task", query="look into it"),
        use("task", tool="echo"),
    ],
)
async def test_a_background_task_is_an_error_step_and_the_run_goes_on(call: dict[str, Any]) -> None:
    tools = Tools()
    ran = await run(call, end("fine"), catalog=tools.all())
    assert ran.error
    assert tools.calls == []
    assert ran.result.payload["raw_answer"] == "fine"


async def test_each_iteration_is_told_with_its_number() -> None:
    ran = await run(use("echo"), use("nowhere"), use("fail"), end())
    assert [event.extra["action_seq"] for event in ran.events.of("step_start")] == [1, 2, 3, 4]


async def test_a_failed_call_does_not_stop_the_next_one() -> None:
    tools = Tools()
    ran = await run(use("fail"), use("echo", text="a"), end(), catalog=tools.all())
    assert tools.calls == ["fail x", "echo a"]
    assert [step["error"] is None for step in ran.steps] == [False, True]


async def repeated(times: int, *replies: Any, **options: Any) -> Ran:
    return await run(*[use("echo", text="again")] * times, *replies, **options)


async def test_the_same_call_with_the_same_outcome_a_fourth_time_is_no_progress() -> None:
    ran = await repeated(4)
    assert ran.result.reason == "no_progress"
    assert ran.result.metadata["reason"] == "no_progress"
    assert ran.result.metadata["answer_quality"] == "none"
    assert ran.result.metadata["error"]
    assert [step["observation"] for step in ran.steps] == [{"said": "again"}] * 3


async def test_three_times_the_same_and_then_an_answer_is_an_answer() -> None:
    assert (await repeated(3, end())).result.reason == "answer_complete"


async def test_how_often_a_call_may_be_repeated_can_be_said() -> None:
    assert (await repeated(2, max_repeated_calls=1)).result.reason == "no_progress"
    assert (await repeated(5, end(), max_repeated_calls=5)).result.reason == "answer_complete"


async def test_another_call_between_makes_repetition_no_row() -> None:
    ran = await run(*[use("echo", text="a"), use("echo", text="b")] * 3, end(), max_iters=10)
    assert ran.result.reason == "answer_complete"


async def test_a_call_whose_outcome_changes_makes_progress() -> None:
    numbers = iter(range(10))

    @tool(desc="polls")
    async def poll(args: Text, ctx: Any) -> Echoed:
        return Echoed(said=str(next(numbers)))

    ran = await run(*[use("poll")] * 6, end(), catalog=[poll], max_iters=10)
    assert ran.result.reason == "answer_complete"


async def test_a_run_without_llm_context_tells_an_empty_one() -> None:
    result = ended(await planner_of(Client(end())).run("q"))
    assert result.metadata["llm_context"] == {}

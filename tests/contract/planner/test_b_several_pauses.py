"""Section 16: a plan of which several branches need a person."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.planner import PlannerFinish, PlannerPause
from penguiflow.planner.approvals import Approve, Reject
from tests.contract.planner.fakes_b import Bench, Store, planner_with, steps_of
from tests.fakes.planner_tools import answer, call, finished, paused, plan

THREE = plan(call("ask", text="a"), call("echo", text="b"), call("ask", text="c"))


async def test_the_first_pause_is_returned_and_holds_the_others() -> None:
    planner, _ = planner_with(THREE)
    pause = paused(await planner.run("q"))
    assert pause.payload == {"question": "a"}
    assert all(isinstance(other, PlannerPause) for other in pause.also)
    assert [other.payload for other in pause.also] == [{"question": "c"}]
    assert pause.also[0].resume_token != pause.resume_token


async def test_a_single_pause_holds_no_others() -> None:
    planner, _ = planner_with(call("ask"))
    assert list(paused(await planner.run("q")).also) == []


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("with_store", [False, True])
async def test_they_are_answered_in_any_order_and_then_the_run_goes_on(first: int, with_store: bool) -> None:
    bench = Bench()
    planner, model = planner_with(
        THREE, answer("all said"), bench=bench, state_store=Store() if with_store else None
    )
    pause = paused(await planner.run("q"))
    both = [pause, *pause.also]
    still_open = await planner.resume(both[first].resume_token, "said first")
    assert isinstance(still_open, PlannerPause)
    assert still_open.resume_token == both[1 - first].resume_token
    assert still_open.payload == both[1 - first].payload
    assert len(model.planning) == 1
    result = await planner.resume(both[1 - first].resume_token, "said second")
    assert isinstance(result, PlannerFinish)
    assert result.payload["raw_answer"] == "all said"
    assert "said first" in model.planning[1].text
    assert "said second" in model.planning[1].text
    assert sorted(bench.done) == ["ask a", "ask c", "echo b"]


async def test_a_branch_that_needs_nobody_runs_once_and_is_in_the_picture() -> None:
    planner, _ = planner_with(THREE, answer())
    pause = paused(await planner.run("q"))
    await planner.resume(pause.resume_token, "x")
    result = finished(await planner.resume(pause.also[0].resume_token, "y"))
    branches = steps_of(result)[0]["observation"]["branches"]
    assert [branch["node"] for branch in branches] == ["ask", "echo", "ask"]
    assert branches[1]["observation"] == {"said": "b"}
    assert [branches[0]["pause"], branches[2]["pause"]] == [
        {"reason": "await_input", "payload": {"question": "a"}},
        {"reason": "await_input", "payload": {"question": "c"}},
    ]


async def test_several_approvals_are_decided_one_by_one() -> None:
    bench = Bench()
    planner, _ = planner_with(
        plan(call("erase", text="a"), call("erase", text="b")), answer("decided"), bench=bench
    )
    pause = paused(await planner.run("q"))
    assert pause.reason == "approval_required"
    (other,) = pause.also
    assert bench.done == []
    still_open: Any = await planner.resume(other.resume_token, Reject("keep b"))
    assert isinstance(still_open, PlannerPause)
    assert still_open.resume_token == pause.resume_token
    result = finished(await planner.resume(pause.resume_token, Approve()))
    assert bench.done == ["erase a"]
    assert result.payload["raw_answer"] == "decided"


async def test_a_token_of_several_is_good_once_too() -> None:
    planner, _ = planner_with(THREE, answer())
    pause = paused(await planner.run("q"))
    await planner.resume(pause.also[0].resume_token, "x")
    with pytest.raises(KeyError):
        await planner.resume(pause.also[0].resume_token, "x")
    finished(await planner.resume(pause.resume_token, "y"))


async def test_a_join_after_a_pausing_branch_is_skipped_and_says_why() -> None:
    bench = Bench()
    join = {"node": "join", "args": {}, "inject": {"results": "$results"}}
    planner, _ = planner_with(
        plan(call("ask", text="a"), call("echo", text="b"), join=join), answer(), bench=bench
    )
    pause = paused(await planner.run("q"))
    result = finished(await planner.resume(pause.resume_token, "x"))
    told = steps_of(result)[0]["observation"]["join"]
    assert (told["status"], told["reason"]) == ("skipped", "pause")
    assert bench.joins == []

"""Fault P8: of five tools at once one hangs, one pauses and one raises."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import Node, NodePolicy
from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Bench, Said, Store, Words, planner_with, steps_of
from tests.fakes.flows import loop_clock, settled
from tests.fakes.planner_tools import answer, call, finished, paused, plan


class Hanging:
    """A tool that never ends, and remembers that it was cancelled."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.cancelled = 0

    async def hang(self, args: Words, ctx: Any) -> Said:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise AssertionError

    def node(self, **policy: Any) -> Node:
        return Node(self.hang, name="hang", policy=NodePolicy(**policy))

    def tool(self) -> Any:
        async def hang(args: Words, ctx: Any) -> Said:
            return await self.hang(args, ctx)

        return tool(desc="never ends")(hang)


def only(task_names: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    return {task for task in asyncio.all_tasks() - task_names if task is not asyncio.current_task()}


async def test_p8_at_the_deadline_a_hanging_branch_is_cancelled_and_the_picture_is_complete() -> None:
    bench, hanging = Bench(), Hanging()
    before = asyncio.all_tasks()
    planner, _ = planner_with(
        plan(
            call("echo", text="a"),
            call("hang"),
            call("fail"),
            call("other", text="b"),
            call("echo", text="c"),
        ),
        catalog=[*bench.catalog(), hanging.tool()],
        deadline_s=10,
        time_source=loop_clock,
    )
    result = finished(await planner.run("q"))
    assert result.reason == "budget_exhausted"
    assert hanging.cancelled == 1
    branches = steps_of(result)[0]["observation"]["branches"]
    assert [branch["node"] for branch in branches] == ["echo", "hang", "fail", "other", "echo"]
    assert [("observation" in branch, "error" in branch) for branch in branches] == [
        (True, False), (False, True), (False, True), (True, False), (True, False),
    ]  # fmt: skip
    assert steps_of(result)[0]["observation"]["stats"] == {"success": 3, "failed": 2}
    await settled()
    assert only(before) == set()


async def test_p8_a_branch_with_its_own_time_limit_does_not_hold_up_the_others() -> None:
    bench, hanging = Bench(), Hanging()
    join = {
        "node": "join",
        "args": {},
        "inject": {"results": "$results", "failures": "$failures"},
        "on_failure": "partial",
    }
    planner, _ = planner_with(
        plan(call("echo"), call("hang"), call("fail"), join=join),
        answer("went on"),
        catalog=[*bench.catalog(), hanging.node(timeout_s=5, max_retries=0)],
    )
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "went on"
    (joined,) = bench.joins
    assert len(joined.results) == 1
    assert {failure["node"] for failure in joined.failures} == {"hang", "fail"}
    assert hanging.cancelled == 1


async def test_p8_a_pausing_branch_lets_the_others_finish_and_keeps_their_results() -> None:
    bench, store = Bench(), Store()
    planner, model = planner_with(
        plan(
            call("echo", text="a"),
            call("ask", text="?"),
            call("fail"),
            call("other", text="b"),
            call("echo", text="c"),
        ),
        answer("all known"),
        bench=bench,
        state_store=store,
    )
    pause = paused(await planner.run("q"))
    assert pause.payload == {"question": "?"}
    assert sorted(bench.done) == ["ask ?", "echo a", "echo c", "fail x", "other b"]
    result = finished(await planner.resume(pause.resume_token, "so"))
    branches = steps_of(result)[0]["observation"]["branches"]
    kinds = ["observation", "pause", "error", "observation", "observation"]
    assert [kind in branch for branch, kind in zip(branches, kinds, strict=True)] == [True] * 5
    assert len(bench.done) == 5
    assert len(model.planning) == 2


async def test_p8_all_three_at_once_leave_no_call_behind() -> None:
    bench, hanging, store = Bench(), Hanging(), Store()
    before = asyncio.all_tasks()
    planner, _ = planner_with(
        plan(call("echo"), call("hang"), call("ask", text="?"), call("fail"), call("other")),
        answer(),
        catalog=[*bench.catalog(), hanging.tool()],
        state_store=store,
        deadline_s=10,
        time_source=loop_clock,
    )
    started = loop_clock()
    result = await planner.run("q")
    assert loop_clock() - started == pytest.approx(10, abs=0.5)
    assert hanging.cancelled == 1
    await settled()
    assert only(before) == set()
    if hasattr(result, "metadata"):
        (step,) = steps_of(result)
    else:
        (step,) = store.record(paused(result).resume_token)["trajectory"]["steps"]
    branches = step["observation"]["branches"]
    assert [branch["node"] for branch in branches] == ["echo", "hang", "ask", "fail", "other"]
    assert all({"observation", "error", "pause"} & branch.keys() for branch in branches)


async def test_p8_cancelling_the_run_cancels_every_branch() -> None:
    first, second = Hanging(), Hanging()
    before = asyncio.all_tasks()

    @tool(desc="never ends either")
    async def wait(args: Words, ctx: Any) -> Said:
        return await second.hang(args, ctx)

    planner, _ = planner_with(
        plan(call("hang"), call("wait"), call("echo")), catalog=[*Bench().catalog(), first.tool(), wait]
    )
    run = asyncio.create_task(planner.run("q"))
    await first.started.wait()
    await second.started.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await settled()
    assert (first.cancelled, second.cancelled) == (1, 1)
    assert only(before) == set()


async def test_p8_a_tool_that_raises_cancelled_itself_is_a_failure_of_that_branch() -> None:
    @tool(desc="gives up")
    async def quit_it(args: Words, ctx: Any) -> Said:
        raise asyncio.CancelledError

    planner, _ = planner_with(
        plan(call("echo"), call("quit_it")), answer("went on"), catalog=[*Bench().catalog(), quit_it]
    )
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "went on"
    assert steps_of(result)[0]["observation"]["stats"] == {"success": 1, "failed": 1}

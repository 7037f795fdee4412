"""Every bound of a run, and how the run ends at it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner import ReactPlanner
from penguiflow.planner._loop.limits import Limits, Stop, hops_missing, verdict
from penguiflow.planner._loop.progress import Progress
from tests.fakes.planner_tools import Note, Saved, answer, call, finished, planner_for

LOOK = call("look", text="x")


@pytest.mark.parametrize(
    ("progress", "steps", "reason"),
    [
        (Progress(), 0, None),
        (Progress(), 7, None),
        (Progress(), 8, "no_path"),
        (Progress(hop_exhausted=True), 8, "budget_exhausted"),
        (Progress(hop_exhausted=True), 7, None),
        (Progress(deadline_passed=True), 0, "budget_exhausted"),
    ],
)
def test_when_a_run_must_stop(progress: Progress, steps: int, reason: str | None) -> None:
    stop = verdict(progress, Limits(), steps=steps)
    assert (stop.reason if isinstance(stop, Stop) else None) == reason


@pytest.mark.parametrize(
    ("budget", "used", "wanted", "missing"),
    [(None, 100, 9, False), (3, 2, 1, False), (3, 2, 2, True), (0, 0, 1, True)],
)
def test_when_hops_are_missing(budget: int | None, used: int, wanted: int, missing: bool) -> None:
    assert hops_missing(Progress(hops_used=used), Limits(hop_budget=budget), wanted) is missing


async def test_the_iteration_limit_ends_with_the_last_observation() -> None:
    planner, _ = planner_for(LOOK, max_iters=1)
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload) == ("no_path", {"stored": "seen x"})
    assert result.metadata["thought"] == "iteration limit reached"
    assert result.metadata["answer_quality"] == "none"


async def test_the_hop_budget_stops_tools_and_then_the_run() -> None:
    planner, llm = planner_for(LOOK, LOOK, LOOK, hop_budget=1, max_iters=3)
    result = finished(await planner.run("q"))
    assert result.reason == "budget_exhausted"
    assert result.metadata["constraints"]["hops_used"] == 1
    assert "limit=1" in json.loads(llm.received[2][-1]["content"])["error"]


async def test_after_the_hop_budget_the_model_may_still_answer() -> None:
    planner, _ = planner_for(LOOK, LOOK, answer(), hop_budget=1)
    result = finished(await planner.run("q"))
    assert result.reason == "answer_complete"
    assert result.metadata["constraints"]["hop_exhausted"] is True


async def test_a_budget_of_no_hops_allows_a_direct_answer() -> None:
    planner, _ = planner_for(answer(), hop_budget=0)
    assert finished(await planner.run("q")).metadata["constraints"]["hop_exhausted"] is False


async def test_the_deadline_is_checked_before_each_step() -> None:
    now = [0.0]

    @tool(desc="work")
    async def work(args: Note, ctx: Any) -> Saved:
        now[0] += 6
        return Saved(stored="worked")

    planner, _ = planner_for(
        *[call("work", text="x")] * 2, catalog=[work], deadline_s=10, time_source=lambda: now[0]
    )
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload) == ("budget_exhausted", {"stored": "worked"})
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert result.metadata["constraints"]["deadline_remaining_s"] == 0.0


async def test_the_deadline_ends_a_model_call_that_hangs() -> None:
    class Hanging(FunctionLLM):
        async def complete(self, **keywords: Any) -> Any:
            await asyncio.Event().wait()

    planner = ReactPlanner(llm_client=Hanging(lambda _: answer()), catalog=[], deadline_s=0.02)
    result = finished(await asyncio.wait_for(planner.run("q"), 5))
    assert (result.reason, result.payload) == ("budget_exhausted", None)
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert result.metadata["cost"]["cost_known"] is False


async def test_the_deadline_ends_a_tool_that_hangs() -> None:
    stopped = asyncio.Event()

    @tool(desc="hang")
    async def hang(args: Note, ctx: Any) -> Saved:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    planner, _ = planner_for(call("hang", text="x"), catalog=[hang], deadline_s=0.05)
    result = finished(await asyncio.wait_for(planner.run("q"), 5))
    assert result.reason == "budget_exhausted"
    assert "deadline" in result.metadata["steps"][0]["error"]
    assert stopped.is_set()


async def test_a_timeout_error_of_a_client_is_no_deadline() -> None:
    def slow(_: Any) -> Any:
        raise TimeoutError("the client's own")

    with pytest.raises(TimeoutError, match="own"):
        await ReactPlanner(llm_client=FunctionLLM(slow), catalog=[], deadline_s=60).run("q")


@pytest.mark.parametrize("wrong", [{"hop_budget": -1}, {"deadline_s": -0.1}, {"repair_attempts": 0}])
def test_a_limit_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        planner_for(**wrong)

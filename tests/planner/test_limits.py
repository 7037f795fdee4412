"""Every bound of a run, and how the run ends at it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.llm.usage import LLMReply
from penguiflow.planner import ReactPlanner
from penguiflow.planner._rules.limits import Limits, Stop, hops_missing, verdict
from penguiflow.planner._rules.progress import Progress
from penguiflow.planner.approvals import Approve, DecisionError, Edit, Reject, Respond
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.planner_tools import Note, Saved, answer, call, finished, paused, planner_for

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


LIMITS = {
    "max_iters": ({"max_iters": 1}, 1),
    "hop_budget": ({"hop_budget": 1}, 1),
    "cost_limit_usd": ({"cost_limit_usd": 0.1}, 0.1),
}


def _reply(number: int) -> LLMReply:
    return LLMReply(text=json.dumps(call("look", text=str(number))), cost_usd=0.1)


@pytest.mark.parametrize(("limit", "options", "allowed"), [(name, *rest) for name, rest in LIMITS.items()])
async def test_a_run_may_wait_at_a_limit_for_somebody_to_extend_it(
    limit: str, options: dict[str, Any], allowed: float
) -> None:
    replies = [_reply(n) for n in range(4)]
    planner, _ = planner_for(
        *replies, answer(), on_limit="pause", state_store=InMemoryStateStore(), **options
    )
    pause = paused(await planner.run("q"))
    assert pause.reason == "constraints_conflict"
    assert (pause.payload["limit"], pause.payload["allowed"], pause.payload["times_extended"]) == (
        limit,
        allowed,
        0,
    )
    again = paused(await planner.fork().resume(pause.resume_token, Approve()))
    assert (again.payload["limit"], again.payload["times_extended"]) == (limit, 1)
    ended = finished(await planner.resume(again.resume_token, Reject("enough")))
    assert ended.reason in ("budget_exhausted", "no_path")
    assert ended.metadata["answer_quality"] == "none"


async def test_a_deadline_may_be_extended_too() -> None:
    now = [0.0]

    @tool(desc="work")
    async def work(args: Note, ctx: Any) -> Saved:
        now[0] += 6
        return Saved(stored=args.text)

    planner, _ = planner_for(
        call("work", text="a"), call("work", text="b"), answer("done"),
        catalog=[work], deadline_s=5.0, time_source=lambda: now[0], on_limit="pause",
    )  # fmt: skip
    pause = paused(await planner.run("q"))
    assert pause.payload["limit"] == "deadline_s"
    again = paused(await planner.resume(pause.resume_token))
    assert finished(await planner.resume(again.resume_token)).payload["raw_answer"] == "done"


@pytest.mark.parametrize("said", ["perhaps", Respond("do what you like"), Edit({})])
async def test_what_is_neither_yes_nor_no_does_not_extend_a_limit(said: Any) -> None:
    planner, _ = planner_for(LOOK, answer("done"), max_iters=1, on_limit="pause")
    pause = paused(await planner.run("q"))
    with pytest.raises(DecisionError, match="approve"):
        await planner.resume(pause.resume_token, said)
    assert finished(await planner.resume(pause.resume_token, "go on")).payload["raw_answer"] == "done"


async def test_a_planner_that_may_not_pause_ends_at_its_limit() -> None:
    planner, _ = planner_for(LOOK, max_iters=1, on_limit="pause", pause_enabled=False)
    assert finished(await planner.run("q")).reason == "no_path"


async def test_the_same_call_with_the_same_outcome_ends_a_run() -> None:
    planner, llm = planner_for(*[LOOK] * 6, answer(), max_iters=10)
    result = finished(await planner.run("q"))
    assert (result.reason, len(llm.received)) == ("no_progress", 4)
    assert "3 times in a row" in result.metadata["error"]


async def test_a_call_whose_outcome_changes_is_progress() -> None:
    counted = iter(range(10))

    @tool(desc="look at the clock")
    async def clock(args: Note, ctx: Any) -> Saved:
        return Saved(stored=str(next(counted)))

    planner, _ = planner_for(*[call("clock", text="now")] * 6, answer("done"), catalog=[clock], max_iters=10)
    assert finished(await planner.run("q")).payload["raw_answer"] == "done"


async def test_a_limit_of_nothing_is_not_asked_about() -> None:
    planner, _ = planner_for(answer(), cost_limit_usd=0.0, on_limit="pause")
    assert finished(await planner.run("q")).reason == "budget_exhausted"

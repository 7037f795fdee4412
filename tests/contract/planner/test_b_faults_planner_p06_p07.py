"""Faults P6 and P7: resumes at once, by others, too late or forged, and stores that fail then."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.planner import (
    MemoryKey,
    PauseExpiredError,
    PauseNotSavedError,
    PauseOwnerError,
    PauseRecordError,
    PlannerFinish,
    ReactPlanner,
    ShortTermMemoryConfig,
    UnknownTokenError,
)
from penguiflow.planner.approvals import Approve
from tests.contract.planner.fakes_b import Bench, Model, Store, planner_with
from tests.fakes.planner_tools import answer, call, finished, paused
from tests.fakes.virtual_time import run_virtually


def resuming(store: Store, bench: Bench) -> ReactPlanner:
    return planner_with(*[answer("won")] * 9, bench=bench, state_store=store)[0]


@pytest.mark.parametrize("planners", [1, 4])
def test_p6_of_many_resumes_at_once_exactly_one_wins(planners: int) -> None:
    async def race() -> None:
        store, bench = Store(), Bench()
        first, _ = planner_with(call("erase", text="once"), bench=bench, state_store=store)
        token = paused(await first.run("q")).resume_token
        others = [resuming(store, bench) for _ in range(planners)]
        results = await asyncio.gather(
            *(others[n % planners].resume(token, Approve()) for n in range(4)), return_exceptions=True
        )
        assert sum(isinstance(result, PlannerFinish) for result in results) == 1
        assert sum(isinstance(result, UnknownTokenError) for result in results) == 3
        assert bench.done == ["erase once"]

    for seed in range(250):
        run_virtually(race(), seed=seed)


@pytest.mark.parametrize("token", ["0" * 32, "", "../../etc/passwd", "☃" * 32, "x" * 100_000, "' OR 1=1 --"])
async def test_p6_a_forged_token_is_a_typed_error(token: str) -> None:
    store, bench = Store(), Bench()
    planner, model = planner_with(call("ask"), answer(), bench=bench, state_store=store)
    pause = paused(await planner.run("q"))
    with pytest.raises(UnknownTokenError) as caught:
        await planner.resume(token, "go")
    assert len(str(caught.value)) < 500
    assert len(model.planning) == 1
    assert pause.resume_token in store.states


async def test_p6_a_token_with_one_other_letter_opens_nothing() -> None:
    planner, _ = planner_with(call("ask"), state_store=Store())
    token = paused(await planner.run("q")).resume_token
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    with pytest.raises(UnknownTokenError):
        await planner.resume(forged, "go")


async def test_p6_another_tenant_gets_nothing_and_costs_nothing() -> None:
    store = Store()
    config = ShortTermMemoryConfig(strategy="truncation")
    ours, theirs = (MemoryKey(tenant_id=name, user_id="u", session_id="s") for name in ("ours", "theirs"))
    first, _ = planner_with(call("ask"), state_store=store, short_term_memory=config)
    token = paused(await first.run("q", memory_key=ours)).resume_token
    second, model = planner_with(answer("mine"), state_store=store, short_term_memory=config)
    with pytest.raises(PauseOwnerError):
        await second.resume(token, "go", memory_key=theirs)
    assert model.asked == []
    assert finished(await second.resume(token, "go", memory_key=ours)).payload["raw_answer"] == "mine"


async def test_p6_an_expired_token_runs_nothing_in_another_process_either() -> None:
    store, bench = Store(), Bench()
    first, _ = planner_with(call("erase"), bench=bench, state_store=store, pause_ttl_s=1e-9)
    token = paused(await first.run("q")).resume_token
    await asyncio.sleep(1)
    second, model = planner_with(answer(), bench=bench, state_store=store)
    with pytest.raises(PauseExpiredError):
        await second.resume(token, Approve())
    assert (bench.done, model.asked) == ([], [])


async def test_p6_after_a_restart_the_run_goes_on_once() -> None:
    store, bench = Store(), Bench()
    first, _ = planner_with(call("erase", text="it"), bench=bench, state_store=store)
    token = paused(await first.run("q")).resume_token
    restarted = Store()
    restarted.states = json.loads(json.dumps(store.states))
    second = resuming(restarted, bench)
    assert finished(await second.resume(token, Approve())).payload["raw_answer"] == "won"
    assert bench.done == ["erase it"]
    with pytest.raises(UnknownTokenError):
        await second.resume(token, Approve())


OLDER: list[dict[str, Any]] = [
    {"unknown": "shape"},
    {"trajectory": None, "reason": "await_input", "payload": {}},
    {"trajectory": {}, "reason": "await_input", "payload": {}, "constraints": None, "tool_context": None},
    {"trajectory": {"query": "q", "steps": "none"}, "reason": "tired", "payload": 7},
    {"version": 0, "v": 0, "trajectory": {"query": "q", "steps": [{"nothing": 1}]}},
]


@pytest.mark.parametrize("record", OLDER)
async def test_p6_a_record_of_another_version_is_a_typed_error_and_stays(record: dict[str, Any]) -> None:
    store = Store()
    await store.save_planner_state("t" * 32, record)
    planner, model = planner_with(answer(), state_store=store)
    with pytest.raises(PauseRecordError):
        await planner.resume("t" * 32, "go")
    assert model.asked == []
    assert store.record("t" * 32) == record


class Down(Store):
    """A store that fails when it should save, before or after it did."""

    def __init__(self, *, after: bool = False) -> None:
        super().__init__()
        self.after = after

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        if self.after:
            await super().save_planner_state(token, payload)
        raise OSError("connection lost")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("reply", [call("ask"), call("erase")])
async def test_p7_without_a_saved_record_there_is_no_token(reply: Any, after: bool) -> None:
    bench = Bench()
    planner, _ = planner_with(reply, bench=bench, state_store=Down(after=after))
    with pytest.raises(PauseNotSavedError, match="connection lost") as caught:
        await planner.run("q")
    assert isinstance(caught.value.__cause__, OSError)
    assert "erase x" not in bench.done


async def test_p7_the_planner_goes_on_working_when_the_store_is_back() -> None:
    class Recovering(Store):
        down = True

        async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
            if self.down:
                raise OSError("connection lost")
            await super().save_planner_state(token, payload)

    store = Recovering()
    planner, _ = planner_with(model=Model(call("ask"), call("ask"), answer("back")), state_store=store)
    with pytest.raises(PauseNotSavedError):
        await planner.run("q")
    store.down = False
    pause = paused(await planner.run("q"))
    assert finished(await planner.resume(pause.resume_token, "go")).payload["raw_answer"] == "back"

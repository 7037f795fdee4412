"""Section 16: a token is good once, for its owner, for a while; and stores are duck-typed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow.planner import (
    MemoryKey,
    PauseExpiredError,
    PauseNotSavedError,
    PauseOwnerError,
    ShortTermMemoryConfig,
    UnknownTokenError,
)
from tests.contract.planner.fakes_b import Bench, Store, planner_with
from tests.fakes.planner_tools import answer, call, finished, paused


def a_store(kind: str) -> Any:
    return Store() if kind == "store" else None


both = pytest.mark.parametrize("kind", ["memory", "store"])


@both
async def test_an_unknown_token_is_a_key_error(kind: str) -> None:
    planner, _ = planner_with(state_store=a_store(kind))
    with pytest.raises(KeyError):
        await planner.resume("0" * 32, "go")
    with pytest.raises(UnknownTokenError):
        await planner.resume("0" * 32, "go")


@both
async def test_a_token_is_good_once(kind: str) -> None:
    planner, model = planner_with(call("ask"), answer("first"), answer("never"), state_store=a_store(kind))
    pause = paused(await planner.run("q"))
    finished(await planner.resume(pause.resume_token, "go"))
    with pytest.raises(UnknownTokenError):
        await planner.resume(pause.resume_token, "go")
    assert len(model.planning) == 2


async def test_a_token_used_by_one_planner_is_used_for_all() -> None:
    store = Store()
    planners = [planner_with(call("ask"), answer(), state_store=store)[0] for _ in range(2)]
    pause = paused(await planners[0].run("q"))
    second, _ = planner_with(answer(), state_store=store)
    finished(await second.resume(pause.resume_token, "go"))
    for planner in planners:
        with pytest.raises(KeyError):
            await planner.resume(pause.resume_token, "go")


async def test_the_record_leaves_the_store_with_the_resume() -> None:
    store = Store()
    planner, _ = planner_with(call("ask"), answer(), state_store=store)
    pause = paused(await planner.run("q"))
    assert pause.resume_token in store.states
    finished(await planner.resume(pause.resume_token, "go"))
    assert pause.resume_token not in store.states


@both
async def test_of_two_resumes_at_once_one_wins(kind: str) -> None:
    planner, model = planner_with(call("ask"), answer("won"), state_store=a_store(kind))
    pause = paused(await planner.run("q"))
    results = await asyncio.gather(
        planner.resume(pause.resume_token, "a"),
        planner.resume(pause.resume_token, "b"),
        return_exceptions=True,
    )
    won = [result for result in results if not isinstance(result, BaseException)]
    lost = [result for result in results if isinstance(result, BaseException)]
    assert [finished(result).payload["raw_answer"] for result in won] == ["won"]
    assert [type(error) for error in lost] == [UnknownTokenError]
    assert len(model.planning) == 2


@both
async def test_a_token_expires(kind: str) -> None:
    store = a_store(kind)
    planner, model = planner_with(call("ask"), answer(), state_store=store, pause_ttl_s=1e-9)
    pause = paused(await planner.run("q"))
    await asyncio.sleep(1)
    with pytest.raises(PauseExpiredError) as caught:
        await planner.resume(pause.resume_token, "go")
    assert isinstance(caught.value, KeyError)
    assert len(model.planning) == 1


@pytest.mark.parametrize("ttl", [{}, {"pause_ttl_s": None}, {"pause_ttl_s": 3600.0}])
async def test_a_token_is_good_for_a_while_or_for_ever(ttl: dict[str, Any]) -> None:
    planner, _ = planner_with(call("ask"), answer(), **ttl)
    pause = paused(await planner.run("q"))
    assert finished(await planner.resume(pause.resume_token, "go")).reason == "answer_complete"


@both
async def test_a_token_is_refused_to_another_owner_and_stays_good_for_its_own(kind: str) -> None:
    ours = MemoryKey(tenant_id="acme", user_id="u", session_id="s")
    theirs = MemoryKey(tenant_id="evil", user_id="u", session_id="s")
    planner, model = planner_with(
        call("ask"),
        answer("ours"),
        state_store=a_store(kind),
        short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
    )
    pause = paused(await planner.run("q", memory_key=ours))
    with pytest.raises(PauseOwnerError):
        await planner.resume(pause.resume_token, "go", memory_key=theirs)
    assert len(model.planning) == 1
    result = finished(await planner.resume(pause.resume_token, "go", memory_key=ours))
    assert result.payload["raw_answer"] == "ours"


async def test_without_a_saving_store_the_pause_fails_loudly() -> None:
    class Down(Store):
        async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
            raise OSError("disk full")

    bench = Bench()
    planner, _ = planner_with(call("ask"), bench=bench, state_store=Down())
    with pytest.raises(PauseNotSavedError) as caught:
        await planner.run("q")
    assert "disk full" in str(caught.value)


async def test_the_methods_of_a_store_may_be_plain_functions() -> None:
    class Plain:
        def __init__(self) -> None:
            self.states: dict[str, Any] = {}

        def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
            self.states[token] = payload

        def load_planner_state(self, token: str) -> dict[str, Any] | None:
            return self.states.pop(token, None)

    store = Plain()
    first, _ = planner_with(call("ask"), state_store=store)
    pause = paused(await first.run("q"))
    second, _ = planner_with(answer("plain"), state_store=store)
    assert finished(await second.resume(pause.resume_token, "go")).payload["raw_answer"] == "plain"


async def test_a_store_without_these_methods_leaves_the_pause_with_the_planner() -> None:
    planner, _ = planner_with(call("ask"), answer("kept"), state_store=object())
    pause = paused(await planner.run("q"))
    assert finished(await planner.resume(pause.resume_token, "go")).payload["raw_answer"] == "kept"


async def test_a_store_that_answers_with_an_empty_record_knows_no_such_token() -> None:
    class Empty(Store):
        async def load_planner_state(self, token: str) -> dict[str, Any] | None:
            return {}

    planner, _ = planner_with(state_store=Empty())
    with pytest.raises(UnknownTokenError):
        await planner.resume("0" * 32, "go")


async def test_a_store_that_cannot_read_is_a_key_error_that_names_the_cause() -> None:
    class Broken(Store):
        async def load_planner_state(self, token: str) -> dict[str, Any] | None:
            raise OSError("no such table")

    planner, _ = planner_with(state_store=Broken())
    with pytest.raises(KeyError, match="no such table"):
        await planner.resume("0" * 32, "go")

"""The desk that keeps paused runs, over every form of store: what stands under a token, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from penguiflow.planner import (
    PauseBusyError,
    PauseExpiredError,
    PauseNotSavedError,
    UnknownTokenError,
)
from penguiflow.planner._pauses.desk import PauseDesk
from penguiflow.planner._pauses.errors import PauseStoreError

RECORD = {"v": 2, "run_id": "r"}


class Removing:
    """Async; loading removes the record and gives an empty one when there is none."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    async def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
        self.texts[token] = json.dumps(record)

    async def load_planner_state(self, token: str) -> Any:
        return json.loads(self.texts.pop(token, "{}"))


class Peeking(Removing):
    async def peek_planner_state(self, token: str) -> Any:
        return json.loads(self.texts.get(token, "null"))


class Claiming(Peeking):
    """Turns a record into a claim in one step."""

    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        if not all(token in self.texts for token in tokens):
            return None
        records = [json.loads(self.texts.pop(token)) for token in tokens]
        self.texts[claim_key] = json.dumps({**records[-1], **fields})
        return {**records[-1], **fields}


class Keeping:
    """Not async; loading leaves the record where it is."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
        self.texts[token] = json.dumps(record)

    def load_planner_state(self, token: str) -> Any:
        return json.loads(self.texts.get(token, "null"))


class KeepingAndPeeking(Keeping):
    def peek_planner_state(self, token: str) -> Any:
        return self.load_planner_state(token)


FORMS: list[Callable[[], object | None]] = [
    Removing,
    Peeking,
    Claiming,
    Keeping,
    KeepingAndPeeking,
    lambda: None,
    object,
]
every_store = pytest.mark.parametrize(
    "make",
    FORMS,
    ids=["removing", "peeking", "claiming", "keeping", "keeping and peeking", "none", "no store"],
)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def desk_over(store: object | None, clock: Clock | None = None, ttl_s: float | None = 10) -> PauseDesk:
    numbers = count(1)
    return PauseDesk(store, lambda: f"token {next(numbers)}", ttl_s=ttl_s, clock=clock or Clock())


async def unknown(desk: PauseDesk, token: str) -> None:
    with pytest.raises(UnknownTokenError):
        await desk.look(token)
    with pytest.raises(UnknownTokenError):
        await desk.take(token, {"text": "late"})


@every_store
async def test_a_record_can_be_looked_at_often_and_taken_once(make: Callable[[], object | None]) -> None:
    desk = desk_over(make())
    (token,) = desk.new_tokens(1)
    await unknown(desk, token)
    await desk.put(RECORD, {"session": "live"}, new=[token])
    for _ in range(3):
        assert (await desk.look(token)).items() >= RECORD.items()
    assert desk.live_context(token) == {"session": "live"}
    taken = await desk.take(token, {"text": "yes"})
    assert taken.items() >= RECORD.items()
    await unknown(desk, token)
    await desk.release(token)
    await unknown(desk, token)
    assert desk.live_context(token) == {}


@every_store
async def test_what_was_taken_can_be_recovered_until_it_is_let_go(make: Callable[[], object | None]) -> None:
    desk = desk_over(make())
    (token,) = desk.new_tokens(1)
    await desk.put(RECORD, {}, new=[token])
    with pytest.raises(UnknownTokenError, match="still waits"):
        await desk.claimed(token)
    await desk.take(token, {"text": "yes"})
    for _ in range(2):
        record, said = await desk.claimed(token)
        assert (record["run_id"], said) == ("r", {"text": "yes"})
    await desk.keep_claimed(token, {**RECORD, "run_id": "further"}, {"text": None})
    record, said = await desk.claimed(token)
    assert (record["run_id"], said) == ("further", {"text": None})
    await desk.release(token)
    with pytest.raises(UnknownTokenError):
        await desk.claimed(token)


@every_store
async def test_the_tokens_of_one_step_are_answered_one_at_a_time(make: Callable[[], object | None]) -> None:
    desk = desk_over(make())
    first, second = desk.new_tokens(2)
    await desk.put(RECORD, {}, new=[first, second])
    taken = await desk.take(first, {"text": "1"})
    for answer in (desk.look(second), desk.take(second, {"text": "2"})):
        with pytest.raises(PauseBusyError):
            await answer
    await unknown(desk, first)
    await desk.put(
        {**RECORD, "run_id": "one answered"}, {}, new=[], open_before=[second], group=taken["group"]
    )
    await desk.release(first)
    assert (await desk.look(second))["run_id"] == "one answered"
    assert (await desk.take(second, {"text": "2"}))["run_id"] == "one answered"
    await desk.release(second)
    for token in (first, second):
        await unknown(desk, token)


@every_store
async def test_while_an_answer_is_broken_off_the_others_wait_for_its_recovery(
    make: Callable[[], object | None],
) -> None:
    desk = desk_over(make())
    first, second = desk.new_tokens(2)
    await desk.put(RECORD, {}, new=[first, second])
    await desk.take(first, {"text": "1"})
    record, _ = await desk.claimed(first)
    with pytest.raises(PauseBusyError):
        await desk.take(second, {"text": "2"})
    await desk.put(RECORD, {}, new=[], open_before=[second], group=record["group"])
    await desk.release(first)
    assert await desk.take(second, {"text": "2"})


@every_store
async def test_a_token_expires(make: Callable[[], object | None]) -> None:
    clock = Clock()
    desk = desk_over(make(), clock)
    (token,) = desk.new_tokens(1)
    await desk.put(RECORD, {}, new=[token])
    clock.now = 9.9
    await desk.look(token)
    clock.now = 10.0
    with pytest.raises(PauseExpiredError):
        await desk.take(token, {"text": "late"})
    with pytest.raises(UnknownTokenError):
        await desk.look(token)


@every_store
async def test_without_a_time_to_live_a_token_never_expires(make: Callable[[], object | None]) -> None:
    clock = Clock()
    desk = desk_over(make(), clock, ttl_s=None)
    (token,) = desk.new_tokens(1)
    await desk.put(RECORD, {}, new=[token])
    clock.now = 1e12
    assert await desk.take(token, {"text": "at last"})


@pytest.mark.parametrize("make", [Removing, Peeking, Claiming])
async def test_a_store_that_removes_holds_nothing_of_a_run_that_is_over(make: Callable[[], Removing]) -> None:
    store = make()
    desk = desk_over(store)
    first, second = desk.new_tokens(2)
    await desk.put(RECORD, {}, new=[first, second])
    taken = await desk.take(first, {"text": "1"})
    await desk.put(RECORD, {}, new=[], open_before=[second], group=taken["group"])
    await desk.release(first)
    await desk.take(second, {"text": "2"})
    await desk.release(second)
    assert store.texts == {}


@pytest.mark.parametrize("make", [Removing, Peeking, Claiming, Keeping, KeepingAndPeeking])
async def test_another_desk_over_the_store_goes_on(make: Callable[[], object]) -> None:
    store = make()
    before, after = desk_over(store), desk_over(store)
    (token,) = before.new_tokens(1)
    await before.put(RECORD, {"session": "live"}, new=[token])
    assert after.live_context(token) == {}
    assert (await after.take(token, {"text": "yes"}))["run_id"] == "r"
    await unknown(before, token)
    _, said = await before.claimed(token)
    assert said == {"text": "yes"}


async def test_a_store_that_fails_is_a_typed_error_in_each_direction() -> None:
    class Failing(Keeping):
        def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
            raise OSError("disk full")

    class Unreadable(Keeping):
        def load_planner_state(self, token: str) -> dict[str, Any] | None:
            raise OSError("no such table")

    with pytest.raises(PauseNotSavedError, match="disk full"):
        await desk_over(Failing()).put(RECORD, {}, new=["t"])
    with pytest.raises(PauseStoreError, match="no such table"):
        await desk_over(Unreadable()).look("t")


async def test_contexts_that_nobody_asks_for_any_more_are_forgotten() -> None:
    desk = desk_over(None)
    tokens = desk.new_tokens(1_000)
    for token in tokens:
        await desk.put(RECORD, {"n": token}, new=[token])
    kept = [token for token in tokens if desk.live_context(token)]
    assert 0 < len(kept) < 500
    assert kept[-1] == tokens[-1]


class Slow(Removing):
    """Waits before and after it does something."""

    async def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        await super().save_planner_state(token, record)
        await asyncio.sleep(0)

    async def load_planner_state(self, token: str) -> Any:
        await asyncio.sleep(0)
        record = await super().load_planner_state(token)
        await asyncio.sleep(0)
        return record

    async def peek_planner_state(self, token: str) -> Any:
        await asyncio.sleep(0)
        return json.loads(self.texts.get(token, "null"))


@pytest.mark.parametrize("tokens", [1, 2])
@pytest.mark.parametrize("steps", range(16))
async def test_an_answer_that_is_cancelled_at_any_moment_loses_no_run(tokens: int, steps: int) -> None:
    desk = desk_over(Slow())
    token, *others = desk.new_tokens(tokens)
    await desk.put(RECORD, {}, new=[token, *others])
    answering = asyncio.create_task(desk.take(token, {"text": "yes"}))
    for _ in range(steps):
        await asyncio.sleep(0)
    answering.cancel()
    await asyncio.wait([answering])
    assert asyncio.all_tasks() == {asyncio.current_task()}
    try:
        record = await desk.look(token)
    except UnknownTokenError:
        record, said = await desk.claimed(token)
        assert said == {"text": "yes"}
    assert record["run_id"] == "r"


class Full(Peeking):
    is_full = False

    async def save_planner_state(self, token: str, record: dict[str, Any]) -> None:
        if "claimed" in record and self.is_full:
            raise OSError("disk full")
        await super().save_planner_state(token, record)


class FullOfClaims(Claiming):
    is_full = False

    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        if self.is_full:
            raise OSError("disk full")
        return await super().claim_planner_state(tokens, claim_key, fields)


@pytest.mark.parametrize("tokens", [1, 2])
@pytest.mark.parametrize("make", [Full, FullOfClaims])
async def test_an_answer_that_cannot_be_kept_leaves_its_token_valid(
    tokens: int, make: Callable[[], Full | FullOfClaims]
) -> None:
    store = make()
    desk = desk_over(store)
    token, *others = desk.new_tokens(tokens)
    await desk.put(RECORD, {}, new=[token, *others])
    store.is_full = True
    with pytest.raises(OSError, match="disk full"):
        await desk.take(token, {"text": "yes"})
    store.is_full = False
    for each in (token, *others):
        assert (await desk.look(each))["run_id"] == "r"
    assert await desk.take(token, {"text": "yes"})


@pytest.mark.parametrize("tokens", [1, 2])
async def test_with_a_store_that_claims_an_answered_run_stands_somewhere_at_every_moment(tokens: int) -> None:
    class NeverLoading(Claiming):
        async def load_planner_state(self, token: str) -> Any:
            raise AssertionError(f"`{token}` was taken out before its claim was kept")

    store = NeverLoading()
    desk = desk_over(store)
    token, *others = desk.new_tokens(tokens)
    await desk.put(RECORD, {}, new=[token, *others])

    await desk.take(token, {"text": "yes"})

    assert len(store.texts) == 1 + len(others)


@pytest.mark.parametrize(("tokens", "refusal"), [(1, UnknownTokenError), (2, PauseBusyError)])
async def test_an_answer_that_comes_second_to_a_claiming_store_is_told_why(
    tokens: int, refusal: type[Exception]
) -> None:
    class Overtaken(Claiming):
        async def claim_planner_state(
            self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
        ) -> dict[str, Any] | None:
            await super().claim_planner_state(tokens[-1:], "somebody else's", {})
            return await super().claim_planner_state(tokens, claim_key, fields)

    store = Overtaken()
    desk = desk_over(store)
    token, *others = desk.new_tokens(tokens)
    await desk.put(RECORD, {}, new=[token, *others])

    with pytest.raises(refusal):
        await desk.take(token, {"text": "late"})

    assert [name for name in store.texts if name.endswith(".claim")] == []


async def test_a_store_that_cannot_forget_does_not_cost_the_end_of_a_run() -> None:
    class Stuck(Peeking):
        is_stuck = False

        async def load_planner_state(self, token: str) -> Any:
            if self.is_stuck:
                raise OSError("no such table")
            return await super().load_planner_state(token)

    store = Stuck()
    desk = desk_over(store)
    await desk.put(RECORD, {}, new=["t"])
    await desk.take("t", {"text": "yes"})
    store.is_stuck = True
    await desk.release("t")

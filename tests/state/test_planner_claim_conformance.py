"""What every `SupportsPlannerClaims` does: a record becomes a claim, or everything stays as it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from penguiflow.state import SupportsPlannerClaims, SupportsPlannerPeek, SupportsPlannerState
from penguiflow.state.errors import StoreError
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.postgres import PostgresStateStore
from penguiflow.state.sqlite import SqliteStateStore

Store = InMemoryStateStore | SqliteStateStore | PostgresStateStore


def test_the_stores_can_claim(store: Store) -> None:
    assert isinstance(store, SupportsPlannerClaims)
    assert isinstance(store, SupportsPlannerState)
    assert isinstance(store, SupportsPlannerPeek)


async def test_a_record_is_moved_to_its_claim_with_the_answer(store: Store) -> None:
    await store.save_planner_state("token", {"run_id": "r", "said": "ü\ud800"})

    claim = await store.claim_planner_state(["token"], "token.claim", {"claimed": {"text": "yes"}})

    assert claim == {"run_id": "r", "said": "ü\ud800", "claimed": {"text": "yes"}}
    assert await store.peek_planner_state("token") is None
    assert await store.peek_planner_state("token.claim") == claim


async def test_an_unknown_token_has_no_claim(store: Store) -> None:
    assert await store.claim_planner_state(["token"], "token.claim", {"claimed": {}}) is None

    assert await store.peek_planner_state("token.claim") is None


async def test_of_several_tokens_the_record_of_the_last_one_is_claimed(store: Store) -> None:
    await store.save_planner_state("token", {"group": "g"})
    await store.save_planner_state("other", {"group": "g"})
    await store.save_planner_state("g", {"run_id": "r"})

    claim = await store.claim_planner_state(["token", "g"], "token.claim", {"claimed": {}, "group": "g"})

    assert claim == {"run_id": "r", "claimed": {}, "group": "g"}
    assert [await store.peek_planner_state(name) for name in ("token", "g")] == [None, None]
    assert await store.peek_planner_state("other") == {"group": "g"}


@pytest.mark.parametrize("missing", ["token", "g"])
async def test_nothing_is_changed_when_one_of_several_is_missing(store: Store, missing: str) -> None:
    (present,) = {"token", "g"} - {missing}
    await store.save_planner_state(present, {"a": 1})

    assert await store.claim_planner_state(["token", "g"], "token.claim", {"claimed": {}}) is None

    assert await store.peek_planner_state(present) == {"a": 1}
    assert await store.peek_planner_state("token.claim") is None


async def test_nothing_is_changed_when_the_answer_is_no_json(store: Store) -> None:
    await store.save_planner_state("token", {"a": 1})

    with pytest.raises(StoreError, match=r"pause `token\.claim` cannot be stored"):
        await store.claim_planner_state(["token"], "token.claim", {"claimed": object()})

    assert await store.peek_planner_state("token") == {"a": 1}


async def test_a_claim_does_not_follow_later_changes(store: Store) -> None:
    await store.save_planner_state("token", {"steps": ["one"]})
    answer = {"text": "yes"}
    claim = await store.claim_planner_state(["token"], "token.claim", {"claimed": answer})
    assert claim is not None

    answer["text"] = "no"
    claim["steps"].append("two")

    assert await store.load_planner_state("token.claim") == {"steps": ["one"], "claimed": {"text": "yes"}}


async def test_of_many_who_claim_or_load_exactly_one_gets_the_record(store: Store) -> None:
    for number in range(50):
        token = f"token-{number}"
        await store.save_planner_state(token, {"round": number})

        taken = await asyncio.gather(
            *(store.claim_planner_state([token], f"claim-{each}", {"by": each}) for each in range(3)),
            store.load_planner_state(token),
        )

        assert [record["round"] for record in taken if record] == [number]


async def test_of_two_stores_on_one_file_one_claims(tmp_path: Path) -> None:
    store, other = [await SqliteStateStore.open(tmp_path / "history.sqlite3") for _ in range(2)]
    for number in range(50):
        token = f"token-{number}"
        await store.save_planner_state(token, {"round": number})

        taken = await asyncio.gather(
            store.claim_planner_state([token], f"{token}.claim", {"by": 1}),
            other.claim_planner_state([token], f"{token}.claim", {"by": 2}),
        )

        (claim,) = [record for record in taken if record]
        assert await store.peek_planner_state(f"{token}.claim") == claim
    await store.aclose()
    await other.aclose()

"""Section 20: a conversation that outlives its planner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow.planner import MemoryBudget, MemoryKey, ShortTermMemoryConfig
from penguiflow.planner.memory import DefaultShortTermMemory
from penguiflow.state import InMemoryStateStore
from tests.contract.planner.fakes_b import Model, Store, planner_with
from tests.fakes.flows import settled
from tests.fakes.planner_tools import answer, finished

KEY = MemoryKey(tenant_id="t", user_id="u", session_id="s")
STATE_KEYS = {"version", "health", "summary", "turns", "pending", "backlog", "config_snapshot"}


def config(strategy: Any = "truncation", **more: Any) -> ShortTermMemoryConfig:
    return ShortTermMemoryConfig(strategy=strategy, **more)


@pytest.mark.parametrize("store", [Store, InMemoryStateStore])
async def test_another_planner_with_the_same_store_goes_on(store: type[Any]) -> None:
    kept = store()
    first, _ = planner_with(answer("a1"), short_term_memory=config(), state_store=kept)
    await first.run("q1", memory_key=KEY)
    second, model = planner_with(answer("a2"), short_term_memory=config(), state_store=kept)
    await second.run("q2", memory_key=KEY)
    assert [turn["user"] for turn in model.planning[0].memory["recent_turns"]] == ["q1"]


async def test_the_state_is_stored_under_the_text_of_the_key_in_its_documented_form() -> None:
    store = Store()
    planner, _ = planner_with(answer("a1"), short_term_memory=config(), state_store=store)
    await planner.run("q1", memory_key=KEY)
    assert set(store.memories) == {KEY.composite()}
    state = json.loads(store.memories[KEY.composite()])
    assert state.keys() >= STATE_KEYS
    assert (state["version"], state["health"], len(state["turns"])) == (1, "healthy", 1)


async def test_two_planners_take_turns_in_one_conversation() -> None:
    store = Store()
    planners = [
        planner_with(answer(f"a{n}"), answer(f"b{n}"), short_term_memory=config(), state_store=store)
        for n in range(2)
    ]
    for n, (planner, _) in enumerate([planners[0], planners[1], planners[0], planners[1]]):
        await planner.run(f"q{n}", memory_key=KEY)
    last = planners[1][1].planning[-1].memory
    assert [turn["user"] for turn in last["recent_turns"]] == ["q0", "q1", "q2"]


async def test_a_store_without_the_methods_changes_nothing() -> None:
    planner, model = planner_with(
        answer("a1"), answer("a2"), short_term_memory=config(), state_store=object()
    )
    for n in range(2):
        await planner.run(f"q{n}", memory_key=KEY)
    assert len(model.planning[1].memory["recent_turns"]) == 1


async def test_nothing_is_stored_without_a_key() -> None:
    store = Store()
    planner, _ = planner_with(answer("a1"), short_term_memory=config(), state_store=store)
    await planner.run("q1")
    assert store.memories == {}


def rolling(*planning: Any, summaries: Any, store: Any = None) -> tuple[Any, Model]:
    model = Model(*planning, short_term_memory_summary=summaries)
    return planner_with(
        model=model,
        short_term_memory=config("rolling_summary", budget=MemoryBudget(full_zone_turns=1)),
        state_store=store,
    )


async def test_a_summary_made_in_the_background_is_stored_and_survives() -> None:
    store = Store()
    planner, model = rolling(
        *[answer(f"a{n}") for n in range(3)], summaries=[{"summary": "they spoke of q0"}], store=store
    )
    for n in range(2):
        await planner.run(f"q{n}", memory_key=KEY)
        await settled()
    assert "they spoke of q0" in json.loads(store.memories[KEY.composite()])["summary"]
    await planner.run("q2", memory_key=KEY)
    shown = model.planning[-1].memory
    assert "they spoke of q0" in shown["summary"]
    assert not shown.get("pending_turns")
    assert [turn["user"] for turn in shown["recent_turns"]] == ["q1"]


async def test_the_work_of_summarising_does_not_grow_with_the_conversation() -> None:
    turns_sent: list[int] = []

    def summarise(asked: Any) -> dict[str, str]:
        turns_sent.append(sum(f"question {n} " in asked.text for n in range(10)))
        return {"summary": "so far"}

    planner, _ = rolling(
        *[answer(f"a{n}") for n in range(8)], summaries=iter(lambda: summarise, None), store=Store()
    )
    for n in range(8):
        await planner.run(f"question {n} of many", memory_key=KEY)
        await settled()
    assert turns_sent == [1] * len(turns_sent)
    assert len(turns_sent) >= 6


async def test_a_memory_can_be_stored_and_read_back_by_hand() -> None:
    store = Store()
    planner, _ = planner_with(answer("a1"), short_term_memory=config(), state_store=store)
    await planner.run("q1", memory_key=KEY)
    memory = DefaultShortTermMemory(config=config())
    await memory.hydrate(store, KEY.composite())
    shown: Any = await memory.get_llm_context()
    assert "q1" in json.dumps(shown)
    await memory.persist(store, "copy")
    assert json.loads(store.memories["copy"])["turns"]


async def test_reading_a_memory_that_was_never_stored_leaves_it_empty() -> None:
    memory = DefaultShortTermMemory(config=config())
    await memory.hydrate(Store(), "nobody")
    await memory.hydrate(object(), "nobody")
    await memory.persist(object(), "nobody")
    assert memory.to_dict()["turns"] == []


@pytest.mark.parametrize("wrong", [{"version": 2}, {"version": 1, "health": "feverish"}])
def test_a_state_that_is_not_understood_is_refused(wrong: dict[str, Any]) -> None:
    memory = DefaultShortTermMemory(config=config())
    with pytest.raises(ValueError, match=r"version|health"):
        memory.from_dict({**memory.to_dict(), **wrong})


async def test_a_failing_store_does_not_cost_the_answer() -> None:
    class Down(Store):
        async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
            raise OSError("disk full")

    planner, _ = planner_with(answer("a1"), short_term_memory=config(), state_store=Down())
    assert finished(await planner.run("q1", memory_key=KEY)).payload["raw_answer"] == "a1"

"""Section 20: the summariser that the planner wires, its price and its callbacks."""

from __future__ import annotations

import asyncio
from itertools import repeat
from typing import Any

import pytest

from penguiflow.planner import MemoryBudget, MemoryKey, ShortTermMemoryConfig
from tests.contract.planner.fakes_b import Model, planner_with
from tests.fakes.flows import settled
from tests.fakes.planner_tools import answer, finished

KEY = MemoryKey(tenant_id="t", user_id="u", session_id="s")


def rolling(
    *planning: Any, summaries: Any = (), zone: int = 1, options: dict[str, Any] | None = None, **config: Any
) -> tuple[Any, Model]:
    model = Model(*planning, short_term_memory_summary=summaries)
    memory = ShortTermMemoryConfig(
        strategy="rolling_summary", budget=MemoryBudget(full_zone_turns=zone), **config
    )
    return planner_with(model=model, short_term_memory=memory, **options or {})


async def talk(planner: Any, turns: int) -> list[dict[str, Any]]:
    """Ask so many questions, and return the cost of each run."""
    costs: list[dict[str, Any]] = []
    for n in range(turns):
        costs.append(finished(await planner.run(f"q{n}", memory_key=KEY)).metadata["cost"])
        await settled()
    return costs


async def test_the_main_model_summarises_what_leaves_the_full_zone() -> None:
    planner, model = rolling(*[answer(f"a{n}") for n in range(3)], summaries=repeat({"summary": "about q0"}))
    await talk(planner, 3)
    first = model.of("short_term_memory_summary")[0]
    assert "q0" in first.text
    assert first.stream is False
    shown = model.planning[2].memory
    assert shown["summary"] == "<session_summary>about q0</session_summary>"
    assert [turn["user"] for turn in shown["recent_turns"]] == ["q1"]


async def test_a_summary_that_has_its_tags_keeps_them() -> None:
    wrapped = "<session_summary>about q0</session_summary>"
    planner, model = rolling(*[answer(f"a{n}") for n in range(3)], summaries=repeat({"summary": wrapped}))
    await talk(planner, 3)
    assert model.planning[2].memory["summary"] == wrapped


async def test_a_model_of_its_own_can_summarise() -> None:
    summariser = Model(short_term_memory_summary=repeat({"summary": "by another"}))
    planner, model = rolling(*[answer(f"a{n}") for n in range(3)], summarizer_model=summariser)
    await talk(planner, 3)
    assert summariser.asked
    assert model.of("short_term_memory_summary") == []
    assert "by another" in model.planning[2].memory["summary"]


async def test_the_next_summary_is_made_from_the_one_before() -> None:
    planner, model = rolling(
        *[answer(f"a{n}") for n in range(4)],
        summaries=[{"summary": "first summary"}, {"summary": "second summary"}, {"summary": "third"}],
    )
    await talk(planner, 4)
    second = model.of("short_term_memory_summary")[1]
    assert "first summary" in second.text
    assert "second summary" in model.planning[3].memory["summary"]


async def test_turns_that_wait_for_the_summary_are_shown_as_pending() -> None:
    async def never(_: Any) -> Any:
        await asyncio.Event().wait()

    planner, model = rolling(*[answer(f"a{n}") for n in range(3)], summaries=repeat(never))
    await talk(planner, 3)  # no answer waits for a summary
    shown = model.planning[2].memory
    assert [turn["user"] for turn in shown["pending_turns"]] == ["q0"]
    assert [turn["user"] for turn in shown["recent_turns"]] == ["q1"]
    assert not shown.get("summary")


async def test_after_too_many_failures_only_the_last_turns_are_shown() -> None:
    planner, model = rolling(
        *[answer(f"a{n}") for n in range(4)], summaries=repeat(ConnectionError("down")), retry_attempts=0
    )
    await talk(planner, 4)
    shown = model.planning[3].memory
    assert shown.keys() == {"recent_turns"}
    assert [turn["user"] for turn in shown["recent_turns"]] == ["q2"]


async def test_the_price_of_summaries_is_counted_under_the_summariser() -> None:
    planner, _ = rolling(
        *[(answer(f"a{n}"), 0.5) for n in range(4)], summaries=repeat(({"summary": "s"}, 0.125))
    )
    costs = await talk(planner, 4)
    counted = sum(cost["summarizer_llm_calls"] for cost in costs)
    assert counted >= 2, "the summaries made before the last run ended belong to some run"
    assert sum(cost["main_llm_calls"] for cost in costs) == 4
    assert sum(cost["total_cost_usd"] for cost in costs) == pytest.approx(4 * 0.5 + counted * 0.125)


async def test_asynchronous_callbacks_hear_of_turns_summaries_and_health() -> None:
    heard: list[tuple[Any, ...]] = []

    async def turn_added(turn: Any) -> None:
        heard.append(("turn", turn.user_message))

    async def summary_updated(old: str, new: str) -> None:
        heard.append(("summary", old, new))

    async def health_changed(old: Any, new: Any) -> None:
        heard.append(("health", str(getattr(old, "value", old)), str(getattr(new, "value", new))))

    planner, _ = rolling(
        *[answer(f"a{n}") for n in range(3)],
        summaries=[{"summary": "s1"}, ConnectionError("down"), ConnectionError("down")],
        retry_attempts=0,
        on_turn_added=turn_added,
        on_summary_updated=summary_updated,
        on_health_changed=health_changed,
    )
    await talk(planner, 3)
    assert [event for event in heard if event[0] == "turn"] == [("turn", f"q{n}") for n in range(3)]
    summaries = [event for event in heard if event[0] == "summary"]
    assert summaries[0][1] == ""
    assert "s1" in summaries[0][2]
    assert ("health", "healthy", "degraded") in heard


async def test_a_callback_that_fails_disturbs_nothing() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("no")

    planner, model = rolling(
        *[answer(f"a{n}") for n in range(3)],
        summaries=repeat({"summary": "s"}),
        on_turn_added=broken,
        on_summary_updated=broken,
        on_health_changed=broken,
    )
    await talk(planner, 3)
    assert "s" in model.planning[2].memory["summary"]

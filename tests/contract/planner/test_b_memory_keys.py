"""Section 20: whose memory a run uses, and when it uses none."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.planner import MemoryIsolation, MemoryKey, ReactPlanner, ShortTermMemoryConfig, memory
from tests.contract.planner.fakes_b import Model, planner_with
from tests.fakes.planner_tools import answer, finished

KEY = MemoryKey(tenant_id="t", user_id="u", session_id="s")


def remembering(turns: int, **config: Any) -> tuple[ReactPlanner, Model]:
    """Return a planner that answers `a1`, `a2` and so on."""
    config = {"strategy": "truncation", **config}
    return planner_with(
        *[answer(f"a{n}") for n in range(1, turns + 1)], short_term_memory=ShortTermMemoryConfig(**config)
    )


def answers_shown(model: Model, call: int = -1) -> list[str] | None:
    """Return what earlier answers a request shows, None when it shows no memory at all."""
    shown = model.planning[call].memory
    return None if shown is None else [turn["assistant"] for turn in shown["recent_turns"]]


def test_the_names_of_the_memory_stand_in_both_packages() -> None:
    for name in ("ShortTermMemoryConfig", "MemoryBudget", "MemoryKey", "MemoryIsolation"):
        assert getattr(memory, name) is getattr(__import__("penguiflow.planner", fromlist=[name]), name)


async def test_without_a_memory_nothing_is_shown() -> None:
    for options in (
        {},
        {"short_term_memory": ShortTermMemoryConfig(strategy="none")},
        {"short_term_memory": None},
    ):
        planner, model = planner_with(answer("a1"), answer("a2"), **options)
        for _ in range(2):
            await planner.run("q", memory_key=KEY, tool_context={"session_id": "s"})
        assert [asked.memory for asked in model.planning] == [None, None]


async def test_the_same_key_is_the_same_conversation() -> None:
    planner, model = remembering(2)
    await planner.run("q1", memory_key=KEY)
    await planner.run("q2", memory_key=MemoryKey(tenant_id="t", user_id="u", session_id="s"))
    assert answers_shown(model, 0) == []
    assert answers_shown(model, 1) == ["a1"]


@pytest.mark.parametrize("part", ["tenant_id", "user_id", "session_id"])
async def test_a_key_that_differs_in_one_part_is_another_conversation(part: str) -> None:
    planner, model = remembering(2)
    await planner.run("q", memory_key=KEY)
    parts = {"tenant_id": "t", "user_id": "u", "session_id": "s", part: "other"}
    await planner.run("q", memory_key=MemoryKey(**parts))
    assert answers_shown(model) == []


async def test_the_key_can_come_from_the_tool_context() -> None:
    planner, model = remembering(2)
    await planner.run("q", tool_context={"tenant_id": "t", "user_id": "u", "session_id": "s"})
    await planner.run("q", memory_key=KEY)
    assert answers_shown(model) == ["a1"]


async def test_an_explicit_key_wins_over_the_tool_context() -> None:
    planner, model = remembering(2)
    await planner.run("q", memory_key=KEY, tool_context={"session_id": "elsewhere"})
    await planner.run("q", memory_key=KEY)
    assert answers_shown(model) == ["a1"]


async def test_tenant_and_user_have_defaults() -> None:
    planner, model = remembering(2)
    await planner.run("q", tool_context={"session_id": "s"})
    await planner.run("q", memory_key=MemoryKey(tenant_id="default", user_id="anonymous", session_id="s"))
    assert answers_shown(model) == ["a1"]


async def test_the_parts_are_stripped() -> None:
    planner, model = remembering(2)
    await planner.run("q", tool_context={"tenant_id": " t", "user_id": "u ", "session_id": "  s  "})
    await planner.run("q", memory_key=KEY)
    assert answers_shown(model) == ["a1"]


async def test_the_places_in_the_tool_context_are_dotted_paths() -> None:
    isolation = MemoryIsolation(tenant_key="auth.tenant", user_key="auth.user.id", session_key="chat.id")
    planner, model = remembering(2, isolation=isolation)
    await planner.run("q", tool_context={"auth": {"tenant": "t", "user": {"id": "u"}}, "chat": {"id": "s"}})
    await planner.run("q", memory_key=KEY)
    assert answers_shown(model) == ["a1"]


NO_SESSION: list[Any] = [
    None,
    {},
    {"tenant_id": "t", "user_id": "u"},
    {"session_id": ""},
    {"session_id": "   "},
    {"session_id": None},
]


@pytest.mark.parametrize("context", NO_SESSION)
async def test_without_a_session_there_is_no_memory(context: Any) -> None:
    planner, model = remembering(2)
    for _ in range(2):
        assert finished(await planner.run("q", tool_context=context)).reason == "answer_complete"
    assert [asked.memory for asked in model.planning] == [None, None]


@pytest.mark.parametrize("context", NO_SESSION)
async def test_callers_without_a_key_never_share_a_memory(context: Any) -> None:
    planner, model = remembering(2, isolation=MemoryIsolation(require_explicit_key=False))
    for _ in range(2):
        await planner.run("q", tool_context=context)
    assert not answers_shown(model)


async def test_a_required_key_may_still_come_from_the_tool_context() -> None:
    planner, model = remembering(2, isolation=MemoryIsolation(require_explicit_key=True))
    for _ in range(2):
        await planner.run("q", tool_context={"session_id": "s"})
    assert answers_shown(model) == ["a1"]


def test_a_key_can_be_written_as_one_text() -> None:
    assert KEY.composite() == "t:u:s"


@pytest.mark.parametrize(
    ("one", "another"),
    [
        (("a:b", "c", "d"), ("a", "b:c", "d")),
        (("a", "b:c", "d"), ("a", "b", "c:d")),
        (("a:", "b", "c"), ("a", ":b", "c")),
        (("", "a:b", "c"), (":a", "b", "c")),
        (("a%3Ab", "c", "d"), ("a:b", "c", "d")),
        (("a\\:b", "c", "d"), ("a\\", "b:c", "d")),
    ],
)
def test_two_keys_never_have_the_same_text(one: tuple[str, ...], another: tuple[str, ...]) -> None:
    assert _key(one).composite() != _key(another).composite()


def _key(parts: tuple[str, ...]) -> MemoryKey:
    tenant, user, session = parts
    return MemoryKey(tenant_id=tenant, user_id=user, session_id=session)


async def test_a_colon_in_a_name_opens_no_other_conversation() -> None:
    planner, model = remembering(2)
    await planner.run("q", memory_key=_key(("a:b", "c", "d")))
    await planner.run("q", memory_key=_key(("a", "b:c", "d")))
    assert answers_shown(model) == []

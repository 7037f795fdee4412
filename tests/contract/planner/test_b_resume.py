"""Section 16: what a resumed run knows, and what it goes on counting."""

from __future__ import annotations

import pytest

from penguiflow.catalog import tool
from penguiflow.planner import MemoryKey, ShortTermMemoryConfig
from tests.contract.planner.fakes_b import (
    Bench,
    Said,
    Store,
    Words,
    constraints_of,
    planner_with,
    steps_of,
)
from tests.fakes.planner_tools import Heard, answer, call, finished, paused


async def test_what_the_person_said_stays_in_the_conversation() -> None:
    planner, model = planner_with(call("ask"), call("fail"), call("echo"), answer())
    pause = paused(await planner.run("q"))
    finished(await planner.resume(pause.resume_token, "the red one"))
    shown = [
        [m for m in asked.messages if m["role"] == "user" and m["content"].startswith("Resume input")]
        for asked in model.planning
    ]
    assert [len(messages) for messages in shown] == [0, 1, 1, 1]
    assert "the red one" in shown[1][0]["content"]
    assert model.planning[1].messages[-1]["content"].startswith("Resume input")


async def test_a_resume_without_words_adds_no_message() -> None:
    planner, model = planner_with(call("ask"), answer())
    pause = paused(await planner.run("q"))
    finished(await planner.resume(pause.resume_token))
    assert "Resume input" not in model.planning[1].text


@pytest.mark.parametrize(("said", "extra"), [("red", {"user_input": "red"}), ("", {}), (None, {})])
async def test_the_resume_is_told_with_what_was_said(said: str | None, extra: dict[str, str]) -> None:
    heard = Heard()
    planner, _ = planner_with(call("ask"), answer(), event_callback=heard)
    pause = paused(await planner.run("q"))
    await planner.resume(pause.resume_token, said)
    assert [dict(event.extra) for event in heard.of("resume")] == [extra]


class Contexts:
    """Keeps the tool contexts its tool saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

        @tool(desc="look at the context")
        async def look(args: Words, ctx: object) -> Said:
            self.seen.append(dict(ctx.tool_context))  # type: ignore[attr-defined]
            return Said(said="seen")

        self.tool = look


async def test_a_new_tool_context_replaces_the_old_one_entirely() -> None:
    contexts = Contexts()
    catalog = [*Bench().catalog(), contexts.tool]
    planner, _ = planner_with(call("ask"), call("look"), answer(), catalog=catalog)
    pause = paused(await planner.run("q", tool_context={"tenant": "acme", "old": 1}))
    await planner.resume(pause.resume_token, "go", tool_context={"tenant": "beta"})
    assert contexts.seen == [{"tenant": "beta"}]


async def test_without_a_new_tool_context_the_recorded_one_stays() -> None:
    contexts = Contexts()
    marker = object()
    planner, _ = planner_with(
        call("ask"), call("look"), answer(), catalog=[*Bench().catalog(), contexts.tool]
    )
    pause = paused(await planner.run("q", tool_context={"tenant": "acme", "object": marker}))
    await planner.resume(pause.resume_token, "go")
    assert contexts.seen == [{"tenant": "acme", "object": marker}]


async def test_without_any_tool_context_it_is_empty() -> None:
    contexts = Contexts()
    planner, _ = planner_with(
        call("ask"), call("look"), answer(), catalog=[*Bench().catalog(), contexts.tool]
    )
    pause = paused(await planner.run("q"))
    await planner.resume(pause.resume_token, "go")
    assert contexts.seen == [{}]


async def test_one_value_that_no_store_can_keep_does_not_cost_the_others() -> None:
    contexts, store = Contexts(), Store()
    catalog = [*Bench().catalog(), contexts.tool]
    first, _ = planner_with(call("ask"), catalog=catalog, state_store=store)
    pause = paused(await first.run("q", tool_context={"tenant": "acme", "object": object()}))
    second, _ = planner_with(call("look"), answer(), catalog=catalog, state_store=store)
    finished(await second.resume(pause.resume_token, "go"))
    assert contexts.seen == [{"tenant": "acme"}]


async def test_the_llm_context_and_the_steps_come_back_in_another_planner() -> None:
    store = Store()
    first, _ = planner_with(call("echo", text="one"), call("ask"), state_store=store)
    pause = paused(await first.run("the question", llm_context={"colour": "blue"}))
    second, model = planner_with(answer("done"), state_store=store)
    result = finished(await second.resume(pause.resume_token, "go"))
    assert [step["action"]["next_node"] for step in steps_of(result)] == ["echo", "ask"]
    assert result.metadata["llm_context"] == {"colour": "blue"}
    assert '"colour":"blue"' in model.planning[0].text
    assert "the question" in model.planning[0].text


@pytest.mark.parametrize("with_store", [False, True])
async def test_the_hop_budget_goes_on(with_store: bool) -> None:
    store = Store() if with_store else None
    script = [call("echo"), call("ask"), call("other"), answer()]
    planner, _ = planner_with(*script, hop_budget=2, state_store=store)
    pause = paused(await planner.run("q"))
    result = finished(await planner.resume(pause.resume_token, "go"))
    assert "Hop budget" in steps_of(result)[2]["error"]
    assert constraints_of(result)["hops_used"] == 2


async def test_the_deadline_goes_on_without_the_time_of_the_pause() -> None:
    now = [0.0]

    @tool(desc="takes three seconds")
    async def slow(args: Words, ctx: object) -> Said:
        now[0] += 3
        return Said(said="slow")

    catalog = [*Bench().catalog(), slow]
    planner, _ = planner_with(
        call("slow"),
        call("ask"),
        call("slow"),
        answer(),
        catalog=catalog,
        deadline_s=10,
        time_source=lambda: now[0],
    )
    pause = paused(await planner.run("q"))
    now[0] += 1_000
    result = finished(await planner.resume(pause.resume_token, "go"))
    assert result.reason == "answer_complete"
    assert constraints_of(result)["deadline_remaining_s"] == pytest.approx(4)


@pytest.mark.parametrize("other_planner", [False, True])
async def test_the_cost_goes_on(other_planner: bool) -> None:
    store = Store()
    planner, _ = planner_with((call("ask"), 0.25), (answer(), 0.5), state_store=store)
    pause = paused(await planner.run("q"))
    if other_planner:
        planner, _ = planner_with((answer(), 0.5), state_store=store)
    result = finished(await planner.resume(pause.resume_token, "go"))
    assert result.metadata["cost"]["total_cost_usd"] == pytest.approx(0.75)
    assert result.metadata["cost"]["main_llm_calls"] == 2


async def test_the_iteration_limit_goes_on() -> None:
    planner, model = planner_with(call("echo"), call("ask"), call("echo"), max_iters=3)
    pause = paused(await planner.run("q"))
    result = finished(await planner.resume(pause.resume_token, "go"))
    assert (result.reason, len(steps_of(result)), len(model.planning)) == ("no_path", 3, 3)


async def test_the_turn_of_a_paused_run_is_remembered_when_it_ends_with_its_own_question() -> None:
    key = MemoryKey(tenant_id="t", user_id="u", session_id="s")
    planner, model = planner_with(
        call("ask"),
        answer("the answer"),
        answer("next"),
        short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
    )
    pause = paused(await planner.run("the question", memory_key=key))
    finished(await planner.resume(pause.resume_token, "said in between", memory_key=key))
    finished(await planner.run("again", memory_key=key))
    turns = model.planning[2].memory["recent_turns"]
    assert [(turn["user"], turn["assistant"]) for turn in turns] == [("the question", "the answer")]


async def test_the_memory_is_shown_again_after_a_resume() -> None:
    key = MemoryKey(tenant_id="t", user_id="u", session_id="s")
    planner, model = planner_with(
        answer("blue"),
        call("ask"),
        answer("done"),
        short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
    )
    finished(await planner.run("what colour", memory_key=key))
    pause = paused(await planner.run("more", memory_key=key))
    finished(await planner.resume(pause.resume_token, "go", memory_key=key))
    for asked in model.planning[1:]:
        assert [turn["assistant"] for turn in asked.memory["recent_turns"]] == ["blue"]

"""Section 25: several runs of one planner at once, and tools that are called like opcodes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.planner import MemoryKey, ReactPlanner, ShortTermMemoryConfig
from tests.contract.planner.fakes_b import Bench, Model, Said, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, finished, paused, plan


class Conversing:
    """Calls echo twice with the question and then answers with it, whichever run asks."""

    def __init__(self) -> None:
        self.systems: set[str] = set()

    async def complete(self, *, messages: Any, response_format: Any = None) -> tuple[str, float]:
        self.systems.add(messages[0]["content"])
        await asyncio.sleep(0)
        question = next(m["content"] for m in messages if m["role"] == "user")
        name = json.loads(question)["query"]
        steps = sum(message["role"] == "assistant" for message in messages)
        reply = call("echo", text=f"{name} {steps}") if steps < 2 else answer(f"answer to {name}")
        return json.dumps(reply), 0.25


async def test_runs_at_the_same_time_do_not_see_each_other() -> None:
    model = Conversing()
    planner = ReactPlanner(llm_client=model, catalog=Bench().catalog(), hop_budget=2)
    names = [f"q{n}" for n in range(20)]
    results = [finished(r) for r in await asyncio.gather(*(planner.run(name) for name in names))]
    for name, result in zip(names, results, strict=True):
        assert result.payload["raw_answer"] == f"answer to {name}"
        assert [step["observation"]["said"] for step in steps_of(result)] == [f"{name} 0", f"{name} 1"]
        assert result.metadata["cost"]["main_llm_calls"] == 3
        assert result.metadata["cost"]["total_cost_usd"] == 0.75
        assert result.metadata["constraints"]["hops_used"] == 2
        assert result.metadata["answer_action_seq"] == 3
    assert len(model.systems) == 1


async def test_tool_contexts_of_runs_at_the_same_time_stay_apart() -> None:
    together = asyncio.Barrier(2)
    seen: dict[str, Any] = {}

    @tool(desc="looks")
    async def look(args: Words, ctx: Any) -> Said:
        mine = ctx.tool_context
        mine["written"] = args.text
        await together.wait()
        seen[args.text] = dict(mine)
        return Said(said="ok")

    planner, _ = planner_with(
        call("look", text="a"), call("look", text="b"), answer(), answer(), catalog=[look]
    )
    await asyncio.gather(
        planner.run("q", tool_context={"tenant": "A"}), planner.run("q", tool_context={"tenant": "B"})
    )
    assert {(context["tenant"], context["written"]) for context in seen.values()} in (
        {("A", "a"), ("B", "b")}, {("A", "b"), ("B", "a")},
    )  # fmt: skip


async def test_tools_of_one_run_share_its_context() -> None:
    @tool(desc="writes")
    async def write(args: Words, ctx: Any) -> Said:
        ctx.tool_context["note"] = "from write"
        return Said(said="ok")

    @tool(desc="reads")
    async def read(args: Words, ctx: Any) -> Said:
        return Said(said=str(ctx.tool_context.get("note")))

    planner, _ = planner_with(
        call("write"), call("read"), answer(), call("read"), answer(), catalog=[write, read]
    )
    mine = {"tenant": "A"}
    steps = steps_of(await planner.run("q", tool_context=mine))
    assert steps[1]["observation"] == {"said": "from write"}
    assert mine == {"tenant": "A"}
    assert steps_of(await planner.run("q"))[0]["observation"] == {"said": "None"}


async def test_pauses_of_runs_at_the_same_time_are_resumed_each_with_its_own_question() -> None:
    planner, _ = planner_with(*[call("ask")] * 3, *[answer(f"a{n}") for n in range(3)])
    pauses = [paused(p) for p in await asyncio.gather(*(planner.run(f"q{n}") for n in range(3)))]
    results = await asyncio.gather(*(planner.resume(p.resume_token, "go") for p in reversed(pauses)))
    assert len({finished(result).payload["raw_answer"] for result in results}) == 3


async def test_turns_of_one_conversation_at_the_same_time_are_all_kept() -> None:
    key = MemoryKey(tenant_id="t", user_id="u", session_id="s")
    planner, model = planner_with(
        *[answer(f"a{n}") for n in range(4)], short_term_memory=ShortTermMemoryConfig(strategy="truncation")
    )
    await asyncio.gather(*(planner.run(f"q{n}", memory_key=key) for n in range(3)))
    await planner.run("last", memory_key=key)
    assert {turn["user"] for turn in model.planning[-1].memory["recent_turns"]} == {"q0", "q1", "q2"}


async def test_troubles_of_one_run_do_not_change_the_prompt_of_the_next() -> None:
    planner, model = planner_with(
        model=Model(
            "no JSON", call("nowhere"), call("echo", text=7), {"next_node": "final_response", "args": {}},
            answer("fine"),
            json_object=[{"answer": "mended"}],
        )
    )  # fmt: skip
    await planner.run("first")
    await planner.run("second")
    systems = {asked.system for asked in model.planning}
    assert len(systems) == 1
    assert [m["role"] for m in model.planning[-1].messages] == ["system", "user"]


async def test_numbers_of_steps_start_again_with_every_run() -> None:
    heard = Heard()
    planner, _ = planner_with(call("echo"), answer(), answer(), event_callback=heard)
    await planner.run("first")
    await planner.run("second")
    assert [event.extra["action_seq"] for event in heard.of("step_start")] == [1, 2, 1]


def opcode_tool(name: str, ran: list[str], desc: str = "is called like an opcode") -> Any:
    async def function(args: Words, ctx: Any) -> Said:
        ran.append(f"{name} {args.text}")
        return Said(said=args.text)

    function.__name__ = name
    return tool(desc=desc)(function)


@pytest.mark.parametrize("name", ["parallel", "final_response"])
async def test_a_tool_called_like_an_opcode_is_shown_under_another_name_and_works(name: str) -> None:
    ran: list[str] = []
    planner, model = planner_with(
        call(f"{name}__tool", text="a"), answer("done"), catalog=[opcode_tool(name, ran)]
    )
    result = finished(await planner.run("q"))
    assert f"{name}__tool" in model.planning[0].system
    assert ran == [f"{name} a"]
    assert result.payload["raw_answer"] == "done"


async def test_the_opcode_itself_keeps_its_meaning() -> None:
    ran: list[str] = []
    planner, _ = planner_with(
        plan(call("echo"), call("parallel__tool", text="b")),
        answer(),
        catalog=[*Bench().catalog(), opcode_tool("parallel", ran)],
    )
    steps = steps_of(await planner.run("q"))
    assert ran == ["parallel b"]
    assert steps[0]["observation"]["stats"] == {"success": 2, "failed": 0}


async def test_the_other_name_steps_aside_for_a_tool_that_has_it() -> None:
    ran: list[str] = []
    planner, model = planner_with(
        call("parallel__tool_2", text="a"),
        call("parallel__tool", text="b"),
        answer(),
        catalog=[opcode_tool("parallel", ran), opcode_tool("parallel__tool", ran, "has the name already")],
    )
    await planner.run("q")
    assert "parallel__tool_2" in model.planning[0].system
    assert ran == ["parallel a", "parallel__tool b"]

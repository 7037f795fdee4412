"""Section 12: several tools at once, and what comes of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.catalog import tool
from tests.contract.planner.fakes_a import (
    Client,
    Echoed,
    Events,
    Text,
    Tools,
    both,
    end,
    ended,
    paused,
    planner_of,
    run,
    use,
)
from tests.fakes.flows import loop_clock


def timed(name: str, started: dict[str, float], seconds: float = 0.05) -> Any:
    async def wait(args: Text, ctx: Any) -> Echoed:
        started[name] = loop_clock()
        await asyncio.sleep(seconds)
        return Echoed(said=name)

    wait.__name__ = name
    return tool(desc=f"Waits {name}")(wait)


async def test_branches_run_together_and_a_join_after_them_in_less_than_two_waits() -> None:
    started: dict[str, float] = {}
    tools = Tools()
    catalog = [timed("a", started), timed("b", started), tools.named("echo")]
    before = loop_clock()
    await run(both(use("a"), use("b"), join={"node": "echo", "inject": {}}), end(), catalog=catalog)
    assert started["a"] == started["b"]
    assert loop_clock() - before < 0.1
    assert tools.calls == ["echo x"]


async def test_results_stand_in_the_order_of_the_plan() -> None:
    started: dict[str, float] = {}
    catalog = [timed("slow", started, 5.0), timed("quick", started, 0.1)]
    ran = await run(both(use("slow"), use("quick")), end(), catalog=catalog)
    branches = ran.steps[0]["observation"]["branches"]
    assert [branch["node"] for branch in branches] == ["slow", "quick"]


async def test_a_plan_is_one_step_with_branches_and_numbers() -> None:
    ran = await run(both(use("echo", text="a"), use("other", text="b")), end())
    (step,) = ran.steps
    assert step["error"] is None
    assert step["observation"] == {
        "branches": [
            {"node": "echo", "args": {"text": "a"}, "observation": {"said": "a"}},
            {"node": "other", "args": {"text": "b"}, "observation": {"said": "b"}},
        ],
        "stats": {"success": 2, "failed": 0},
    }
    assert ran.requests[1].last == {"observation": step["observation"]}


async def test_a_failing_branch_stands_beside_the_others() -> None:
    ran = await run(both(use("fail", text="a"), use("echo", text="b")), end())
    (step,) = ran.steps
    failed, fine = step["observation"]["branches"]
    assert (step["error"], step["observation"]["stats"]) == (None, {"success": 1, "failed": 1})
    assert "no such row" in failed["error"]
    assert failed["failure"].items() >= {
        "node": "fail", "args": {"text": "a"}, "error_code": "Repairable",
        "suggestion": "ask for another row",
    }.items()  # fmt: skip
    assert "observation" not in failed
    assert fine["observation"] == {"said": "b"}


async def test_the_same_tool_may_run_in_several_branches() -> None:
    tools = Tools()
    ran = await run(both(*[use("echo", text=str(n)) for n in range(3)]), end(), catalog=tools.all())
    assert sorted(tools.calls) == ["echo 0", "echo 1", "echo 2"]
    assert [b["observation"]["said"] for b in ran.steps[0]["observation"]["branches"]] == ["0", "1", "2"]


async def test_one_branch_is_a_plan_too() -> None:
    ran = await run(both(use("echo", text="a")), end())
    assert ran.steps[0]["observation"]["stats"] == {"success": 1, "failed": 0}


async def test_calls_of_branches_and_join_have_ids_of_their_own() -> None:
    join = {"node": "third", "inject": {}}
    ran = await run(use("echo"), both(use("echo"), use("other"), join=join), end())
    assert [event.extra["tool_call_id"] for event in ran.events.of("tool_call_start")][1:] == [
        "call_2_parallel_0", "call_2_parallel_1", "call_2_parallel_join",
    ]  # fmt: skip
    assert {event.extra["action_seq"] for event in ran.events.of("tool_call_result")[1:]} == {2}


async def test_the_result_of_a_failed_branch_is_told() -> None:
    ran = await run(both(use("fail"), use("echo")), end())
    told = {
        e.extra["tool_name"]: json.loads(e.extra["result_json"]) for e in ran.events.of("tool_call_result")
    }
    assert told["fail"].keys() == {"error", "failure"}
    assert told["echo"] == {"said": "x"}


async def test_a_plan_is_told_as_a_complete_step() -> None:
    ran = await run(both(use("echo"), use("other")), end())
    assert [event.trajectory_step for event in ran.events.of("step_complete")] == [0]


async def test_each_branch_and_an_executed_join_cost_a_hop() -> None:
    join = {"node": "third", "inject": {}}
    ran = await run(both(use("echo"), use("other"), join=join), end(), hop_budget=3)
    assert ran.result.metadata["constraints"]["hops_used"] == 3
    ran = await run(both(use("fail"), use("other"), join=join), end(), hop_budget=3)
    assert ran.result.metadata["constraints"]["hops_used"] == 2


def streaming(name: str) -> Any:
    async def stream(args: Text, ctx: Any) -> Echoed:
        await ctx.emit_chunk(f"stream of {name}", 0, f"from {name}")
        return Echoed(said=name)

    stream.__name__ = name
    return tool(desc=f"Streams {name}")(stream)


async def test_what_branches_and_join_emit_is_kept_on_the_step() -> None:
    catalog = [streaming("a"), streaming("b"), streaming("c")]
    ran = await run(both(use("a"), use("b"), join={"node": "c", "inject": {}}), end(), catalog=catalog)
    streams = ran.steps[0]["streams"]
    assert {name: [chunk["text"] for chunk in chunks] for name, chunks in streams.items()} == {
        "stream of a": ["from a"], "stream of b": ["from b"], "stream of c": ["from c"],
    }  # fmt: skip
    assert len(ran.events.of("stream_chunk")) == 3


JOIN = {"node": "third", "args": {}, "inject": {}}


async def test_a_pausing_branch_pauses_the_run() -> None:
    tools, events = Tools(), Events()
    client = Client(both(use("echo", text="a"), use("ask", text="why?"), join=JOIN), end("went on"))
    planner = planner_of(client, tools.all(), event_callback=events)
    pause = paused(await planner.run("q"))
    assert (pause.reason, pause.payload) == ("await_input", {"question": "why?"})
    assert pause.also == []

    result = ended(await planner.resume(pause.resume_token, "because"))
    assert result.payload["raw_answer"] == "went on"
    observation = result.metadata["steps"][0]["observation"]
    fine, asked = observation["branches"]
    assert fine["observation"] == {"said": "a"}
    assert asked["pause"] == {"reason": "await_input", "payload": {"question": "why?"}}
    assert tools.calls.count("echo a") == 1


async def test_a_join_after_a_pausing_branch_is_skipped() -> None:
    tools = Tools()
    client = Client(both(use("echo"), use("ask"), join=JOIN), end())
    planner = planner_of(client, tools.all())
    pause = paused(await planner.run("q"))
    result = ended(await planner.resume(pause.resume_token, "because"))
    join = result.metadata["steps"][0]["observation"]["join"]
    assert join.items() >= {"node": "third", "status": "skipped", "reason": "pause"}.items()
    assert "third x" not in tools.calls


async def test_a_pausing_join_pauses_the_run() -> None:
    tools = Tools()
    join = {"node": "ask", "args": {"text": "sum?"}, "inject": {}}
    client = Client(both(use("echo"), use("other"), join=join), end("went on"))
    planner = planner_of(client, tools.all())
    pause = paused(await planner.run("q"))
    assert (pause.reason, pause.payload) == ("await_input", {"question": "sum?"})
    result = ended(await planner.resume(pause.resume_token, "7"))
    assert result.payload["raw_answer"] == "went on"
    assert tools.calls.count("echo x") == 1


@pytest.mark.parametrize("form", ["unified", "legacy"])
async def test_both_forms_of_a_plan_run(form: str) -> None:
    tools = Tools()
    branches = [{"node": "echo", "args": {"text": "a"}}, {"node": "other"}]
    legacy = {"thought": "t", "next_node": None, "args": None, "plan": branches}
    unified = {"next_node": "parallel", "args": {"steps": branches}}
    ran = await run(legacy if form == "legacy" else unified, end(), catalog=tools.all())
    assert ran.steps[0]["observation"]["stats"] == {"success": 2, "failed": 0}
    assert sorted(tools.calls) == ["echo a", "other x"]

"""Whatever a tool is called, gives or does, the run goes on and its end can be stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from penguiflow.catalog import build_catalog, tool
from penguiflow.node import Node
from penguiflow.planner import PlannerFinish
from tests.fakes.planner_tools import Note, Saved, answer, call, finished, paused, plan, planner_for

Work = Callable[[Any], Awaitable[Any]]


async def run_with(work: Work, *, branches: int = 1) -> tuple[PlannerFinish, dict[str, Any]]:
    """Run a tool that does this, alone or as branches of a plan; return the end and what the model read."""

    @tool(desc="odd")
    async def odd(args: Note, ctx: Any) -> Saved:
        return await work(ctx)

    calls = [call("odd", text=str(number)) for number in range(branches)]
    planner, llm = planner_for(calls[0] if branches == 1 else plan(*calls), answer(), catalog=[odd])
    result = finished(await planner.run("q"))
    json.dumps(result.metadata)
    return result, json.loads(llm.received[1][-1]["content"])


@pytest.mark.parametrize("name", ["parallel", "final_response", "task.tool", "plan", "task"])
async def test_a_tool_called_like_an_action_is_shown_by_another_name_and_runs(name: str) -> None:
    async def work(args: Note, ctx: Any) -> Saved:
        return Saved(stored=args.text)

    catalog = build_catalog([Node(work, name=name)])
    planner, llm = planner_for(call(f"{name}__tool", text="x"), answer(), catalog=catalog)
    result = finished(await planner.run("q"))
    assert f"- {name}__tool " in llm.received[0][0]["content"]
    assert result.metadata["steps"][0]["observation"] == {"stored": "x"}


async def test_what_comes_with_a_chunk_is_kept_as_json() -> None:
    async def work(ctx: Any) -> Saved:
        await ctx.emit_chunk("s", 2, "second", meta={"lock": asyncio.Lock(), 1: (1, 2)})
        await ctx.emit_chunk("s", "1", "first")
        await ctx.emit_artifact("a", {"rows": {3}}, meta={"at": object})
        return Saved(stored="")

    result, _ = await run_with(work)
    streams = result.metadata["steps"][0]["streams"]
    assert [(chunk["seq"], chunk["text"]) for chunk in streams["s"]] == [(1, "first"), (2, "second")]
    assert streams["s"][1]["meta"]["1"] == [1, 2]
    assert streams["a"][0]["chunk"] == {"rows": [3]}


async def test_a_chunk_without_a_place_is_the_tools_error() -> None:
    async def work(ctx: Any) -> Saved:
        await ctx.emit_chunk("s", "somewhere", "text")
        return Saved(stored="")

    _, read = await run_with(work)
    assert read["failure"]["error_code"] == "ValueError"


async def test_a_pause_is_shown_as_a_store_gives_it_back() -> None:
    @tool(desc="asks")
    async def asks(args: Note, ctx: Any) -> Saved:
        await ctx.pause("await_input", {1: ("a", "b")})
        raise AssertionError

    planner, _ = planner_for(call("asks", text="x"), answer(), catalog=[asks])
    pause = paused(await planner.run("q"))
    assert pause.payload == {"1": ["a", "b"]}
    finished(await planner.resume(pause.resume_token, "go on"))


async def test_a_branch_that_cancels_itself_is_a_failed_branch() -> None:
    async def work(ctx: Any) -> Saved:
        task = asyncio.current_task()
        if task is not None and ctx.idempotency_key.endswith("_0"):
            task.cancel()
        await asyncio.sleep(0)
        return Saved(stored="done")

    result, _ = await run_with(work, branches=2)
    first, second = result.metadata["steps"][0]["observation"]["branches"]
    assert first["failure"]["error_code"] == "CancelledError"
    assert second["observation"] == {"stored": "done"}


async def test_a_group_of_what_tools_raise_is_a_failure_of_the_tool() -> None:
    async def work(ctx: Any) -> Saved:
        raise BaseExceptionGroup("several", [ValueError("one"), asyncio.CancelledError()])

    _, read = await run_with(work)
    assert read["failure"]["error_code"] == "BaseExceptionGroup"


async def test_what_is_no_error_of_a_tool_leaves_the_run_at_once() -> None:
    class Ending(BaseException):
        pass

    async def work(ctx: Any) -> Saved:
        raise BaseExceptionGroup("several", [ValueError("one"), Ending()])

    with pytest.raises(BaseExceptionGroup):
        await run_with(work)


async def test_a_text_that_is_no_unicode_is_read_repaired() -> None:
    async def work(ctx: Any) -> Saved:
        return Saved(stored="file\udc80name")

    _, read = await run_with(work)
    assert read == {"observation": {"stored": "file\ufffdname"}}


async def test_an_error_whose_words_cannot_be_had_or_sent_is_still_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    async def silent(ctx: Any) -> Saved:
        raise Mute

    async def garbled(ctx: Any) -> Saved:
        raise OSError("no such file: a\udc80")

    _, read = await run_with(silent)
    assert read["failure"]["message"] == "Mute"
    result, read = await run_with(garbled)
    assert read["failure"]["message"] == "no such file: a\ufffd"
    result.model_dump_json()

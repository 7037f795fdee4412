"""Text of the model while it arrives, and output of tools while they run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.planner import ReactPlanner, observe_runs
from tests.fakes.planner_tools import Heard, Note, Notebook, Saved, answer, call, finished, planner_for


async def test_thought_and_answer_stream_to_a_watching_session() -> None:
    heard = Heard()
    planner, _ = planner_for(
        call("look", "first look", text="secret argument"), answer('Two lines:\n"ä" and 🐧')
    )
    with observe_runs(heard):
        result = finished(await planner.run("q"))
    assert heard.text("answer") == result.payload["raw_answer"] == 'Two lines:\n"ä" and 🐧'
    assert heard.text("thinking") == "first lookenough"
    chunks = [event for event in heard.of("llm_stream_chunk") if event.extra["channel"] == "answer"]
    assert len(chunks) > 2
    assert [chunk.extra["done"] for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert all(chunk.extra["action_seq"] == 2 for chunk in chunks)
    assert "secret argument" not in heard.text("answer") + heard.text("thinking")


async def test_without_a_watcher_a_client_streams_only_when_the_planner_is_told_so() -> None:
    asked: list[bool] = []

    class Watching(ScriptedLLM):
        async def complete(self, *, stream: bool = False, **keywords: Any) -> Any:
            asked.append(stream)
            return await super().complete(stream=stream, **keywords)

    for told in (False, True):
        await ReactPlanner(llm_client=Watching([answer()]), catalog=[], stream_final_response=told).run("q")
    assert asked == [False, True]


async def test_a_repaired_reply_does_not_show_a_text_twice() -> None:
    heard = Heard()
    half = json.dumps(answer("the whole answer"))[:-4]
    planner, _ = planner_for(
        half, answer("the whole answer"), event_callback=heard, stream_final_response=True
    )
    finished(await planner.run("q"))
    assert "the whole answer".startswith(heard.text("answer"))
    assert len(heard.text("answer")) > 5


async def test_a_client_that_cannot_stream_is_not_asked_to() -> None:
    class Plain:
        async def complete(self, *, messages: Any, response_format: Any = None) -> str:
            return json.dumps(answer("quiet"))

    heard = Heard()
    planner = ReactPlanner(llm_client=Plain(), catalog=[], stream_final_response=True, event_callback=heard)
    assert finished(await planner.run("q")).payload["raw_answer"] == "quiet"
    assert heard.text("answer") == ""


async def test_chunks_of_a_tool_are_told_and_kept_in_order() -> None:
    @tool(desc="stream")
    async def stream(args: Note, ctx: Any) -> Saved:
        await ctx.emit_chunk("words", 1, "two", done=True, meta={"channel": "answer"})
        await ctx.emit_chunk("words", 0, "one ")
        await ctx.emit_artifact("chart", {"x": 1})
        await ctx.emit_artifact("chart", object(), done=True, artifact_type="opaque")
        return Saved(stored="ok")

    heard = Heard()
    planner, _ = planner_for(call("stream", text="x"), answer(), catalog=[stream], event_callback=heard)
    streams = finished(await planner.run("q")).metadata["steps"][0]["streams"]
    assert [(chunk["seq"], chunk["text"], chunk["done"]) for chunk in streams["words"]] == [
        (0, "one ", False), (1, "two", True)
    ]  # fmt: skip
    assert streams["words"][0]["meta"] == {"channel": "thinking"}
    assert [(chunk["seq"], chunk["artifact_type"]) for chunk in streams["chart"]] == [
        (0, "dict"),
        (1, "opaque"),
    ]
    assert [event.extra["text"] for event in heard.of("stream_chunk")] == ["two", "one "]
    assert len(heard.of("artifact_chunk")) == 2
    json.dumps(streams)


@pytest.mark.parametrize("fails", [False, True])
async def test_chunks_of_a_tool_that_fails_are_kept_too(fails: bool) -> None:
    @tool(desc="stream")
    async def stream(args: Note, ctx: Any) -> Saved:
        await ctx.emit_chunk("words", 0, "before")
        if fails:
            raise RuntimeError
        return Saved(stored="")

    planner, _ = planner_for(call("stream", text="x"), answer(), catalog=[stream])
    step = finished(await planner.run("q")).metadata["steps"][0]
    assert step["streams"]["words"][0]["text"] == "before"
    assert (step["error"] is not None) is fails


async def test_two_sessions_hear_only_their_own_runs() -> None:
    first, second = Heard(), Heard()
    planner, _ = planner_for(answer("1"), answer("2"), notebook=Notebook())
    with observe_runs(first):
        await planner.run("q")
    with observe_runs(second):
        await planner.run("q")
    assert (first.text("answer"), second.text("answer")) == ("1", "2")

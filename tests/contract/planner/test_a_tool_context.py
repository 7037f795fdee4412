"""Section 10: what a tool may use while it runs."""

from __future__ import annotations

import datetime
import json
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import ArtifactScope, InMemoryArtifactStore
from penguiflow.catalog import tool
from penguiflow.planner import PlannerFinish
from tests.contract.planner.fakes_a import Client, Echoed, Events, Text, both, end, ended, planner_of, use

Body = Callable[[Any], Awaitable[None]]


def doing(body: Body, name: str = "do") -> Any:
    async def do(args: Text, ctx: Any) -> Echoed:
        await body(ctx)
        return Echoed(said="ok")

    do.__name__ = name
    return tool(desc="Does something")(do)


async def within(
    body: Body, *, calls: int = 1, planner: dict[str, Any] | None = None, **contexts: Any
) -> PlannerFinish:
    """Run a tool that does this, and see that it did not fail."""
    client = Client(*[use("do", text=str(n)) for n in range(calls)], end())
    result = ended(await planner_of(client, [doing(body)], **planner or {}).run("q", **contexts))
    assert [step["error"] for step in result.metadata["steps"]] == [None] * calls
    return result


async def test_the_context_of_the_model_is_there_and_read_only() -> None:
    given = {"a": {"b": 1}}

    async def body(ctx: Any) -> None:
        assert dict(ctx.llm_context) == given
        with pytest.raises(TypeError):
            ctx.llm_context["a"] = 2

    await within(body, llm_context=given)


async def test_without_a_context_of_the_model_it_is_empty() -> None:
    async def body(ctx: Any) -> None:
        assert dict(ctx.llm_context) == {}
        assert ctx.tool_context == {}

    await within(body)


async def test_the_conversation_memory_is_part_of_it() -> None:
    memory: dict[str, Any] = {"recent_turns": []}

    async def body(ctx: Any) -> None:
        assert ctx.llm_context["conversation_memory"] == memory

    await within(body, llm_context={"conversation_memory": memory})


async def test_objects_for_tools_keep_their_identity() -> None:
    handle = object()

    async def body(ctx: Any) -> None:
        assert type(ctx.tool_context) is dict
        assert ctx.tool_context["handle"] is handle

    await within(body, tool_context={"handle": handle})


async def test_the_tools_of_a_run_share_one_dict_and_other_runs_do_not() -> None:
    given = {"count": 0}
    seen: list[int] = []

    async def body(ctx: Any) -> None:
        seen.append(ctx.tool_context["count"])
        ctx.tool_context["count"] += 1

    await within(body, calls=3, tool_context=given)
    await within(body, tool_context=given)
    assert seen == [0, 1, 2, 0]
    assert given == {"count": 0}


async def test_branches_share_it_too() -> None:
    seen: list[Any] = []

    async def body(ctx: Any) -> None:
        ctx.tool_context.setdefault("order", []).append(len(seen))
        seen.append(ctx.tool_context["order"])

    client = Client(both(use("do"), use("do_too")), end())
    planner = planner_of(client, [doing(body), doing(body, "do_too")])
    await planner.run("q", tool_context={"x": 1})
    assert seen[0] is seen[1]
    assert len(seen[0]) == 2


async def test_what_tools_may_use_is_never_shown() -> None:
    async def body(ctx: Any) -> None: ...

    client = Client(use("do"), end())
    planner = planner_of(client, [doing(body)])
    result = ended(await planner.run("q", tool_context={"api_key": "s3cr3t"}))
    assert result.metadata["tool_context"] == {}
    assert "s3cr3t" not in json.dumps(result.metadata)
    assert all("s3cr3t" not in request.text for request in client.requests)


async def test_the_old_mapping_of_both_contexts_warns_once_and_works() -> None:
    async def body(ctx: Any) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert (ctx.meta["only_tool"], ctx.meta["only_llm"], ctx.meta["both"]) == (1, 2, "tool")
        assert [w.category for w in caught] == [DeprecationWarning]

    await within(
        body, llm_context={"only_llm": 2, "both": "llm"}, tool_context={"only_tool": 1, "both": "tool"}
    )


async def test_each_call_has_a_warning_of_its_own() -> None:
    counts: list[int] = []

    async def body(ctx: Any) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert dict(ctx.meta) == {}
            assert dict(ctx.meta) == {}
        counts.append(len(caught))

    await within(body, calls=2)
    assert counts == [1, 1]


async def test_artifacts_can_be_put_found_and_deleted() -> None:
    store, events = InMemoryArtifactStore(), Events()

    async def body(ctx: Any) -> None:
        text = await ctx.artifacts.put_text("words", filename="a.txt", namespace="notes")
        data = await ctx.artifacts.put_bytes(b"data", mime_type="image/png")
        assert await ctx.artifacts.get(text.id) == b"words"
        assert (await ctx.artifacts.get_ref(data.id)).mime_type == "image/png"
        assert await ctx.artifacts.exists(text.id)
        assert await ctx.artifacts.delete(text.id)
        assert not await ctx.artifacts.exists(text.id)
        assert data.scope is not None
        assert data.scope.session_id == "s-1"

    options = {"artifact_store": store, "event_callback": events}
    await within(body, planner=options, tool_context={"session_id": "s-1"})
    first, second = events.of("artifact_stored")
    assert (first.extra["artifact_filename"], first.extra["size_bytes"]) == ("a.txt", 5)
    assert first.extra["source"]["namespace"] == "notes"
    assert (second.extra["mime_type"], second.extra["size_bytes"]) == ("image/png", 4)
    assert store.count == 1


async def test_a_scope_that_was_given_is_kept() -> None:
    async def body(ctx: Any) -> None:
        ref = await ctx.artifacts.put_text("words", scope=ArtifactScope(session_id="mine"))
        assert ref.scope.session_id == "mine"

    options = {"artifact_store": InMemoryArtifactStore()}
    await within(body, planner=options, tool_context={"session_id": "s-1"})


async def streams(body: Body, calls: int = 1) -> list[dict[str, Any]]:
    result = await within(body, calls=calls)
    return [step["streams"] for step in result.metadata["steps"]]


async def test_a_chunk_is_kept_and_has_a_channel() -> None:
    async def body(ctx: Any) -> None:
        await ctx.emit_chunk("s", 0, "one")
        await ctx.emit_chunk("s", 1, "two", done=True, meta={"channel": "answer", "n": 1})

    ((one, two),) = [step["s"] for step in await streams(body)]
    assert (one["seq"], one["text"], one["done"], one["meta"]) == (0, "one", False, {"channel": "thinking"})
    assert (two["seq"], two["text"], two["done"]) == (1, "two", True)
    assert two["meta"] == {"channel": "answer", "n": 1}


class Point(BaseModel):
    x: int
    day: datetime.date = datetime.date(2026, 1, 2)


async def test_artifact_chunks_are_numbered_per_stream_and_call() -> None:
    async def body(ctx: Any) -> None:
        await ctx.emit_artifact("chart", {"x": 1})
        await ctx.emit_artifact("table", [1])
        await ctx.emit_artifact("chart", {"x": 2}, done=True)

    for step in await streams(body, calls=2):
        assert [chunk["seq"] for chunk in step["chart"]] == [0, 1]
        assert [chunk["seq"] for chunk in step["table"]] == [0]
        assert [chunk["done"] for chunk in step["chart"]] == [False, True]


@pytest.mark.parametrize(
    ("chunk", "options", "kind", "kept"),
    [
        ({"x": 1}, {}, "dict", {"x": 1}),
        ("text", {}, "str", "text"),
        (Point(x=1), {}, "Point", {"x": 1, "day": "2026-01-02"}),
        ({"x": 1}, {"artifact_type": "plot"}, "plot", {"x": 1}),
        ([Point(x=1)], {}, "list", [{"x": 1, "day": "2026-01-02"}]),
    ],
)
async def test_an_artifact_chunk_has_a_type_and_is_json(
    chunk: Any, options: Any, kind: str, kept: Any
) -> None:
    async def body(ctx: Any) -> None:
        await ctx.emit_artifact("s", chunk, **options)

    ((one,),) = [step["s"] for step in await streams(body)]
    assert (one["artifact_type"], one["chunk"]) == (kind, kept)


async def test_an_artifact_chunk_of_any_object_is_made_json() -> None:
    async def body(ctx: Any) -> None:
        await ctx.emit_artifact("s", {"when": datetime.date(2026, 1, 2), "what": object()})

    result = await within(body)
    json.dumps(result.metadata["steps"])


async def test_what_a_tool_emits_before_it_fails_is_kept() -> None:
    async def body(ctx: Any) -> None:
        await ctx.emit_chunk("s", 0, "so far")
        raise OSError("cut")

    client = Client(use("do"), end())
    result = ended(await planner_of(client, [doing(body)]).run("q"))
    (step,) = result.metadata["steps"]
    assert step["error"] is not None
    assert [chunk["text"] for chunk in step["streams"]["s"]] == ["so far"]

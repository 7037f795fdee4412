"""What happens to long texts, to results of any size, and without a store."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.artifacts import InMemoryArtifactStore, NoOpArtifactStore
from penguiflow.tools.errors import ToolNodeError
from tests.tools.output.results import PDF, PNG, Context, b64, stored, transformed

LINK = {"type": "resource_link", "uri": "notes://1", "name": "First", "mimeType": "text/plain", "size": 12}
STUB = {
    "type": "artifact_stub",
    "resource_uri": "notes://1",
    "summary": "Resource `First` (text/plain, 12 bytes)",
}


async def test_a_long_text_becomes_an_artifact_with_a_preview() -> None:
    ctx = Context()
    long = "word " * 2001

    result = await transformed({"a": [long, "w" * 10_000]}, ctx=ctx)

    stub = result["a"][0]
    assert stub == {
        "artifact": stub["artifact"],
        "summary": "Large text stored as artifact (10005 characters)",
        "preview": long[:500] + "...",
    }
    assert result["a"][1] == "w" * 10_000
    assert await stored(ctx.artifacts, stub["artifact"]) == long.encode()


async def test_a_small_limit_does_not_break_up_what_stands_for_content() -> None:
    result = await transformed({"text": "x" * 20, "blob": b64(PNG)}, {"max_inline_size": 5})

    assert result["artifact"]["mime_type"] == "image/png"
    assert result["text"]["artifact"]["mime_type"] == "text/plain"
    assert result["text"]["preview"] == "x" * 20 + "..."


async def test_long_texts_stay_when_that_is_switched_off() -> None:
    assert await transformed("x" * 20_000, {"auto_artifact_large_content": False}) == "x" * 20_000


def upper(tool: str, value: Any, ctx: Any) -> Any:
    return f"{tool} {value['blob']} {type(ctx).__name__}".upper()


async def upper_later(tool: str, value: Any, ctx: Any) -> Any:
    return upper(tool, value, ctx)


@pytest.mark.parametrize("transformer", [upper, upper_later])
async def test_a_transformer_has_the_only_say(transformer: Any) -> None:
    result = await transformed({"blob": "aGk="}, output_transformer=transformer)

    assert result == "DESK.GET AGK= CONTEXT"


async def test_a_transformer_that_fails_is_named() -> None:
    with pytest.raises(ToolNodeError, match=r"transformer for `desk\.get` failed: KeyError") as caught:
        await transformed({}, output_transformer=upper)

    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.hint


async def test_without_a_store_everything_stays_up_to_the_limit_of_a_response() -> None:
    value = {"pdf": {"blob": b64(PDF), "mimeType": "application/pdf"}, "text": "x" * 20_000}

    assert await transformed(value, ctx=object()) == value
    cut = await transformed({**value, "text": "x" * 10_001_000}, ctx=object(), max_response_bytes=10_000_000)
    assert cut["pdf"] == value["pdf"]
    assert cut["text"] == "x" * 10_000_000 + "... (1000 more characters, which no artifact store took)"


async def test_a_store_that_keeps_nothing_costs_no_text() -> None:
    long = "x" * 20_000

    result = await transformed([long, {"blob": b64(PDF)}], ctx=Context(NoOpArtifactStore()))

    assert result[0]["text"] == long
    assert "keeps nothing" in result[0]["summary"]
    assert "keeps nothing" in result[1]["summary"]
    assert result[1]["artifact"]["source"]["warning"]


class FullStore(InMemoryArtifactStore):
    """Takes nothing."""

    async def put_bytes(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("full")


async def test_a_store_that_fails_costs_nothing() -> None:
    value = {"pdf": {"blob": b64(PDF), "mimeType": "a/b", "x": 1}, "text": "x" * 20_000, "png": b64(PNG)}

    assert await transformed(value, ctx=Context(FullStore())) == value


class Holder:
    """Has a store under the name that stores of state use."""

    def __init__(self) -> None:
        self.artifact_store = InMemoryArtifactStore()


@pytest.mark.parametrize("ctx", [Holder(), InMemoryArtifactStore(), Context()])
async def test_the_store_is_found_where_a_context_may_have_it(ctx: object) -> None:
    result = await transformed("x" * 20_000, ctx=ctx)

    assert result["artifact"]["size_bytes"] == 20_000


async def test_a_result_of_any_depth_is_looked_through() -> None:
    value: Any = "x" * 10_001
    for _ in range(5_000):
        value = [value]

    result = await transformed(value)

    for _ in range(5_000):
        result = result[0]
    assert result["preview"]


async def test_one_result_cannot_fill_a_store() -> None:
    ctx = Context()

    result = await transformed([{"blob": b64(f"file {n}".encode())} for n in range(600)], ctx=ctx)

    assert isinstance(ctx.artifacts, InMemoryArtifactStore)
    assert ctx.artifacts.count == 500
    assert "artifact" in result[499]
    assert result[500] == {"blob": b64(b"file 500")}


async def test_megabytes_are_looked_through_off_the_event_loop() -> None:
    result = await transformed({"blob": b64(PDF * 1000), "mimeType": "application/pdf"})

    assert result["artifact"]["size_bytes"] == len(PDF) * 1000

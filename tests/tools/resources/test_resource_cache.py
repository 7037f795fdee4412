"""Reading resources, and what is kept of them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from penguiflow.artifacts import InMemoryArtifactStore, NoOpArtifactStore
from penguiflow.tools.resources import ResourceCache, ResourceCacheConfig, ResourceContents
from tests.tools.output.results import PNG, Context, b64, stored

LONG = "x" * 10_001


class Server:
    """Counts how often it is asked, and answers always the same."""

    def __init__(self, *answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def read(self, uri: str) -> Any:
        self.asked.append(uri)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def contents(*items: dict[str, Any]) -> dict[str, Any]:
    return {"contents": list(items)}


HELLO = contents({"text": "hello", "mimeType": "text/plain"})


def cache_of(
    store: Any = None, config: ResourceCacheConfig | None = None, *, now: list[float] | None = None
) -> ResourceCache:
    times = now or [0.0]
    return ResourceCache(store or InMemoryArtifactStore(), "desk", config, clock=lambda: times[0])


@pytest.mark.parametrize(
    "reply",
    [
        HELLO,
        SimpleNamespace(contents=[SimpleNamespace(text="hello", mime_type="text/plain", uri="a://b")]),
        [ResourceContents("a://b", "text/plain", text="hello")],
        ResourceContents("a://b", text="hello"),
        [SimpleNamespace(text="hello")],
        {"text": "hello"},
        "hello",
    ],
    ids=["as the protocol sends", "object", "contents", "one content", "list of objects", "bare", "text"],
)
async def test_a_text_is_returned_whatever_form_the_reply_has(reply: Any) -> None:
    assert await cache_of().get_or_fetch("a://b", Server(reply).read, None) == {"text": "hello"}


@pytest.mark.parametrize("chars", [0, 1, 10_000])
async def test_a_text_within_the_limit_is_returned_as_it_is(chars: int) -> None:
    reply = contents({"text": "x" * chars})

    assert await cache_of().get_or_fetch("a://b", Server(reply).read, None) == {"text": "x" * chars}


@pytest.mark.parametrize(
    ("item", "mime_type", "data"),
    [
        ({"blob": b64(PNG), "mimeType": "image/png"}, "image/png", PNG),
        ({"blob": b64(PNG * 200)}, "application/octet-stream", PNG * 200),
        ({"text": LONG, "mimeType": "text/csv"}, "text/csv", LONG.encode()),
        ({"text": LONG}, "text/plain", LONG.encode()),
    ],
    ids=["blob", "large blob", "long text", "long text without type"],
)
async def test_bytes_and_long_texts_become_artifacts(item: Any, mime_type: str, data: bytes) -> None:
    store = InMemoryArtifactStore()

    result: Any = await cache_of(store).get_or_fetch("a://b", Server(contents(item)).read, None)

    assert set(result) == {"artifact"}
    assert result["artifact"]["id"].startswith("desk.resource_")
    assert result["artifact"]["mime_type"] == mime_type
    assert result["artifact"]["source"]["uri"] == "a://b"
    assert await stored(store, result["artifact"]) == data


async def test_the_store_of_the_caller_is_used_when_the_cache_has_none() -> None:
    ctx = Context()

    cache = ResourceCache(None, "desk")
    result: Any = await cache.get_or_fetch("a://b", Server(contents({"text": LONG})).read, ctx)

    assert await stored(ctx.artifacts, result["artifact"]) == LONG.encode()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (contents(), "resource `a://b` has no content"),
        (contents({"mimeType": "text/plain"}), "resource `a://b` has no content"),
        (None, "resource `a://b` has no content"),
        (contents({"blob": "?"}), "resource `a://b` is not the base64 that its server says it is"),
        (ValueError("gone\x1b[2J"), "resource `a://b` cannot be read: gone␛[2J"),
        (ValueError(), "resource `a://b` cannot be read: ValueError"),
    ],
)
async def test_what_cannot_be_read_is_an_error_that_is_not_kept(reply: Any, error: str) -> None:
    cache, server = cache_of(), Server(reply, HELLO)

    assert await cache.get_or_fetch("a://b", server.read, None) == {"error": error}
    assert cache.size == 0
    assert await cache.get_or_fetch("a://b", server.read, None) == {"text": "hello"}


async def test_a_resource_of_several_contents_loses_none() -> None:
    reply = contents({"text": "one"}, {"uri": "a://c", "text": "two"}, {"uri": "a://d", "blob": b64(PNG)})

    result: Any = await cache_of().get_or_fetch("a://b", Server(reply).read, None)

    assert result["text"] == "one"
    assert result["more"][0] == {"uri": "a://c", "text": "two"}
    assert result["more"][1]["artifact"]["size_bytes"] == len(PNG)


async def test_without_a_store_nothing_is_lost_up_to_the_limit() -> None:
    cache = ResourceCache(None, "desk", max_inline_chars=20_000)

    async def read(item: dict[str, Any]) -> Any:
        return await cache.get_or_fetch("a://b", Server(contents(item)).read, None, refresh=True)

    assert await read({"text": LONG}) == {"text": LONG}
    assert await read({"blob": b64(PNG), "mimeType": "a/b"}) == {"blob": b64(PNG), "mime_type": "a/b"}
    assert await read({"text": "x" * 20_001}) == {"text": "x" * 20_000 + "... (1 more characters)"}
    assert "no artifact store" in (await read({"blob": b64(PNG * 20)}))["error"]
    assert cache.size == 0


async def test_what_a_store_did_not_keep_is_given_whole_and_read_again() -> None:
    cache, server = cache_of(NoOpArtifactStore()), Server(contents({"text": LONG}))

    for _ in range(2):
        result: Any = await cache.get_or_fetch("a://b", server.read, None)
        assert result["text"] == LONG
        assert result["artifact"]["source"]["warning"]
    assert len(server.asked) == 2


async def test_what_was_read_is_not_read_again() -> None:
    cache, server = cache_of(), Server(HELLO)

    first = await cache.get_or_fetch("a://b", server.read, None)
    first["text"] = "changed by its user"

    assert await cache.get_or_fetch("a://b", server.read, None) == {"text": "hello"}
    assert server.asked == ["a://b"]
    assert cache.size == 1


async def test_it_is_read_again_when_asked_to() -> None:
    cache, server = cache_of(), Server(HELLO, contents({"text": "new"}))
    await cache.get_or_fetch("a://b", server.read, None)

    assert await cache.get_or_fetch("a://b", server.read, None, refresh=True) == {"text": "new"}
    assert await cache.get_or_fetch("a://b", server.read, None) == {"text": "new"}
    assert len(server.asked) == 2


async def test_it_is_read_again_when_its_time_is_over() -> None:
    now = [0.0]
    cache, server = cache_of(config=ResourceCacheConfig(ttl_seconds=60), now=now), Server(HELLO)
    await cache.get_or_fetch("a://b", server.read, None)

    now[0] = 59.9
    await cache.get_or_fetch("a://b", server.read, None)
    assert len(server.asked) == 1

    now[0] = 60.0
    await cache.get_or_fetch("a://b", server.read, None)
    assert len(server.asked) == 2
    assert cache.size == 1


async def test_a_time_of_zero_never_ends() -> None:
    now = [0.0]
    cache, server = cache_of(config=ResourceCacheConfig(ttl_seconds=0), now=now), Server(HELLO)
    await cache.get_or_fetch("a://b", server.read, None)
    now[0] = 1e9

    await cache.get_or_fetch("a://b", server.read, None)

    assert len(server.asked) == 1


async def test_it_is_read_again_when_its_artifact_is_gone() -> None:
    store = InMemoryArtifactStore()
    cache, server = cache_of(store), Server(contents({"text": LONG}))
    first = await cache.get_or_fetch("a://b", server.read, None)
    assert await cache.get_or_fetch("a://b", server.read, None) == first
    store.clear()

    again: Any = await cache.get_or_fetch("a://b", server.read, None)

    assert len(server.asked) == 2
    assert await stored(store, again["artifact"]) == LONG.encode()


async def test_nothing_is_kept_when_that_is_switched_off() -> None:
    cache, server = cache_of(config=ResourceCacheConfig(enabled=False)), Server(HELLO)

    for _ in range(3):
        assert await cache.get_or_fetch("a://b", server.read, None) == {"text": "hello"}

    assert len(server.asked) == 3
    assert cache.size == 0


async def test_what_was_not_used_for_longest_makes_room() -> None:
    cache, server = cache_of(config=ResourceCacheConfig(max_entries=2)), Server(HELLO)
    for uri in ("a", "b", "a", "c", "a", "b"):
        await cache.get_or_fetch(uri, server.read, None)

    assert server.asked == ["a", "b", "c", "b"]
    assert cache.size == 2


async def test_what_changed_is_forgotten() -> None:
    cache, server = cache_of(), Server(HELLO)
    for uri in ("a", "b"):
        await cache.get_or_fetch(uri, server.read, None)

    assert cache.invalidate("a") is True
    assert cache.invalidate("a") is False
    assert cache.size == 1
    assert cache.invalidate_all() == 1
    assert cache.invalidate_all() == 0
    assert cache.size == 0


async def test_what_changes_while_it_is_read_is_not_kept() -> None:
    cache, server = cache_of(), Server(HELLO)
    reading, changed = asyncio.Event(), asyncio.Event()

    async def read_slowly(uri: str) -> Any:
        reading.set()
        await changed.wait()
        return contents({"text": "old"})

    slow = asyncio.create_task(cache.get_or_fetch("a://b", read_slowly, None))
    await reading.wait()
    cache.invalidate("a://b")
    changed.set()

    assert await slow == {"text": "old"}
    assert await cache.get_or_fetch("a://b", server.read, None) == {"text": "hello"}


@pytest.mark.parametrize("level", ["tenant_id", "user_id", "session_id"])
async def test_what_one_user_read_is_not_given_to_another(level: str) -> None:
    cache, server = cache_of(), Server(HELLO)
    ada, bob = Context(tool_context={level: "ada"}), Context(tool_context={level: "bob"})

    for ctx in (ada, bob, ada, None):
        await cache.get_or_fetch("a://b", server.read, ctx)

    assert len(server.asked) == 3
    cache.invalidate("a://b")
    assert cache.size == 0

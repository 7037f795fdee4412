"""Tool descriptions and artifact stores, as programs of somebody else."""

from __future__ import annotations

import hashlib
import logging
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from penguiflow import (
    ArtifactRef,
    ArtifactRetentionConfig,
    ArtifactScope,
    ArtifactStore,
    InMemoryArtifactStore,
    ModelRegistry,
    Node,
    NodeSpec,
    NoOpArtifactStore,
    SideEffect,
    build_catalog,
    discover_artifact_store,
    tool,
)


class Question(BaseModel):
    text: str


class Answer(BaseModel):
    text: str


async def plain(args: Question, ctx: Any) -> Answer:
    return Answer(text=args.text)


def registered(*names: str) -> ModelRegistry:
    registry = ModelRegistry()
    for name in names:
        registry.register(name, Question, Answer)
    return registry


def test_a_tool_is_the_function_itself_with_its_metadata() -> None:
    async def search(args: Question, ctx: Any) -> Answer:
        """Look it up."""
        return Answer(text=args.text)

    marked = tool(
        tags=["a", "b", "a"], auth_scopes=["s", "s"], side_effects="read", cost_hint="low",
        latency_hint_ms=5, safety_notes="none", arg_validation={"max": 1}, arg_validator=print,
        extra={"free": [1], "call": print},
    )(search)  # fmt: skip
    assert marked is search
    assert hasattr(search, "__penguiflow_tool__")

    (spec,) = build_catalog([Node(search, name="search")], registered("search"))
    assert type(spec) is NodeSpec
    assert (spec.tags, spec.auth_scopes, spec.desc) == (("a", "b"), ("s",), "Look it up.")
    assert spec.extra == {
        "free": [1], "call": print, "arg_validation": {"max": 1}, "arg_validator": print
    }  # fmt: skip
    assert spec.to_tool_record() == {
        "name": "search", "desc": "Look it up.", "side_effects": "read", "tags": ["a", "b"],
        "auth_scopes": ["s"], "cost_hint": "low", "latency_hint_ms": 5, "safety_notes": "none",
        "args_schema": Question.model_json_schema(), "out_schema": Answer.model_json_schema(),
        "extra": {"free": [1], "arg_validation": {"max": 1}},
    }  # fmt: skip


def test_what_is_not_json_is_left_out_of_the_record_at_any_depth() -> None:
    itself: dict[str, Any] = {"n": 1}
    itself["self"] = itself

    async def draw(args: Question, ctx: Any) -> Answer:
        return Answer(text=args.text)

    extra = {"ui": {"icon": "x", "draw": print, 5j: 1}, "mixed": (1, print), "itself": itself, "odd": {1}}
    (spec,) = build_catalog([Node(tool(extra=extra)(draw))], registered("draw"))
    assert spec.to_tool_record()["extra"] == {"ui": {"icon": "x"}, "mixed": [1], "itself": {"n": 1}}
    assert spec.extra["ui"]["draw"] is print


def test_a_description_falls_back_to_the_docstring_and_then_to_the_name() -> None:
    described = tool(desc="said")(lambda: plain)
    assert described() is plain
    nodes = [Node(plain, name="a"), Node(plain, name="b")]
    assert [spec.desc for spec in build_catalog(nodes, registered("a", "b"))] == ["a", "b"]
    with pytest.raises(KeyError):
        build_catalog([Node(plain, name="c")], registered("a"))
    assert get_args(SideEffect) == ("pure", "read", "write", "external", "stateful")


async def test_an_artifact_is_known_by_its_content() -> None:
    store = InMemoryArtifactStore()
    digest = hashlib.sha256(b"bytes").hexdigest()
    ref = await store.put_bytes(b"bytes", mime_type="image/png", filename="a.png", meta={"from": "test"})

    assert (ref.id, ref.sha256, ref.size_bytes) == (f"art_{digest[:12]}", digest, 5)
    assert (ref.mime_type, ref.filename, ref.scope) == ("image/png", "a.png", None)
    assert ref.source["from"] == "test"
    assert await store.put_bytes(b"bytes", filename="b.png") == ref
    assert (await store.put_text("bytes", namespace="doc")).id == f"doc_{digest[:12]}"
    assert (store.count, store.total_bytes) == (2, 10)
    assert await store.get(ref.id) == b"bytes"
    assert await store.get_ref(ref.id) == ref
    assert await store.exists(ref.id)
    assert await store.delete(ref.id)
    assert not await store.delete(ref.id)
    assert (await store.get(ref.id), await store.get_ref(ref.id)) == (None, None)
    store.clear()
    assert (store.count, store.total_bytes) == (0, 0)


async def test_a_store_drops_what_is_too_much_and_refuses_what_is_too_large() -> None:
    store = InMemoryArtifactStore(ArtifactRetentionConfig(max_artifacts_per_session=2, max_artifact_bytes=3))
    refs = [await store.put_text(text) for text in ("a", "b", "c")]
    assert [await store.exists(ref.id) for ref in refs] == [False, True, True]
    with pytest.raises(ValueError, match="exceeds limit"):
        await store.put_text("four")

    small = ArtifactRetentionConfig(max_session_bytes=3, ttl_seconds=0)
    store = InMemoryArtifactStore(small)
    first, second = await store.put_text("aa"), await store.put_text("bb")
    assert [await store.exists(ref.id) for ref in (first, second)] == [False, True]

    kept = InMemoryArtifactStore(small.model_copy(update={"cleanup_strategy": "none"}))
    refs = [await kept.put_text(text) for text in ("aa", "bb")]
    assert kept.count == 2


async def test_a_store_forgets_after_its_time() -> None:
    now = 0.0
    store = InMemoryArtifactStore(ArtifactRetentionConfig(ttl_seconds=10), clock=lambda: now)
    ref = await store.put_text("a")
    now = 9.0
    assert await store.exists(ref.id)
    now = 11.0
    assert not await store.exists(ref.id)


async def test_a_store_that_stores_nothing_says_so_in_each_ref(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    store = NoOpArtifactStore(max_inline_preview=3)
    text, data = await store.put_text("abcdef"), await store.put_bytes(b"12")

    assert len(caplog.records) == 1
    assert {"warning", "truncated", "original_size", "preview"} <= text.source.keys()
    assert (text.source["preview"], text.source["original_size"], text.source["truncated"]) == (
        "abc",
        6,
        True,
    )
    assert {"warning", "truncated", "original_size"} <= data.source.keys()
    assert "preview" not in data.source
    assert (await store.get(text.id), await store.get_ref(text.id)) == (None, None)
    assert not await store.exists(text.id)
    assert not await store.delete(text.id)


def test_an_artifact_store_is_found_on_its_owner_or_is_the_object_itself() -> None:
    store = InMemoryArtifactStore()
    assert isinstance(store, ArtifactStore)
    assert discover_artifact_store(SimpleNamespace(artifact_store=store)) is store
    assert discover_artifact_store(store) is store
    assert discover_artifact_store(SimpleNamespace(artifact_store=5)) is None
    assert discover_artifact_store(None) is None


def test_artifact_values_have_their_defaults() -> None:
    assert ArtifactScope().model_dump() == dict.fromkeys(("tenant_id", "user_id", "session_id", "trace_id"))
    assert ArtifactRef(id="a").model_dump() == {
        "id": "a", "mime_type": None, "size_bytes": None, "filename": None, "sha256": None,
        "scope": None, "source": {},
    }  # fmt: skip
    assert ArtifactRetentionConfig().model_dump() == {
        "ttl_seconds": 3600, "max_artifact_bytes": 50 * 2**20, "max_session_bytes": 500 * 2**20,
        "max_trace_bytes": 100 * 2**20, "max_artifacts_per_trace": 100, "max_artifacts_per_session": 1000,
        "cleanup_strategy": "lru",
    }  # fmt: skip

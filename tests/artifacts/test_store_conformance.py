"""What every `ArtifactStore` that keeps something does, and how one is found."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from penguiflow.artifacts import (
    ArtifactScope,
    ArtifactStore,
    InMemoryArtifactStore,
    NoOpArtifactStore,
    discover_artifact_store,
)
from penguiflow.state.postgres import PostgresStateStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.postgres import PostgresServer


@pytest.fixture(params=["in_memory", "sqlite", pytest.param("postgres", marks=pytest.mark.process)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArtifactStore]:
    if request.param == "in_memory":
        yield InMemoryArtifactStore()
        return
    holder: SqliteStateStore | PostgresStateStore
    if request.param == "sqlite":
        holder = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        holder = await PostgresStateStore.open(server.dsn(), schema=server.new_schema())
    yield holder.artifact_store
    await holder.aclose()


@pytest.mark.parametrize("store", [InMemoryArtifactStore(), NoOpArtifactStore()])
def test_both_stores_are_artifact_stores(store: object) -> None:
    assert isinstance(store, ArtifactStore)


async def test_the_ref_tells_all_that_was_said_about_the_bytes(store: ArtifactStore) -> None:
    scope = ArtifactScope(tenant_id="t", user_id="u", session_id="s", trace_id="r")

    ref = await store.put_bytes(
        b"%PDF",
        mime_type="application/pdf",
        filename="report.pdf",
        namespace="tableau",
        scope=scope,
        meta={"tool": "download"},
    )

    digest = hashlib.sha256(b"%PDF").hexdigest()
    assert (ref.id, ref.sha256) == (f"tableau_{digest[:12]}", digest)
    assert (ref.mime_type, ref.size_bytes, ref.filename) == ("application/pdf", 4, "report.pdf")
    assert ref.scope == scope
    assert ref.source == {"namespace": "tableau", "tool": "download"}
    assert await store.get_ref(ref.id) == ref


async def test_bytes_and_text_are_read_back(store: ArtifactStore) -> None:
    raw = await store.put_bytes(b"\x00\xff")
    text = await store.put_text("Ünïcode")

    assert await store.get(raw.id) == b"\x00\xff"
    assert await store.get(text.id) == "Ünïcode".encode()
    assert (raw.mime_type, text.mime_type) == (None, "text/plain")
    assert raw.id.startswith("art_")


async def test_a_lone_surrogate_of_a_model_does_not_lose_the_text(store: ArtifactStore) -> None:
    ref = await store.put_text("a\ud800b")

    assert await store.get(ref.id) == b"a?b"


async def test_the_same_content_is_one_artifact_with_its_first_ref(store: ArtifactStore) -> None:
    first = await store.put_text("same", filename="one.txt")
    second = await store.put_text("same", filename="two.txt")
    elsewhere = await store.put_text("same", namespace="other")

    assert second == first
    assert elsewhere.id != first.id


async def test_bytes_do_not_follow_a_buffer_that_is_used_again(store: ArtifactStore) -> None:
    buffer = bytearray(b"first")
    ref = await store.put_bytes(cast("bytes", buffer))  # what an untyped program may pass

    buffer[:] = b"other"

    assert await store.get(ref.id) == b"first"


async def test_a_deleted_artifact_is_gone(store: ArtifactStore) -> None:
    ref = await store.put_text("text")
    assert await store.exists(ref.id)

    assert await store.delete(ref.id) is True
    assert await store.delete(ref.id) is False
    assert await store.exists(ref.id) is False
    assert await store.get(ref.id) is None
    assert await store.get_ref(ref.id) is None


def test_a_store_is_found_on_an_object_or_is_the_object() -> None:
    store = InMemoryArtifactStore()

    class Holder:
        artifact_store: object = store

    class Broken(InMemoryArtifactStore):
        artifact_store = "no store"

    broken = Broken()

    assert discover_artifact_store(Holder()) is store
    assert discover_artifact_store(store) is store
    assert discover_artifact_store(broken) is broken
    assert discover_artifact_store(object()) is None
    assert discover_artifact_store(None) is None

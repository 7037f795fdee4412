"""What the artifact store of every state store does."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

from penguiflow.artifacts import ArtifactScope, ArtifactStore, InMemoryArtifactStore
from penguiflow.state import StoreSchemaError, SupportsArtifacts
from penguiflow.state._sqlite_thread import SqliteThread
from penguiflow.state.contents import Content
from penguiflow.state.events import EventBody
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.postgres import PostgresStateStore
from penguiflow.state.sqlite import SqliteArtifactStore, SqliteStateStore
from tests.fakes.history import asked, run_of
from tests.fakes.postgres import PostgresServer

Store = InMemoryStateStore | SqliteStateStore | PostgresStateStore


def in_session(session_id: str, trace_id: str | None = None) -> ArtifactScope:
    return ArtifactScope(session_id=session_id, trace_id=trace_id)


def test_every_store_has_one_artifact_store(store: Store) -> None:
    assert isinstance(store, SupportsArtifacts)
    assert isinstance(store.artifact_store, ArtifactStore)
    assert store.artifact_store is store.artifact_store


async def test_names_and_notes_that_are_no_json_do_not_lose_an_artifact(store: Store) -> None:
    ref = await store.artifact_store.put_bytes(
        b"%PDF",
        filename="Bericht \udcff [1].pdf",
        scope=ArtifactScope(tenant_id="t", user_id="u", session_id="s", trace_id="r"),
        meta={"rows": [1, None], "path": PurePosixPath("a/b")},
    )

    assert ref.filename == "Bericht \udcff [1].pdf"
    assert (ref.source["rows"], str(ref.source["path"])) == ([1, None], "a/b")
    assert await store.artifact_store.get_ref(ref.id) == ref


async def test_an_artifact_of_some_size_is_kept_whole(store: Store) -> None:
    data = bytes(range(256)) * 16_000

    ref = await store.artifact_store.put_bytes(data)

    assert await store.artifact_store.get(ref.id) == data


async def test_a_session_reads_its_own_artifacts_only(store: Store) -> None:
    ref = await store.artifact_store.put_text("text", scope=in_session("mine", "trace"))
    unscoped = await store.artifact_store.put_text("for nobody in particular")
    of_tenant = await store.artifact_store.put_text("nor this", scope=ArtifactScope(tenant_id="t"))

    assert await store.artifact_store.get_with_session_check(ref.id, "mine") == b"text"
    assert await store.artifact_store.get_with_session_check(ref.id, "theirs") is None
    assert await store.artifact_store.get_with_session_check(unscoped.id, "default") is not None
    assert await store.artifact_store.get_with_session_check(of_tenant.id, "default") is not None
    assert await store.artifact_store.get(ref.id) == b"text"


async def test_equal_content_of_two_sessions_shows_neither_the_ref_of_the_other(store: Store) -> None:
    mine = await store.artifact_store.put_text("text", filename="mine.txt", scope=in_session("mine"))
    theirs = await store.artifact_store.put_text("text", filename="theirs.txt", scope=in_session("theirs"))

    assert (mine.id, mine.filename, theirs.filename) == (theirs.id, "mine.txt", "theirs.txt")
    assert await store.artifact_store.get_ref(mine.id) == mine

    await store.delete_session("mine")

    assert await store.artifact_store.get_with_session_check(theirs.id, "theirs") == b"text"
    assert await store.artifact_store.get_with_session_check(mine.id, "mine") is None
    assert await store.artifact_store.get_ref(mine.id) == theirs


async def test_other_content_under_the_same_short_id_is_kept_apart(store: Store) -> None:
    one, two = b"093fd17ac563", b"4312b7a9a9ef"  # their SHA-256 begin with the same twelve digits

    first = await store.artifact_store.put_bytes(one)
    second = await store.artifact_store.put_bytes(two)

    assert (first.sha256 or "")[:12] == (second.sha256 or "")[:12]
    assert await store.artifact_store.put_bytes(two) == second
    assert await store.artifact_store.get(first.id) == one
    assert await store.artifact_store.get(second.id) == two


@pytest.mark.parametrize("bodies", [[], [asked()]])
async def test_a_session_is_deleted_with_its_artifacts_and_whatever_else_it_has(
    store: Store, bodies: list[EventBody]
) -> None:
    await store.append_events(run_of(*bodies, session_id="mine"))
    ref = await store.artifact_store.put_text("text", scope=in_session("mine"))
    others = await store.artifact_store.put_text("others", scope=in_session("theirs"))
    await store.save_trajectory("trace", "mine", {"query": "q"})
    await store.save_planner_event("trace", {"event_type": "x"})

    assert await store.delete_session("mine") is True
    assert await store.delete_session("mine") is False

    assert await store.artifact_store.exists(ref.id) is False
    assert await store.artifact_store.exists(others.id) is True
    assert list(await store.list_traces("mine")) == []
    assert list(await store.list_planner_events("trace")) == []


async def test_an_artifact_is_no_content_of_the_history_and_the_other_way_round(store: Store) -> None:
    ref = await store.artifact_store.put_text("text", scope=in_session("session-1"))
    content = Content(session_id="session-1", content_id="history_1", text="a long prompt")
    await store.append_events(run_of(asked()), [content])

    assert ref.id != content.content_id
    assert await store.load_content("session-1", content.content_id) == "a long prompt"


async def test_a_deleted_artifact_is_gone_from_every_session(store: Store) -> None:
    ref = await store.artifact_store.put_text("text", scope=in_session("one"))
    await store.artifact_store.put_text("text", scope=in_session("two"))

    assert await store.artifact_store.delete(ref.id) is True

    assert await store.artifact_store.get_with_session_check(ref.id, "one") is None
    assert await store.artifact_store.get_with_session_check(ref.id, "two") is None


async def test_contents_of_a_file_are_found_among_its_artifacts(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    content = Content(session_id="session-1", content_id="history_1", text="a long prompt")
    await store.append_events(run_of(asked()), [content])

    ref = await store.artifact_store.get_ref(content.content_id)

    assert ref is not None
    assert (ref.id, ref.mime_type, ref.source["namespace"]) == (content.content_id, "text/plain", "history")
    assert await store.artifact_store.get(content.content_id) == b"a long prompt"
    await store.aclose()


@pytest.fixture(params=["in_memory", "sqlite", pytest.param("postgres", marks=pytest.mark.process)])
async def store_of_one_scope(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArtifactStore]:
    scope = ArtifactScope(tenant_id="t", session_id="s")
    if request.param == "in_memory":
        yield InMemoryArtifactStore(scope_filter=scope)
        return
    holder: SqliteStateStore | PostgresStateStore
    if request.param == "sqlite":
        holder = await SqliteStateStore.open(tmp_path / "history.sqlite3", artifact_scope=scope)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        holder = await PostgresStateStore.open(server.dsn(), schema=server.new_schema(), artifact_scope=scope)
    yield holder.artifact_store
    await holder.aclose()


async def test_a_store_of_one_scope_gives_it_to_what_has_none(store_of_one_scope: ArtifactStore) -> None:
    bare = await store_of_one_scope.put_text("bare")
    traced = await store_of_one_scope.put_text("traced", scope=ArtifactScope(trace_id="r"))

    assert bare.scope == ArtifactScope(tenant_id="t", session_id="s")
    assert traced.scope == ArtifactScope(tenant_id="t", session_id="s", trace_id="r")


async def test_a_store_of_one_scope_refuses_another(store_of_one_scope: ArtifactStore) -> None:
    with pytest.raises(ValueError, match="of tenant_id `x` does not belong into a store of tenant_id `t`"):
        await store_of_one_scope.put_text("text", scope=ArtifactScope(tenant_id="x"))


async def test_a_file_refuses_an_artifact_that_is_too_large(tmp_path: Path) -> None:
    thread = await SqliteThread.open(tmp_path / "history.sqlite3", busy_timeout_s=1.0)
    store = SqliteArtifactStore(thread, max_artifact_bytes=3)

    with pytest.raises(ValueError, match=r"artifact `big\.bin` of 4 bytes exceeds the 3 bytes"):
        await store.put_bytes(b"abcd", filename="big.bin")
    ref = await store.put_bytes(b"abc")

    assert await store.get(ref.id) == b"abc"
    await thread.aclose()


async def test_a_damaged_ref_is_a_typed_error_that_names_its_artifact(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    ref = await store.artifact_store.put_bytes(b"abc")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as file:
        file.execute("UPDATE artifacts SET ref = '{\"size_bytes\": []}'")

    with pytest.raises(StoreSchemaError, match=ref.id):
        await store.artifact_store.get_ref(ref.id)

    assert await store.artifact_store.get(ref.id) == b"abc"
    await store.aclose()

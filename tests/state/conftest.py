"""Every store of the project, for tests that each of them must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest

from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.postgres import PostgresStateStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.postgres import PostgresServer

Store: TypeAlias = InMemoryStateStore | SqliteStateStore | PostgresStateStore


@pytest.fixture(params=["in_memory", "sqlite", pytest.param("postgres", marks=pytest.mark.process)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened: Store
    if request.param == "in_memory":
        opened = InMemoryStateStore()
    elif request.param == "sqlite":
        opened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        opened = await PostgresStateStore.open(server.dsn(), schema=server.new_schema())
    yield opened
    await opened.aclose()

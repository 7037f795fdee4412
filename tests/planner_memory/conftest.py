"""The stores of the project, for tests that each of them must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.sqlite import SqliteStateStore


@pytest.fixture(params=["in_memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[InMemoryStateStore | SqliteStateStore]:
    opened = (
        InMemoryStateStore()
        if request.param == "in_memory"
        else await SqliteStateStore.open(tmp_path / "history.sqlite3")
    )
    yield opened
    await opened.aclose()

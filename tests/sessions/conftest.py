"""Opening sessions over fakes, with no task left behind, and writing projects that hold an agent."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from penguiflow.sessions.session import AgentSession
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import HistoryStore
from tests.fakes.agent import FakeAgent

OpenSession = Callable[..., Awaitable[AgentSession]]
Project = Callable[..., str]

_package_numbers = itertools.count()


class TickingClock:
    """A second passes whenever somebody asks for the time of day, and at no other time."""

    def __init__(self) -> None:
        self._now = 99.0

    def wall(self) -> float:
        self._now += 1
        return self._now

    def monotonic(self) -> float:
        return self._now


@pytest.fixture
def store() -> InMemoryStateStore:
    return InMemoryStateStore()


@pytest.fixture
async def open_session(store: HistoryStore) -> AsyncIterator[OpenSession]:
    """Open a session with ids `id-0`, `id-1`, ... and a clock that counts seconds."""
    opened: list[AgentSession] = []
    ids, clock = itertools.count(), TickingClock()

    async def open_it(
        agent: FakeAgent,
        *,
        session_id: str | None = None,
        over: HistoryStore | None = None,
        user_id: str | None = None,
    ) -> AgentSession:
        session = await AgentSession.open(
            agent,
            over or store,
            session_id=session_id,
            clock=clock.wall,
            monotonic=clock.monotonic,
            new_id=lambda: f"id-{next(ids)}",
            user_id=user_id,
        )
        opened.append(session)
        return session

    yield open_it
    for session in opened:
        await session.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Write a package of a name that no other test uses, and forget its modules afterwards."""
    path_before, packages = list(sys.path), []

    def write(files: dict[str, str], *, folder: str = ".", name: str | None = None) -> str:
        package = name or f"project_{next(_package_numbers)}"
        packages.append(package)
        target = tmp_path / folder / package
        target.mkdir(parents=True)
        for file, text in {"__init__.py": "", **files}.items():
            (target / file).write_text(text, encoding="utf-8")
        return package

    yield write
    sys.path[:] = path_before
    for module in [each for each in sys.modules if each.partition(".")[0] in packages]:
        del sys.modules[module]

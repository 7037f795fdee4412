"""Turns, summarizers, clocks and stores for tests of the conversation memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from penguiflow.planner.memory import (
    ConversationTurn,
    DefaultShortTermMemory,
    MemoryBudget,
    ShortTermMemoryConfig,
)

PATIENCE_S = 5.0


def turn(name: str) -> ConversationTurn:
    return ConversationTurn(user_message=name, assistant_response=f"re {name}")


def rolling(full_zone_turns: int = 1, **changes: Any) -> ShortTermMemoryConfig:
    """A config that summarises; `changes` are its other fields."""
    changes.setdefault("budget", MemoryBudget(full_zone_turns=full_zone_turns))
    return ShortTermMemoryConfig(strategy="rolling_summary", **changes)


async def added(memory: DefaultShortTermMemory, *names: str) -> DefaultShortTermMemory:
    for name in names:
        await memory.add_turn(turn(name))
    return memory


async def shown(memory: DefaultShortTermMemory) -> dict[str, Any]:
    """What the model reads, with turns by their user message."""
    view: Mapping[str, Any] = (await memory.get_llm_context())["conversation_memory"]
    return by_name(view)


def by_name(view: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, str) else [entry["user"] for entry in value]
        for key, value in view.items()
    }


def stored_names(state: Mapping[str, Any]) -> dict[str, Any]:
    """A stored state, with turns by their user message."""
    zones = ("turns", "pending", "backlog")
    return {zone: [entry["user_message"] for entry in state[zone]] for zone in zones}


class Summaries:
    """A summarizer whose summary names the turns it covers; it can be held up and it can fail."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.requests: list[dict[str, Any]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._asked = asyncio.Condition()

    async def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        async with self._asked:
            self._asked.notify_all()
        await self.may_answer.wait()
        if self.failures > 0:
            self.failures -= 1
            raise ConnectionError("the model is gone")
        return {"summary": " ".join(filter(None, [request["previous_summary"], *self.turns_of(request)]))}

    @staticmethod
    def turns_of(request: Mapping[str, Any]) -> list[str]:
        return [entry["user"] for entry in request["turns"]]

    @property
    def asked(self) -> list[list[str]]:
        return [self.turns_of(request) for request in self.requests]

    async def wait_asked(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._asked:
            await self._asked.wait_for(lambda: len(self.requests) >= times)


class Sleeps:
    """Sleeps as long as the test wants."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._began = asyncio.Event()

    async def __call__(self, delay_s: float) -> None:
        self.delays.append(delay_s)
        self._began.set()
        await self.may_end.wait()

    async def wait_begun(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._began.wait()


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class FlakyStore:
    """Keeps states; it can be down, and it can be slow to answer."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.is_down = False
        self.saves = 0
        self.loads = 0
        self.may_load = asyncio.Event()
        self.may_load.set()
        self.load_began = asyncio.Event()

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        if self.is_down:
            raise ConnectionError("the store is down")
        self.saves += 1
        self.states[key] = state

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        if self.is_down:
            raise ConnectionError("the store is down")
        self.loads += 1
        state = self.states.get(key)
        self.load_began.set()
        await self.may_load.wait()
        return state


async def quiet() -> None:
    """Return when every other task has ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*others)


def tasks_left() -> set[str]:
    current = asyncio.current_task()
    return {task.get_name() for task in asyncio.all_tasks() if task is not current}

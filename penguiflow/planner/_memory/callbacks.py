"""Tells a program what its memories do, without waiting for it and without failing because of it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable
from typing import Any, Final, cast

from penguiflow.errors import repr_of
from penguiflow.planner._memory.config import MemoryCallback, ShortTermMemoryConfig
from penguiflow.planner._memory.ending import end, is_being_cancelled
from penguiflow.planner._memory.health import MemoryHealth
from penguiflow.planner._memory.turns import ConversationTurn

logger = logging.getLogger("penguiflow.planner")

CAPACITY: Final = 1_000
"""Calls of async callbacks that may wait; further ones are dropped and logged."""


class Callbacks:
    """Calls the callbacks of a config. Async ones run one after the other in a task that `aclose` ends."""

    def __init__(self, config: ShortTermMemoryConfig) -> None:
        self._config = config
        self._waiting: deque[tuple[str, Awaitable[object]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._runs = False

    @property
    def is_idle(self) -> bool:
        """Return whether every callback has returned."""
        # An eager task runs before anybody has hold of it.
        return not self._runs and (self._task is None or self._task.done())

    def turn_added(self, turn: ConversationTurn) -> None:
        """Tell of a turn."""
        self._call("on_turn_added", self._config.on_turn_added, turn)

    def summary_updated(self, old: str, new: str) -> None:
        """Tell of a summary."""
        self._call("on_summary_updated", self._config.on_summary_updated, old, new)

    def health_changed(self, old: MemoryHealth, new: MemoryHealth) -> None:
        """Tell of a health unless it is the old one."""
        if old != new:
            self._call("on_health_changed", self._config.on_health_changed, old, new)

    async def aclose(self, patience_s: float) -> None:
        """Wait for the callbacks that are under way, then cancel them."""
        await end(self._task, patience_s=patience_s)
        if self.is_idle:
            self._drop_waiting()

    def _call(self, name: str, callback: MemoryCallback | None, *args: object) -> None:
        if callback is None:
            return
        try:
            result = callback(*args[len(args) - _taken(callback, len(args)) :])
        except Exception as exc:  # noqa: BLE001 - foreign code; its failure is logged
            _log_failure(name, exc)
            return
        if inspect.isawaitable(result):
            self._run_later(name, result)

    def _run_later(self, name: str, running: Awaitable[object]) -> None:
        if len(self._waiting) >= CAPACITY:
            _drop(running)
            logger.warning("a memory callback is too slow; a call was dropped", extra={"callback": name})
            return
        self._waiting.append((name, running))
        if self.is_idle:
            self._task = asyncio.get_running_loop().create_task(
                self._run(), name="penguiflow:memory_callbacks"
            )

    async def _run(self) -> None:
        self._runs = True
        try:
            while self._waiting:
                await _logged(*self._waiting.popleft())
        finally:
            self._runs = False
            self._drop_waiting()

    def _drop_waiting(self) -> None:
        while self._waiting:
            _drop(self._waiting.popleft()[1])


async def _logged(name: str, running: Awaitable[object]) -> None:
    try:
        await running
    except asyncio.CancelledError as exc:
        if is_being_cancelled():
            raise
        _log_failure(name, exc)
    except Exception as exc:  # noqa: BLE001 - as above
        _log_failure(name, exc)


def _drop(running: Awaitable[object]) -> None:
    if inspect.iscoroutine(running):
        running.close()


def _log_failure(name: str, failure: BaseException) -> None:
    logger.warning("a memory callback failed", extra={"callback": name, "exception": repr_of(failure)})


def _taken(callback: MemoryCallback, offered: int) -> int:
    """Return how many of the offered arguments the callback takes by position."""
    try:
        # Any: a signature describes parameters of every kind.
        parameters = cast(Any, inspect.signature(callback)).parameters.values()
    except (TypeError, ValueError):  # some callables written in C have no signature
        return offered
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return offered
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return min(offered, sum(parameter.kind in by_position for parameter in parameters))

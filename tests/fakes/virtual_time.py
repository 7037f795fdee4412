"""An event loop whose clock jumps to the next timer as soon as nothing else can happen.

With a seed, the callbacks that are ready together run in a random order that the seed decides, so a
schedule that breaks something can be repeated.
"""

from __future__ import annotations

import asyncio
import random
import selectors
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class NothingCanHappenError(RuntimeError):
    """Every task waits and no timer is set: outside virtual time this would hang for ever."""


class _TimeTravel(selectors.SelectSelector):
    """Turns waiting for a timer into a jump of the clock; real input and output still come first."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is None:
            raise NothingCanHappenError("every task waits and no timer is set")
        self.now += timeout
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The asyncio loop under virtual time; `time()` starts at 0."""

    def __init__(self, seed: int | None = None) -> None:
        self._travel = _TimeTravel()
        self._shuffle = None if seed is None else random.Random(seed).shuffle
        super().__init__(self._travel)

    def time(self) -> float:
        return self._travel.now

    def _run_once(self) -> None:
        if self._shuffle is not None:
            # asyncio promises first-come order, so this also covers schedules it would never choose.
            ready = list(self._ready)
            self._shuffle(ready)
            self._ready.clear()
            self._ready.extend(ready)
        super()._run_once()


class EagerVirtualTimeLoop(VirtualTimeLoop):
    """Under virtual time, with tasks that start at once; from Python 3.12 on."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)
        self.set_task_factory(asyncio.eager_task_factory)


def loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the loops under which tests of the runtime run, for a hook of pytest-asyncio."""
    if sys.version_info < (3, 12):
        return {"virtual": VirtualTimeLoop}
    return {"virtual": VirtualTimeLoop, "eager": EagerVirtualTimeLoop}


def run_virtually(main: Coroutine[Any, Any, T], *, seed: int | None = None, eager: bool = False) -> T:
    """Run `main` to its end in a loop of its own; `eager` starts tasks at once, where Python can."""
    kind = EagerVirtualTimeLoop if eager and sys.version_info >= (3, 12) else VirtualTimeLoop
    with asyncio.Runner(loop_factory=lambda: kind(seed)) as runner:
        return runner.run(main)

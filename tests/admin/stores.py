"""Factories that `--state-store` names in the tests of the admin command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from penguiflow.state import InMemoryStateStore, RemoteBinding, StoredEvent, StoreError

TRACE = "trace-1"

not_callable = 3


def stored(number: int, **payload: object) -> StoredEvent:
    return StoredEvent(TRACE, float(number), "node_success", "pack", "n1", {"number": number, **payload})


async def with_three_events() -> InMemoryStateStore:
    store = InMemoryStateStore()
    for number in range(3):
        await store.save_event(stored(number))
    return store


def broken() -> NoReturn:
    raise StoreError("the file\nis \x1b[31mdamaged", hint="restore it")


def no_store() -> object:
    return object()


class Unreadable:
    """A store that was opened and then lost its connection; it remembers that it was closed."""

    closed = 0

    async def save_event(self, event: StoredEvent) -> None: ...

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        raise BrokenPipeError(32, "connection lost")

    async def save_remote_binding(self, binding: RemoteBinding) -> None: ...

    async def aclose(self) -> None:
        Unreadable.closed += 1

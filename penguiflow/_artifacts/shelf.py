"""Artifacts in memory, found by id, by session and by trace. Synchronous; knows no limits and no clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias, TypeVar

from penguiflow._artifacts.models import ArtifactRef

ArtifactKey: TypeAlias = tuple[str, str]
"""Session and artifact id. Two sessions may hold the same content, and neither is shown the other's ref."""

Group: TypeAlias = tuple[str, str | None]
"""A session and one of its traces, or the session as a whole."""

_NameT = TypeVar("_NameT", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One artifact. `put_at` is on the clock of the store."""

    data: bytes
    ref: ArtifactRef
    session_id: str
    trace_id: str | None
    put_at: float

    @property
    def key(self) -> ArtifactKey:
        return self.session_id, self.ref.id

    @property
    def groups(self) -> tuple[Group, ...]:
        whole_session: Group = (self.session_id, None)
        return (
            (whole_session,) if self.trace_id is None else (whole_session, (self.session_id, self.trace_id))
        )


class Shelf:
    """Keeps three views of the same artifacts in step: as they were put, by id, and by group as used."""

    def __init__(self) -> None:
        self._oldest_first: OrderedDict[ArtifactKey, Shelved] = OrderedDict()
        self._sizes_of_id: dict[str, dict[ArtifactKey, int]] = {}
        self._sizes_of_group: dict[Group, dict[ArtifactKey, int]] = {}
        self._total_bytes = 0

    def __len__(self) -> int:
        return len(self._oldest_first)

    @property
    def total_bytes(self) -> int:
        return self._total_bytes

    def add(self, item: Shelved) -> None:
        """Put an artifact behind all others, in place of one with the same key."""
        self.discard(item.key)
        size = len(item.data)
        self._oldest_first[item.key] = item
        self._sizes_of_id.setdefault(item.ref.id, {})[item.key] = size
        for group in item.groups:
            self._sizes_of_group.setdefault(group, {})[item.key] = size
        self._total_bytes += size

    def discard(self, key: ArtifactKey) -> bool:
        """Take an artifact off the shelf; `False` when it is not there."""
        item = self._oldest_first.pop(key, None)
        if item is None:
            return False
        _remove(self._sizes_of_id, item.ref.id, key)
        for group in item.groups:
            _remove(self._sizes_of_group, group, key)
        self._total_bytes -= len(item.data)
        return True

    def find(self, key: ArtifactKey) -> Shelved | None:
        return self._oldest_first.get(key)

    def keys_of_id(self, artifact_id: str) -> list[ArtifactKey]:
        """Return where the artifact is kept: once per session that put it, the first one first."""
        return list(self._sizes_of_id.get(artifact_id, ()))

    def sizes(self, group: Group) -> Mapping[ArtifactKey, int]:
        """Return the size of each artifact of a group, the one used longest ago first."""
        return self._sizes_of_group.get(group, {})

    def mark_used(self, item: Shelved) -> None:
        """Let the artifact be the last of its groups."""
        for group in item.groups:
            sizes = self._sizes_of_group[group]
            sizes[item.key] = sizes.pop(item.key)

    def discard_oldest_while(self, is_over: Callable[[Shelved], bool]) -> None:
        """Take artifacts off in the order they were put, until the first one that may stay."""
        over = list(takewhile(is_over, self._oldest_first.values()))
        for item in over:
            self.discard(item.key)


def _remove(views: dict[_NameT, dict[ArtifactKey, int]], name: _NameT, key: ArtifactKey) -> None:
    del views[name][key]
    if not views[name]:
        del views[name]

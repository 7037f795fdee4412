"""Reads resources, and keeps what was read for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.artifacts import ArtifactStore
from penguiflow.safe_text import safe_text
from penguiflow.tools._output.stores import ArtifactPuts, artifact_store_of, is_still_there
from penguiflow.tools._resources.reading import (
    ReadLimits,
    ResourceResult,
    contents_of_reply,
    joined,
    member,
    part_of,
    shown_uri,
)

ReadResource: TypeAlias = Callable[[str], Awaitable[object]]
"""Reads a URI: returns `ResourceContents` or a sequence of them, or what the protocol sends, which is
`{"contents": [{"text" or "blob": ..., "mimeType": ...}]}`."""

Reader: TypeAlias = tuple[str | None, str | None, str | None]
"""Tenant, user and session, as far as they are known."""

_Key: TypeAlias = tuple[str, Reader]

_MAX_REASON_CHARS = 2000
_DEFAULT_MAX_INLINE_CHARS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCacheConfig:
    """How much is kept, and for how long; a `ttl_seconds` of zero or less never ends."""

    enabled: bool = True
    max_entries: int = 1000
    ttl_seconds: float = 3600
    inline_text_if_under_chars: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    result: ResourceResult
    artifact_ids: Sequence[str]
    read_at: float


class ResourceCache:
    """Keeps what was read: short texts as they are, long ones and bytes in an artifact store.

    That is `artifact_store`, else the one of the context of each read. What one user or session read is never
    given to another. Without any store a text is returned whole, up to `max_inline_chars`, and bytes as
    `{"blob": base64, "mime_type": ...}`.
    """

    def __init__(
        self,
        artifact_store: ArtifactStore | None,
        namespace: str,
        config: ResourceCacheConfig | None = None,
        *,
        clock: MonotonicClock = monotonic_clock,
        max_inline_chars: int = _DEFAULT_MAX_INLINE_CHARS,
    ) -> None:
        self._store: ArtifactPuts | None = artifact_store
        self._namespace = f"{namespace}.resource"
        self._config = config or ResourceCacheConfig()
        self._clock = clock
        self._limits = ReadLimits(
            inline_chars=self._config.inline_text_if_under_chars, without_store_chars=max_inline_chars
        )
        self._entries: OrderedDict[_Key, _Entry] = OrderedDict()
        self._readers: dict[str, set[Reader]] = {}
        self._invalidations = 0

    @property
    def size(self) -> int:
        """How many results are kept."""
        return len(self._entries)

    async def get_or_fetch(
        self, uri: str, read_fn: ReadResource, ctx: object, *, refresh: bool = False
    ) -> ResourceResult:
        """Return what is kept of a resource, else read it; `refresh` reads it in any case.

        A read that fails, or finds nothing, returns `{"error": why}` and is not kept.
        """
        store = self._store or artifact_store_of(ctx)
        key = uri, reader_of(ctx)
        if not refresh:
            entry = await self._find(key, store)
            if entry is not None:
                return dict(entry.result)
        invalidations = self._invalidations
        try:
            contents = contents_of_reply(uri, await read_fn(uri))
        except Exception as error:  # noqa: BLE001 whatever a client library raises
            reason = safe_text(str(error) or type(error).__name__, max_chars=_MAX_REASON_CHARS)
            return {"error": f"{shown_uri(uri)} cannot be read: {reason}"}
        if not contents:
            return {"error": f"{shown_uri(uri)} has no content"}
        parts = [
            await part_of(content, store, namespace=self._namespace, limits=self._limits)
            for content in contents
        ]
        result = joined(contents, parts)
        # What was read before an invalidation is old already.
        if invalidations == self._invalidations and all(part.repeatable for part in parts):
            self._keep(key, result, [part.artifact_id for part in parts if part.artifact_id])
        return dict(result)

    def invalidate(self, uri: str) -> bool:
        """Forget what was read of a URI; False when there was nothing."""
        self._invalidations += 1
        readers = self._readers.pop(uri, set[Reader]())
        for reader in readers:
            del self._entries[uri, reader]
        return bool(readers)

    def invalidate_all(self) -> int:
        """Forget everything, and return how many results that were."""
        self._invalidations += 1
        count = len(self._entries)
        self._entries.clear()
        self._readers.clear()
        return count

    async def _find(self, key: _Key, store: ArtifactPuts | None) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        is_good = not self._is_expired(entry) and await _are_there(entry.artifact_ids, store)
        if self._entries.get(key) is not entry:
            return None  # it was forgotten or replaced meanwhile
        if not is_good:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def _is_expired(self, entry: _Entry) -> bool:
        ttl = self._config.ttl_seconds
        return 0 < ttl <= self._clock() - entry.read_at

    def _keep(self, key: _Key, result: ResourceResult, artifact_ids: Sequence[str]) -> None:
        if not self._config.enabled:
            return
        uri, reader = key
        self._entries[key] = _Entry(result=result, artifact_ids=artifact_ids, read_at=self._clock())
        self._entries.move_to_end(key)
        self._readers.setdefault(uri, set()).add(reader)
        while len(self._entries) > max(0, self._config.max_entries):
            self._forget(next(iter(self._entries)))

    def _forget(self, key: _Key) -> None:
        uri, reader = key
        del self._entries[key]
        self._readers[uri].discard(reader)
        if not self._readers[uri]:
            del self._readers[uri]


def reader_of(ctx: object) -> Reader:
    """Return who reads: nobody is to be given what another was allowed to read."""
    tool_context: object = getattr(ctx, "tool_context", None)

    def level(name: str) -> str | None:
        value = member(tool_context, name)
        return value if isinstance(value, str) else None

    return level("tenant_id"), level("user_id"), level("session_id")


async def _are_there(artifact_ids: Sequence[str], store: ArtifactPuts | None) -> bool:
    if store is None:
        return not artifact_ids
    for artifact_id in artifact_ids:
        if not await is_still_there(store, artifact_id):
            return False
    return True

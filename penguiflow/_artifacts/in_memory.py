"""An artifact store that lives as long as the process and stays within its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from penguiflow._artifacts.content import describe, full_id, text_bytes
from penguiflow._artifacts.models import ArtifactRef, ArtifactRetentionConfig, ArtifactScope
from penguiflow._artifacts.retention import (
    byte_limit,
    evictions,
    is_expired,
    session_limits,
    trace_limits,
)
from penguiflow._artifacts.scope import narrow_scope, session_of
from penguiflow._artifacts.shelf import ArtifactKey, Shelf, Shelved
from penguiflow._clock import MonotonicClock, monotonic_clock


class InMemoryArtifactStore:
    """Keeps artifacts per session, each session and each trace within the limits of `retention`.

    Content that a session puts again is one artifact with the ref of the first put, and begins its time to
    live anew. `get`, `get_ref`, `exists` and `delete` know ids only and look into every session;
    `get_with_session_check` looks into one. With `scope_filter` the store belongs to that scope: what is put
    without one gets it, and another one is refused.
    """

    def __init__(
        self,
        retention: ArtifactRetentionConfig | None = None,
        scope_filter: ArtifactScope | None = None,
        *,
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        self._retention = retention or ArtifactRetentionConfig()
        self._scope_filter = scope_filter
        self._clock = clock
        self._shelf = Shelf()

    @property
    def count(self) -> int:
        """How many artifacts can be read now."""
        self._drop_expired()
        return len(self._shelf)

    @property
    def total_bytes(self) -> int:
        """The size of all artifacts that can be read now."""
        self._drop_expired()
        return self._shelf.total_bytes

    async def put_bytes(
        self,
        data: bytes,
        *,
        mime_type: str | None = None,
        filename: str | None = None,
        namespace: str | None = None,
        scope: ArtifactScope | None = None,
        meta: Mapping[str, Any] | None = None,  # free-form notes
    ) -> ArtifactRef:
        """Keep the bytes; what the session and the trace hold beyond their limits goes.

        Raises:
            ValueError: the artifact is too large, or belongs to another scope than the store.
        """
        scope = narrow_scope(scope, self._scope_filter)
        in_trace = scope is not None and scope.trace_id is not None
        self._refuse_oversize(len(data), filename, in_trace=in_trace)
        ref = describe(
            data, mime_type=mime_type, filename=filename, namespace=namespace, scope=scope, meta=meta
        )
        self._drop_expired()
        return self._keep(bytes(data), ref, namespace)  # a buffer that comes untyped may be used again

    async def put_text(
        self,
        text: str,
        *,
        mime_type: str = "text/plain",
        filename: str | None = None,
        namespace: str | None = None,
        scope: ArtifactScope | None = None,
        meta: Mapping[str, Any] | None = None,  # free-form notes
    ) -> ArtifactRef:
        """Keep the text as UTF-8, in which a lone surrogate becomes `?`; otherwise as `put_bytes`."""
        return await self.put_bytes(
            text_bytes(text),
            mime_type=mime_type,
            filename=filename,
            namespace=namespace,
            scope=scope,
            meta=meta,
        )

    async def get(self, artifact_id: str) -> bytes | None:
        return self._read(next(iter(self._keys_of(artifact_id)), None))

    async def get_with_session_check(self, artifact_id: str, session_id: str) -> bytes | None:
        """Return the bytes if this very session put them."""
        self._drop_expired()
        return self._read((session_id, artifact_id))

    async def get_ref(self, artifact_id: str) -> ArtifactRef | None:
        for key in self._keys_of(artifact_id):
            item = self._shelf.find(key)
            return None if item is None else item.ref
        return None

    async def delete(self, artifact_id: str) -> bool:
        keys = self._keys_of(artifact_id)
        for key in keys:
            self._shelf.discard(key)
        return bool(keys)

    async def exists(self, artifact_id: str) -> bool:
        return bool(self._keys_of(artifact_id))

    def clear(self) -> None:
        """Drop every artifact."""
        self._shelf = Shelf()

    def clear_session(self, session_id: str) -> bool:
        """Drop every artifact of a session; `False` when there was none."""
        keys = list(self._shelf.sizes((session_id, None)))
        for key in keys:
            self._shelf.discard(key)
        return bool(keys)

    def _keep(self, data: bytes, ref: ArtifactRef, namespace: str | None) -> ArtifactRef:
        session_id, trace_id = session_of(ref.scope), ref.scope.trace_id if ref.scope else None
        known = self._shelf.find((session_id, ref.id))
        if known is not None and known.data != data:
            # Twelve digits of a digest can be made to collide; nobody may get other bytes than they put.
            ref = ref.model_copy(update={"id": full_id(namespace, ref.sha256 or "")})
            known = self._shelf.find((session_id, ref.id))
        now = self._clock()
        if known is not None:
            self._shelf.add(replace(known, put_at=now))
            return known.ref
        item = Shelved(data=data, ref=ref, session_id=session_id, trace_id=trace_id, put_at=now)
        self._make_room(item)
        self._shelf.add(item)
        return ref

    def _make_room(self, item: Shelved) -> None:
        if self._retention.cleanup_strategy == "none":
            return
        for group in item.groups:
            of_session = group[1] is None
            limits = session_limits(self._retention) if of_session else trace_limits(self._retention)
            for key in evictions(self._shelf.sizes(group), newcomer_bytes=len(item.data), limits=limits):
                self._shelf.discard(key)

    def _refuse_oversize(self, size: int, filename: str | None, *, in_trace: bool) -> None:
        setting, limit = byte_limit(self._retention, in_trace=in_trace)
        if size > limit:
            name = "an artifact" if filename is None else f"artifact `{filename}`"
            raise ValueError(
                f"{name} of {size} bytes exceeds limit `{setting}` of {limit}; "
                "raise it in the retention settings or store less"
            )

    def _keys_of(self, artifact_id: str) -> list[ArtifactKey]:
        self._drop_expired()
        return self._shelf.keys_of_id(artifact_id)

    def _read(self, key: ArtifactKey | None) -> bytes | None:
        item = None if key is None else self._shelf.find(key)
        if item is None:
            return None
        if self._retention.cleanup_strategy == "lru":
            self._shelf.mark_used(item)
        return item.data

    def _drop_expired(self) -> None:
        now, ttl_seconds = self._clock(), self._retention.ttl_seconds
        self._shelf.discard_oldest_while(
            lambda item: is_expired(put_at=item.put_at, now=now, ttl_seconds=ttl_seconds)
        )

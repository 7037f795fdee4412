"""The artifact store as tools of a run see it: scoped to the run's session, and told to its listeners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow.artifacts import ArtifactRef, ArtifactScope, ArtifactStore
from penguiflow.planner._loop.run_events import RunEvents


class RunArtifacts:
    """An `ArtifactStore` in front of the planner's own."""

    def __init__(self, store: ArtifactStore, events: RunEvents, tool_context: Mapping[str, Any]) -> None:
        self._store = store
        self._events = events
        session = tool_context.get("session_id")
        self._scope = ArtifactScope(session_id=session) if isinstance(session, str) else None

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
        """See `ArtifactStore`; without a scope the artifact belongs to the run's session."""
        ref = await self._store.put_bytes(
            data,
            mime_type=mime_type,
            filename=filename,
            namespace=namespace,
            scope=scope or self._scope,
            meta=meta,
        )
        return self._told(ref, namespace)

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
        """See `ArtifactStore`; without a scope the artifact belongs to the run's session."""
        ref = await self._store.put_text(
            text,
            mime_type=mime_type,
            filename=filename,
            namespace=namespace,
            scope=scope or self._scope,
            meta=meta,
        )
        return self._told(ref, namespace)

    async def get(self, artifact_id: str) -> bytes | None:
        """See `ArtifactStore`."""
        return await self._store.get(artifact_id)

    async def get_ref(self, artifact_id: str) -> ArtifactRef | None:
        """See `ArtifactStore`."""
        return await self._store.get_ref(artifact_id)

    async def delete(self, artifact_id: str) -> bool:
        """See `ArtifactStore`."""
        return await self._store.delete(artifact_id)

    async def exists(self, artifact_id: str) -> bool:
        """See `ArtifactStore`."""
        return await self._store.exists(artifact_id)

    def _told(self, ref: ArtifactRef, namespace: str | None) -> ArtifactRef:
        self._events.emit(
            "artifact_stored",
            artifact_id=ref.id,
            mime_type=ref.mime_type,
            size_bytes=ref.size_bytes,
            artifact_filename=ref.filename,
            source={"namespace": namespace},
        )
        return ref

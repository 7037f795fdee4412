"""The port of an artifact store, and finding one on an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from penguiflow._artifacts.models import ArtifactRef, ArtifactScope


@runtime_checkable
class ArtifactStore(Protocol):
    """Keeps bytes out of band, so that only their small `ArtifactRef` travels.

    The id of an artifact follows from its namespace and content: putting the same twice is one artifact.
    """

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
        """Keep the bytes and return what stands for them; `meta` becomes the ref's `source`.

        Raises:
            ValueError: the store takes no artifact of this size.
        """
        ...

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
        """Keep the text as UTF-8; otherwise as `put_bytes`."""
        ...

    async def get(self, artifact_id: str) -> bytes | None:
        """Return the bytes, `None` when the store has them no longer or never had."""
        ...

    async def get_ref(self, artifact_id: str) -> ArtifactRef | None:
        """Return what is known about the artifact, `None` as in `get`."""
        ...

    async def delete(self, artifact_id: str) -> bool:
        """Drop the artifact; `False` when there was none."""
        ...

    async def exists(self, artifact_id: str) -> bool:
        """Tell whether `get` would find the artifact."""
        ...


def discover_artifact_store(candidate: object) -> ArtifactStore | None:
    """Return the `artifact_store` of an object, else the object itself if it is one, else `None`."""
    for possible in (getattr(candidate, "artifact_store", None), candidate):
        if isinstance(possible, ArtifactStore):
            return possible
    return None

"""What the artifact stores of SQL databases have in common: deciding what is kept, under which id."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from penguiflow._artifacts.content import describe, full_id, text_bytes
from penguiflow._artifacts.models import ArtifactRef, ArtifactScope
from penguiflow._artifacts.scope import narrow_scope, session_of
from penguiflow.state.errors import StoreSchemaError


class StoredArtifacts(ABC):
    """The puts of an `ArtifactStore` that keeps each artifact until its session is deleted.

    Content that a session puts again is one artifact with the ref of the first put. With `scope_filter` the
    store belongs to that scope.
    """

    def __init__(self, scope_filter: ArtifactScope | None, *, max_artifact_bytes: int) -> None:
        self._scope_filter = scope_filter
        self._max_artifact_bytes = max_artifact_bytes

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
        """Keep the bytes.

        Raises:
            ValueError: the artifact is too large, or belongs to another scope than the store.
            StoreError: it could not be stored.
        """
        scope = narrow_scope(scope, self._scope_filter)
        data = bytes(data)  # a buffer that comes untyped may be used again while this waits
        self._refuse_oversize(len(data), filename)
        ref = describe(
            data, mime_type=mime_type, filename=filename, namespace=namespace, scope=scope, meta=meta
        )
        # Twelve digits of a digest can be made to collide; nobody may get other bytes than they put.
        longer = ref.model_copy(update={"id": full_id(namespace, ref.sha256 or "")})
        session_id = session_of(scope)
        return await self._keep(session_id, ref, data) or await self._keep(session_id, longer, data) or longer

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

    @abstractmethod
    async def _keep(self, session_id: str, ref: ArtifactRef, data: bytes) -> ArtifactRef | None:
        """Keep the artifact under the id of `ref` and return the ref of its first put.

        Returns `None` when other content stands there.
        """

    def _refuse_oversize(self, size: int, filename: str | None) -> None:
        if size > self._max_artifact_bytes:
            name = "an artifact" if filename is None else f"artifact `{filename}`"
            raise ValueError(
                f"{name} of {size} bytes exceeds the {self._max_artifact_bytes} bytes that this store takes; "
                "store less"
            )


def ref_text(ref: ArtifactRef) -> str:
    """Return the ref as JSON text in ASCII; a note without JSON form is kept as its `str`."""
    return json.dumps(ref.model_dump(mode="json", fallback=str))


def artifact_ref(text: str, *, artifact_id: str) -> ArtifactRef:
    """Read `ref_text`.

    Raises:
        StoreSchemaError: the row is damaged.
    """
    try:
        return ArtifactRef.model_validate(json.loads(text))
    except ValueError as exc:  # of the JSON, or of its fields
        raise StoreSchemaError(
            f"what is known about artifact `{artifact_id}` is damaged: {exc}",
            hint="delete the artifact, or its session",
        ) from exc

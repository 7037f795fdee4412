"""The artifact store of programs that keep no artifacts: it describes what it is given and drops it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from penguiflow._artifacts.content import describe, text_bytes
from penguiflow._artifacts.models import ArtifactRef, ArtifactScope

_log = logging.getLogger("penguiflow.artifacts")

_WARNING = "the content was not stored: no artifact store is configured"


class NoOpArtifactStore:
    """Stores nothing; the `source` of each ref says so and shows the beginning of a text.

    `max_inline_preview` is that beginning in characters. The first put of an instance logs a warning.
    """

    def __init__(self, max_inline_preview: int = 500) -> None:
        self._max_inline_preview = max_inline_preview
        self._has_warned = False

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
        """Describe the bytes; all of them are cut off."""
        self._warn_once()
        loss = {"warning": _WARNING, "truncated": True, "original_size": len(data)}
        return describe(
            data,
            mime_type=mime_type,
            filename=filename,
            namespace=namespace,
            scope=scope,
            meta={**(meta or {}), **loss},
        )

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
        """Describe the text and show its beginning as `preview`; `truncated` tells whether more is lost."""
        self._warn_once()
        data = text_bytes(text)
        loss = {
            "warning": _WARNING,
            "truncated": len(text) > self._max_inline_preview,
            "original_size": len(data),
            "preview": text[: self._max_inline_preview],
        }
        return describe(
            data,
            mime_type=mime_type,
            filename=filename,
            namespace=namespace,
            scope=scope,
            meta={**(meta or {}), **loss},
        )

    async def get(self, artifact_id: str) -> bytes | None:
        return None

    async def get_ref(self, artifact_id: str) -> ArtifactRef | None:
        return None

    async def delete(self, artifact_id: str) -> bool:
        return False

    async def exists(self, artifact_id: str) -> bool:
        return False

    def _warn_once(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "no artifact store is configured: artifacts are dropped; "
                "pass `artifact_store=InMemoryArtifactStore()` or a store of your own to keep them"
            )

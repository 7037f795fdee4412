"""Putting bytes and texts into whatever artifact store a caller's context has."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast, runtime_checkable

from pydantic import BaseModel, JsonValue

_log = logging.getLogger("penguiflow.tools")


@runtime_checkable
class ArtifactPuts(Protocol):
    """The half of `penguiflow.artifacts.ArtifactStore` that takes; a context may offer no more than that."""

    async def put_bytes(
        self,
        data: bytes,
        *,
        mime_type: str | None = None,
        namespace: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> object: ...

    async def put_text(
        self,
        text: str,
        *,
        mime_type: str = "text/plain",
        namespace: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What stands for the content now; not `is_stored` when the store keeps nothing and says so."""

    id: str
    record: dict[str, JsonValue]
    is_stored: bool


def artifact_store_of(ctx: object) -> ArtifactPuts | None:
    """Return the store of a context (its `artifacts`, else its `artifact_store`, else itself), if any."""
    for candidate in (getattr(ctx, "artifacts", None), getattr(ctx, "artifact_store", None), ctx):
        if isinstance(candidate, ArtifactPuts):
            return candidate
    return None


async def keep(
    store: ArtifactPuts,
    content: bytes | str,
    *,
    mime_type: str,
    namespace: str,
    meta: Mapping[str, object] | None = None,
) -> Kept | None:
    """Put content into the store; None when the store does not take it, which is logged."""
    try:
        if isinstance(content, str):
            ref = await store.put_text(content, mime_type=mime_type, namespace=namespace, meta=meta)
        else:
            ref = await store.put_bytes(content, mime_type=mime_type, namespace=namespace, meta=meta)
        return _kept(ref)
    except Exception as error:  # noqa: BLE001 a store that fails must not cost the result
        _log.warning("an artifact of `%s` was not stored: %s", namespace, type(error).__name__)
        return None


async def is_still_there(store: ArtifactPuts, artifact_id: str) -> bool:
    """Whether the store has the artifact; one that cannot tell is taken to have it no longer."""
    exists = getattr(store, "exists", None)
    if exists is None:
        return False
    try:
        return bool(await exists(artifact_id))
    except Exception:  # noqa: BLE001 as in `keep`
        return False


def _kept(ref: object) -> Kept:
    """Read a ref; raises TypeError for what is none."""
    record: dict[str, JsonValue]
    if isinstance(ref, BaseModel):
        record = ref.model_dump(mode="json", exclude_none=True)
    elif isinstance(ref, Mapping):
        record = dict(cast("Mapping[str, JsonValue]", ref))  # a store's own form of a ref, taken at its word
    else:
        raise TypeError(f"`{type(ref).__name__}` is no artifact ref")
    source = record.get("source")
    is_stored = not (isinstance(source, dict) and source.get("warning"))
    return Kept(id=str(record.get("id", "")), record=record, is_stored=is_stored)

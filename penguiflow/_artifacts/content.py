"""What follows from the content of an artifact alone: its bytes, its digest, its id, its ref."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from penguiflow._artifacts.models import ArtifactRef, ArtifactScope

_DEFAULT_NAMESPACE = "art"
_SHORT_DIGEST_CHARS = 12


def text_bytes(text: str) -> bytes:
    """Return the UTF-8 of a text; a lone surrogate, which has none, becomes `?`."""
    return text.encode("utf-8", "replace")


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def short_id(namespace: str | None, sha256: str) -> str:
    """Return the id of an artifact, short enough for a model to repeat."""
    return f"{namespace or _DEFAULT_NAMESPACE}_{sha256[:_SHORT_DIGEST_CHARS]}"


def full_id(namespace: str | None, sha256: str) -> str:
    """Return the id for content whose short id other content has taken."""
    return f"{namespace or _DEFAULT_NAMESPACE}_{sha256}"


def describe(
    data: bytes,
    *,
    mime_type: str | None,
    filename: str | None,
    namespace: str | None,
    scope: ArtifactScope | None,
    meta: Mapping[str, Any] | None,  # free-form notes
) -> ArtifactRef:
    """Return the ref of an artifact, under its short id."""
    sha256 = sha256_of(data)
    origin: dict[str, Any] = {} if namespace is None else {"namespace": namespace}
    return ArtifactRef(
        id=short_id(namespace, sha256),
        mime_type=mime_type,
        size_bytes=len(data),
        filename=filename,
        sha256=sha256,
        scope=scope,
        source=origin | dict(meta or {}),
    )

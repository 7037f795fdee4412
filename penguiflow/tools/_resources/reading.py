"""What reading a resource gives: short texts as they are, long ones and bytes as artifacts."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._output.stores import ArtifactPuts, Kept, keep
from penguiflow.tools._resources.values import ResourceContents

ResourceResult: TypeAlias = dict[str, JsonValue]
"""`{"text": ...}`, `{"artifact": ref}` or `{"error": ...}`; the others as `more` when one URI is several."""

_MAX_URI_CHARS = 200
_SMALL_CHARS = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """How long a text may be to be returned with a store, and anything without one."""

    inline_chars: int
    without_store_chars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPart:
    """What one content became; a part that is not `repeatable` is better read again than kept."""

    result: ResourceResult
    artifact_id: str | None = None
    repeatable: bool = True


def contents_of_reply(uri: str, reply: object) -> list[ResourceContents]:
    """Return the contents in what a read returned, whatever form they have there. Pure."""
    if isinstance(reply, str):
        return [ResourceContents(uri, text=reply)]
    inner = member(reply, "contents")
    found = reply if inner is None else inner
    if isinstance(found, Sequence) and not isinstance(found, bytes | str):
        items = list(cast("Sequence[object]", found))  # isinstance cannot see the type of the items
    else:
        items = [found]
    contents = [_content(uri, item) for item in items]
    return [content for content in contents if content.text is not None or content.blob is not None]


async def part_of(
    content: ResourceContents, store: ArtifactPuts | None, *, namespace: str, limits: ReadLimits
) -> ReadPart:
    """Return what is given for a content, having stored what is long or no text."""
    if content.blob is not None:
        return await _blob(content, content.blob, store, namespace=namespace, limits=limits)
    text = content.text or ""
    if len(text) <= limits.inline_chars:
        return ReadPart(result={"text": text})
    kept = await _keep(text, content, store, content.mime_type or "text/plain", namespace)
    if kept is not None and kept.is_stored:
        return ReadPart(result={"artifact": kept.record}, artifact_id=kept.id)
    whole: ResourceResult = {"text": _cut(text, limits.without_store_chars)}
    return ReadPart(result=whole if kept is None else {"artifact": kept.record, **whole}, repeatable=False)


def joined(contents: Sequence[ResourceContents], parts: Sequence[ReadPart]) -> ResourceResult:
    """Return the first part, with the others as `more`. Pure."""
    more: list[JsonValue] = [
        {"uri": content.uri, **part.result} for content, part in zip(contents[1:], parts[1:], strict=True)
    ]
    return {**parts[0].result, "more": more} if more else dict(parts[0].result)


def shown_uri(uri: str) -> str:
    """Return how a resource is called in a message."""
    return f"resource `{safe_line(uri, max_chars=_MAX_URI_CHARS)}`"


async def _blob(
    content: ResourceContents,
    blob: str,
    store: ArtifactPuts | None,
    *,
    namespace: str,
    limits: ReadLimits,
) -> ReadPart:
    mime_type = content.mime_type or "application/octet-stream"
    try:
        data = await _decoded(blob)
    except (binascii.Error, ValueError):
        error = f"{shown_uri(content.uri)} is not the base64 that its server says it is"
        return ReadPart(result={"error": error}, repeatable=False)
    kept = await _keep(data, content, store, mime_type, namespace)
    if kept is not None:
        return ReadPart(
            result={"artifact": kept.record},
            artifact_id=kept.id if kept.is_stored else None,
            repeatable=kept.is_stored,
        )
    if store is None and len(blob) <= limits.without_store_chars:
        return ReadPart(result={"blob": blob, "mime_type": mime_type}, repeatable=False)
    error = (
        f"{shown_uri(content.uri)} is too large for a result ({mime_type}, {len(data)} bytes), "
        "and no artifact store took it"
    )
    return ReadPart(result={"error": error}, repeatable=False)


async def _keep(
    content: str | bytes,
    about: ResourceContents,
    store: ArtifactPuts | None,
    mime_type: str,
    namespace: str,
) -> Kept | None:
    if store is None:
        return None
    return await keep(store, content, mime_type=mime_type, namespace=namespace, meta={"uri": about.uri})


def _content(uri: str, item: object) -> ResourceContents:
    if isinstance(item, ResourceContents):
        return item
    own_uri = member(item, "uri")
    mime_type = member(item, "mimeType") or member(item, "mime_type")
    text, blob = member(item, "text"), member(item, "blob")
    if isinstance(blob, bytes):
        blob = base64.b64encode(blob).decode("ascii")
    return ResourceContents(
        uri if own_uri is None else str(own_uri),
        mime_type=mime_type if isinstance(mime_type, str) else None,
        text=text if isinstance(text, str) else None,
        blob=blob if isinstance(blob, str) else None,
    )


def member(holder: object, name: str) -> object:
    """Return an item of a mapping, or an attribute of anything else; None if it has none."""
    if isinstance(holder, Mapping):
        return cast("Mapping[str, object]", holder).get(name)  # isinstance cannot see the types
    return getattr(holder, name, None)


def _cut(text: str, max_chars: int) -> str:
    missing = len(text) - max_chars
    return text if missing <= 0 else f"{text[:max_chars]}... ({missing} more characters)"


async def _decoded(blob: str) -> bytes:
    if len(blob) <= _SMALL_CHARS:
        return base64.b64decode(blob, validate=True)
    return await asyncio.to_thread(base64.b64decode, blob, validate=True)

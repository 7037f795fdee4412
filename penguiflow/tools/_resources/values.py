"""What a server offers beside tools: documents with a URI, and patterns of such URIs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class ResourceInfo:
    """A resource as its server lists it."""

    uri: str
    name: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size_bytes: int | None = None
    annotations: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class ResourceTemplateInfo:
    """A pattern of URIs (RFC 6570) whose resources can be read though they are not listed."""

    uri_template: str
    name: str | None = None
    description: str | None = None
    mime_type: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceContents:
    """What was read: either `text`, or `blob` in base64."""

    uri: str
    mime_type: str | None = None
    text: str | None = None
    blob: str | None = None


ResourceUpdated: TypeAlias = Callable[[str], Awaitable[None] | None]
"""Called with the URI of a resource that changed; may be a coroutine function."""

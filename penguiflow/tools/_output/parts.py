"""The parts of a result that do not stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """Bytes that become an artifact.

    `removed` are the members of an object that held them, `beside` a copy of it with its other members, which
    stay; both are empty when the bytes were a text of their own.
    """

    data: bytes = field(repr=False)
    mime_type: str
    template: str
    values: Mapping[str, str | int]
    removed: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue], repr=False)
    beside: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue], repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A text that becomes an artifact, and shows how it begins when `has_preview`."""

    text: str = field(repr=False)
    mime_type: str
    template: str
    values: Mapping[str, str | int]
    has_preview: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPart:
    """A resource that is named and not sent; `size_bytes` as its server says.

    `beside` are the members of the link that the protocol does not know: the summary does not tell them.
    """

    uri: str
    summary: str
    size_bytes: int | None
    beside: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue], repr=False)


Holder: TypeAlias = dict[str, JsonValue] | list[JsonValue]

Part: TypeAlias = FilePart | TextPart | LinkPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A part and its place: `holder[key]` in a copy of the result, where `original` stands until then."""

    part: Part
    original: JsonValue = field(repr=False)
    holder: Holder = field(repr=False)
    key: str | int

    def replace_by(self, value: JsonValue) -> None:
        """Put a value in its place."""
        put(self.holder, self.key, value)


def put(holder: Holder, key: str | int, value: JsonValue) -> None:
    """Put a value under a key of an object, or at an index of a list."""
    if isinstance(holder, dict):
        holder[str(key)] = value
    else:
        holder[int(key)] = value

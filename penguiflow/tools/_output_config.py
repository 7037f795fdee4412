"""Which parts of a result become artifacts, and how large a result may stay in the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, Field

DEFAULT_BINARY_SIGNATURES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "JVBERi": ("pdf", "application/pdf"),
        "iVBORw": ("png", "image/png"),
        "/9j/": ("jpeg", "image/jpeg"),
        "R0lGOD": ("gif", "image/gif"),
        "UEsDB": ("zip", "application/zip"),
        "UEsFB": ("zip", "application/zip"),
        "AAAA": ("unknown", "application/octet-stream"),
    }
)
"""How base64 of a known kind of file begins -> its extension and MIME type."""


class BinaryDetectionConfig(BaseModel):
    """When a long text is taken for base64 and kept as a file: it begins as a known kind does.

    `min_size_for_detection` counts characters, `max_decode_bytes` the decoded bytes of one text; with
    `require_magic_bytes` the decoded bytes have to begin as files of that kind do.
    """

    enabled: bool = True
    signatures: dict[str, tuple[str, str]] = Field(default_factory=lambda: dict(DEFAULT_BINARY_SIGNATURES))
    min_size_for_detection: int = 1000
    max_decode_bytes: int = Field(default=5_000_000, ge=1000)
    require_magic_bytes: bool = True


class ResourceHandlingConfig(BaseModel):
    """How resources of an MCP server are read.

    A linked resource that its server says is smaller than `auto_read_if_size_under_bytes` is read at once
    (0: never). Texts up to `inline_text_if_under_chars` are returned, longer ones become artifacts. With
    `cache_reads_to_artifacts` what was read once is kept until the server says that it changed.
    """

    enabled: bool = True
    auto_read_if_size_under_bytes: int = Field(default=0, ge=0)
    inline_text_if_under_chars: int = Field(default=10_000, ge=0)
    cache_reads_to_artifacts: bool = True


class ArtifactFieldConfig(BaseModel):
    """One field of a tool's result that becomes an artifact; `field_path` is dotted (`data.content`).

    `summary_template` may use `{content_type}`, `{mime_type}`, `{size}`, `{artifact_id}` and `{field_path}`.
    """

    field_path: str
    content_type: Literal["pdf", "image", "binary", "text"]
    mime_type: str | None = None
    summary_template: str = "Downloaded {content_type} ({size} bytes)"


class ArtifactExtractionConfig(BaseModel):
    """What of a result becomes an artifact, with a reference and a summary in its place.

    `tool_fields` maps a tool's name, with or without its namespace, to its fields. `max_inline_size` counts
    characters of one text; with `auto_artifact_large_content` longer ones become text artifacts. The
    templates may use `{mime_type}`, `{size}` and `{artifact_id}`.
    """

    max_inline_size: int = Field(default=10_000, ge=1)
    auto_artifact_large_content: bool = True
    binary_detection: BinaryDetectionConfig = Field(default_factory=BinaryDetectionConfig)
    resources: ResourceHandlingConfig = Field(default_factory=ResourceHandlingConfig)
    tool_fields: dict[str, list[ArtifactFieldConfig]] = Field(default_factory=dict)
    default_binary_summary: str = "Binary content stored as artifact ({mime_type}, {size} bytes)"
    default_text_summary: str = "Large text stored as artifact ({size} characters)"

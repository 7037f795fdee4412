"""Configs, contexts and contents for tests of what becomes an artifact."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penguiflow.artifacts import ArtifactRef, ArtifactStore, InMemoryArtifactStore
from penguiflow.tools._output import transform_output
from penguiflow.tools.config import ArtifactExtractionConfig, ExternalToolConfig, TransportType

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@dataclass
class Context:
    """As much of a tool's context as results need."""

    artifacts: object = field(default_factory=InMemoryArtifactStore)
    tool_context: Mapping[str, Any] = field(default_factory=dict[str, Any])


def config(extraction: Mapping[str, Any] | ArtifactExtractionConfig | None = None, **fields: Any) -> Any:
    values = {"name": "desk", "transport": TransportType.MCP, "connection": "desk", **fields}
    if extraction is not None:
        values["artifact_extraction"] = extraction
    return ExternalToolConfig.model_validate(values)


async def transformed(
    value: Any,
    extraction: Mapping[str, Any] | ArtifactExtractionConfig | None = None,
    *,
    tool: str = "desk.get",
    ctx: object = None,
    **fields: Any,
) -> Any:
    context = Context() if ctx is None else ctx
    return await transform_output(tool, value, config=config(extraction, **fields), ctx=context)


async def stored(store: object, record: Mapping[str, Any]) -> bytes:
    """Return the bytes behind the JSON form of a ref."""
    ref = ArtifactRef.model_validate(record)
    assert isinstance(store, ArtifactStore)
    data = await store.get(ref.id)
    assert data is not None
    assert len(data) == ref.size_bytes
    return data

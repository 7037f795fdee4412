"""Streamed chunks in the forms that browsers read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penguiflow.types import StreamChunk

__all__ = ["chunk_to_ws_json", "format_sse_event"]


def format_sse_event(
    chunk: StreamChunk, *, event_name: str | None = None, retry_ms: int | None = None
) -> str:
    """Return the chunk as one server-sent event; each line of its text is a `data` line of its own."""
    lines = [f"event: {event_name or ('done' if chunk.done else 'chunk')}", f"id: {chunk.seq}"]
    lines.extend(f"data: {line}" for line in _sse_lines(chunk.text))
    if chunk.meta:
        lines.append(f"data: {json.dumps(chunk.meta, ensure_ascii=False)}")
    if retry_ms is not None:
        lines.append(f"retry: {retry_ms}")
    return "\n".join(lines) + "\n\n"


def chunk_to_ws_json(
    chunk: StreamChunk,
    *,
    extra: Mapping[str, Any] | None = None,  # any JSON value
) -> str:
    """Return the chunk as a JSON object; `extra` wins over equal keys."""
    return json.dumps({**chunk.model_dump(mode="json"), **(extra or {})}, ensure_ascii=False)


def _sse_lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

"""How large a value is on the wire, as far as telemetry needs to know."""

from __future__ import annotations

import json

from pydantic import BaseModel


def json_bytes(value: object) -> int:
    """Return the length of `value` as UTF-8 JSON, or of its `str()`; 0 for a value that has neither."""
    for text_of in (_json_text, str):
        try:
            return len(text_of(value).encode("utf-8", "surrogatepass"))
        except Exception:  # noqa: BLE001 - foreign values may raise anything, and a number fails no call
            continue
    return 0


def _json_text(value: object) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json(warnings=False)
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", warnings=False)
    raise TypeError(f"`{type(value).__name__}` has no JSON form")

"""The JSON that goes to a server: one object for each envelope, with its largest parts aside if need be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from penguiflow._bus.envelope import BusEnvelope
from penguiflow._bus.plain_json import Json, plain_json
from penguiflow.redaction import redact

VERSION: Final = 1

PREVIEW_CHARS: Final = 1_000
_LIGHT_BYTES: Final = 4_096  # setting less aside would gain nothing

# A text that is cut may end in half a secret, which has no longer the form of one. So it is cut long before
# redaction, and what is shown ends at least a longest secret before that cut.
_PREVIEWED_CHARS: Final = 12_000
_LONGEST_SECRET_CHARS: Final = 8_400

_PARTS: Final = ("payload", "meta", "headers")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a publisher adds to an envelope; `ts` is Unix time in seconds."""

    message_id: str
    publisher: str
    seq: int
    ts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyPart:
    """The largest part of a document, and its JSON."""

    name: str
    data: bytes


def document(envelope: BusEnvelope, stamp: Stamp) -> dict[str, Json]:
    """Return the envelope as it is now in JSON form, secrets included."""
    facts: dict[str, Json] = plain_json(
        {
            "version": VERSION,
            "id": stamp.message_id,
            "publisher": stamp.publisher,
            "seq": stamp.seq,
            "ts": stamp.ts,
            "edge": envelope.edge,
            "source": envelope.source,
            "target": envelope.target,
            "trace_id": envelope.trace_id,
            "payload": envelope.payload,
            "headers": envelope.headers,
            "meta": envelope.meta,
            "large": {},
        }
    )
    return facts


def json_bytes(value: Json) -> bytes:
    """Return compact UTF-8 JSON, in which a lone surrogate is a question mark."""
    return _encode(value).encode("utf-8", "replace")


def without_secrets(body: bytes) -> dict[str, Json]:
    """Return the document of an encoded one with its parts redacted; previews are so from the beginning."""
    facts: dict[str, Json] = json.loads(body)
    return {**facts, **{name: redact(facts[name]) for name in _PARTS}}


def heaviest_part(facts: dict[str, Json]) -> HeavyPart | None:
    """Return the largest part that can be set aside, `None` if that would gain nothing."""
    parts = [HeavyPart(name=name, data=json_bytes(facts[name])) for name in _PARTS]
    heaviest = max(parts, key=lambda part: len(part.data))
    return heaviest if len(heaviest.data) > _LIGHT_BYTES else None


def set_aside(facts: dict[str, Json], part: HeavyPart, *, reference: Json = None) -> None:
    """Replace a part by what is said of it under `large`: its size, its beginning, and where it is kept."""
    facts["large"][part.name] = {
        "size_bytes": len(part.data),
        "preview": _preview(facts[part.name], len(part.data)),
        "truncated": reference is None,
        "ref": reference,
    }
    facts[part.name] = None


def _preview(value: Json, size: int) -> str:
    text = _encode(redact(plain_json(value, max_chars=_PREVIEWED_CHARS)))
    shown = PREVIEW_CHARS
    if size > _PREVIEWED_CHARS:
        shown = min(shown, max(0, len(text) - _LONGEST_SECRET_CHARS))
    return text[:shown]

"""What a memory writes into a store, and how it reads that back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penguiflow.planner._json import JsonObject, is_object, json_text
from penguiflow.planner._memory.config import ShortTermMemoryConfig, config_record
from penguiflow.planner._memory.health import MemoryHealth
from penguiflow.planner._memory.turns import read_turns, turn_record
from penguiflow.planner._memory.zones import Zones
from penguiflow.redaction import without_known_secrets

MEMORY_STATE_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMemory:
    """A stored state that was read. `fingerprint` is the same for the same content."""

    zones: Zones
    health: MemoryHealth
    fingerprint: str


def memory_record(zones: Zones, health: MemoryHealth, config: ShortTermMemoryConfig) -> JsonObject:
    """Return the stored form: JSON without registered secrets; no part of it is shared with the memory."""
    record: JsonObject = {
        "version": MEMORY_STATE_VERSION,
        "health": health.value,
        "summary": zones.summary,
        "turns": [turn_record(turn) for turn in zones.recent],
        "pending": [turn_record(turn) for turn in zones.pending],
        "backlog": [turn_record(turn) for turn in zones.backlog],
        "config_snapshot": config_record(config),
    }
    copied: JsonObject = json.loads(json_text(record))
    return without_known_secrets(copied)


def read_record(record: Mapping[str, Any]) -> StoredMemory:
    """Read what `memory_record` wrote.

    Raises:
        ValueError: another version, an unknown health, or a damaged state.
    """
    text = _text_of(record)
    state = json.loads(text)  # a copy: whose object the record is, and what becomes of it, is not known
    version = state.get("version")
    if version != MEMORY_STATE_VERSION:
        raise ValueError(
            f"the memory was stored with version `{version}`, this program reads {MEMORY_STATE_VERSION}: "
            "read it with the version that stored it, or delete it from the store"
        )
    health = state.get("health")
    if health not in list(MemoryHealth):
        raise ValueError(f"the stored memory has the unknown health `{health}`")
    summary = state.get("summary") or ""
    if not isinstance(summary, str):
        raise ValueError(f"the stored memory has a summary that is no text but `{type(summary).__name__}`")
    zones = Zones(
        summary=summary,
        backlog=read_turns(state.get("backlog") or []),
        pending=read_turns(state.get("pending") or []),
        recent=read_turns(state.get("turns") or []),
    )
    return StoredMemory(zones=zones, health=MemoryHealth(health), fingerprint=_digest(text))


def fingerprint(record: JsonObject) -> str:
    """Return what is the same for two stored states with the same content."""
    return _digest(json_text(record))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text_of(record: object) -> str:
    if not is_object(record):
        raise ValueError(f"a stored memory is an object; got `{type(record).__name__}`")
    try:
        return json_text(record)
    except (TypeError, RecursionError) as exc:
        raise ValueError(f"the stored memory is no JSON: {exc}") from exc

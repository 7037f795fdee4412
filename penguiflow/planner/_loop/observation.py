"""Cuts what a tool gave down to what a model can read, keeping its structure."""

from __future__ import annotations

from dataclasses import dataclass

from penguiflow.planner._json import Json, is_list, is_object, json_text
from penguiflow.planner.models import ObservationGuardrailConfig

_LIST_ITEMS = 20
_OBJECT_KEYS = 200
_MAX_DEPTH = 40
_LEAST_FIELD_CHARS = 20


@dataclass(frozen=True, slots=True)
class Clamped:
    """A shorter observation and the sizes of both JSON texts."""

    observation: Json
    original_chars: int
    clamped_chars: int


@dataclass(frozen=True, slots=True)
class _Cut:
    field_chars: int
    items: int
    keys: int
    suffix: str


def clamp(observation: Json, text_chars: int, config: ObservationGuardrailConfig) -> Clamped | None:
    """Return a shorter observation when its JSON text has more than `max_observation_chars`, else None."""
    limit = config.max_observation_chars
    if text_chars <= limit:
        return None
    cut = _Cut(config.max_field_chars, _LIST_ITEMS, _OBJECT_KEYS, config.truncation_suffix)
    while True:
        shorter = _cut(observation, cut, _MAX_DEPTH)
        size = len(json_text(shorter))
        if size <= limit:
            return Clamped(shorter, text_chars, size)
        if cut.field_chars <= _LEAST_FIELD_CHARS:
            preview = {
                "preview": json_text(shorter)[: limit // 2],
                "left_out": f"{text_chars} characters in all",
            }
            return Clamped(preview, text_chars, len(json_text(preview)))
        cut = _Cut(
            max(_LEAST_FIELD_CHARS, cut.field_chars // 2),
            max(1, cut.items // 2),
            max(1, cut.keys // 2),
            cut.suffix,
        )


def _cut(value: Json, cut: _Cut, depth: int) -> Json:
    if isinstance(value, str):
        return _cut_text(value, cut)
    if depth == 0 and (is_list(value) or is_object(value)):
        return "... (nested deeper)"
    if is_list(value):
        kept = [_cut(item, cut, depth - 1) for item in value[: cut.items]]
        return kept if len(kept) == len(value) else [*kept, f"... ({len(value) - len(kept)} more items)"]
    if is_object(value):
        names = list(value)[: cut.keys]
        shorter = {_cut_text(name, cut): _cut(value[name], cut, depth - 1) for name in names}
        return (
            shorter if len(names) == len(value) else shorter | {"...": f"{len(value) - len(names)} more keys"}
        )
    return value


def _cut_text(text: str, cut: _Cut) -> str:
    left_out = len(text) - cut.field_chars
    if left_out <= 0:
        return text
    return text[: cut.field_chars] + cut.suffix.format(truncated_chars=left_out)

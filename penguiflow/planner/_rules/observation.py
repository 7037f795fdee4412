"""Cuts what a tool gave down to what a model can read, keeping its structure."""

from __future__ import annotations

from dataclasses import dataclass

from penguiflow.planner._json import Json, JsonObject, is_list, is_object, json_text
from penguiflow.planner.models import ObservationGuardrailConfig

_LIST_ITEMS = 20
_OBJECT_KEYS = 200
_MAX_DEPTH = 40
_LEAST_FIELD_CHARS = 20
_SUFFIX = "... [{truncated_chars} characters left out]"


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
    if not config.preserve_structure:
        shorter = _preview(observation, text_chars, limit)
    else:
        cut = _Cut(config.max_field_chars, _LIST_ITEMS, _OBJECT_KEYS, config.truncation_suffix)
        shorter = _shortened(observation, text_chars, limit, cut)
    return Clamped(shorter, text_chars, len(json_text(shorter)))


def shortened(value: Json, chars: int) -> Json:
    """Return a JSON value in at most that many characters of text, keeping what structure it can."""
    text_chars = len(json_text(value))
    cut = _Cut(max(_LEAST_FIELD_CHARS, chars // 2), _LIST_ITEMS, _OBJECT_KEYS, _SUFFIX)
    return value if text_chars <= chars else _shortened(value, text_chars, chars, cut)


def _shortened(value: Json, text_chars: int, limit: int, cut: _Cut) -> Json:
    while True:
        shorter = _cut(value, cut, _MAX_DEPTH)
        if len(json_text(shorter)) <= limit:
            return shorter
        if cut.field_chars <= _LEAST_FIELD_CHARS:
            return _preview(shorter, text_chars, limit)
        cut = _Cut(
            max(_LEAST_FIELD_CHARS, cut.field_chars // 2),
            max(1, cut.items // 2),
            max(1, cut.keys // 2),
            cut.suffix,
        )


def _preview(value: Json, text_chars: int, limit: int) -> JsonObject:
    preview = json_text(value)[: limit // 2]
    record: JsonObject = {"preview": preview, "left_out": f"{text_chars} characters in all"}
    over = len(json_text(record)) - limit  # every quote in it counts twice
    return {**record, "preview": preview[:-over]} if over > 0 else record


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

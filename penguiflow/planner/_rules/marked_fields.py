"""What the author of a result model marked in it: artifacts that a model need not read, and sources.

A field with `json_schema_extra={"artifact": True}` is an artifact. A model whose config says
`json_schema_extra={"produces_sources": True}` is a source; its fields go by their names, or by the name in
`json_schema_extra={"source_field": ...}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import cast

from pydantic import BaseModel, ValidationError

from penguiflow.planner._json import Json, JsonObject, json_text
from penguiflow.planner.models import Source


@lru_cache(maxsize=1024)
def artifact_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the names of the fields that are artifacts."""
    return tuple(name for name in model.model_fields if _extra(model, name).get("artifact") is True)


def without_artifacts(observation: JsonObject, names: Iterable[str]) -> JsonObject:
    """Return the observation with a note in place of each artifact."""
    notes = {name: _note(observation[name]) for name in names if observation.get(name) is not None}
    return {**observation, **notes}


def sources_in(result: BaseModel) -> list[JsonObject]:
    """Return the sources in a tool's result, each once."""
    if not _may_hold_sources(type(result)):
        return []
    return merged_sources([], [source.model_dump(mode="json") for source in _sources(result)])


def merged_sources(known: list[JsonObject], more: Iterable[JsonObject]) -> list[JsonObject]:
    """Return both without repetitions; two sources are the same when title, URL and snippet are."""
    merged: dict[tuple[Json, ...], JsonObject] = {}
    for source in (*known, *more):
        merged.setdefault(_identity(source), source)
    return list(merged.values())


def _identity(source: Mapping[str, Json]) -> tuple[Json, ...]:
    return tuple(source.get(key) for key in ("title", "url", "snippet"))


def _note(value: Json) -> str:
    size = len(value) if isinstance(value, str) else len(json_text(value))
    return f"<artifact:{type(value).__name__} size={size}>"


@lru_cache(maxsize=1024)
def _may_hold_sources(model: type[BaseModel]) -> bool:
    try:
        return '"produces_sources":true' in json_text(model.model_json_schema())
    except Exception:  # noqa: BLE001 - a model without a schema cannot have said that it holds sources
        return False


def _sources(value: object) -> Iterator[Source]:
    if isinstance(value, BaseModel):
        if _produces_sources(type(value)):
            yield from _source_of(value)
        for name in type(value).model_fields:
            yield from _sources(getattr(value, name, None))
    elif isinstance(value, Mapping):
        for member in cast("Mapping[object, object]", value).values():
            yield from _sources(member)
    elif isinstance(value, list | tuple | set):
        for item in cast("Iterable[object]", value):
            yield from _sources(item)


def _source_of(value: BaseModel) -> Iterator[Source]:
    fields: JsonObject = {}
    for name in type(value).model_fields:
        target = _extra(type(value), name).get("source_field", name)
        if target in Source.model_fields:
            fields[target] = getattr(value, name, None)
    try:
        yield Source.model_validate(fields)
    except ValidationError:
        return  # a source nobody could name is none


def _produces_sources(model: type[BaseModel]) -> bool:
    extra = model.model_config.get("json_schema_extra")
    return isinstance(extra, Mapping) and cast("JsonObject", extra).get("produces_sources") is True


def _extra(model: type[BaseModel], field: str) -> JsonObject:
    extra = model.model_fields[field].json_schema_extra
    return cast("JsonObject", extra) if isinstance(extra, dict) else {}

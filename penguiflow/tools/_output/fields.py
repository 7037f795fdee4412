"""The fields of a tool's result that are artifacts because the config says so. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydantic import JsonValue

from penguiflow.tools._output.base64_files import decoded
from penguiflow.tools._output.parts import FilePart, Part, TextPart
from penguiflow.tools.config import ArtifactFieldConfig, ExternalToolConfig

_SHORTER_STAYS_CHARS = 100
_MIME_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "image": "image/png",
        "binary": "application/octet-stream",
        "text": "text/plain",
    }
)


def fields_of_tool(tool_name: str, config: ExternalToolConfig) -> Sequence[ArtifactFieldConfig]:
    """Return the fields configured for a namespaced tool, under its whole or under its own name."""
    configured = config.artifact_extraction.tool_fields
    own_name = tool_name.removeprefix(f"{config.name}.")
    return configured.get(tool_name) or configured.get(own_name) or ()


def places_of_fields(
    value: JsonValue, fields: Sequence[ArtifactFieldConfig]
) -> Mapping[tuple[int, str], ArtifactFieldConfig]:
    """Return the field for each place that is there: identity of the object that holds it, and the key."""
    places: dict[tuple[int, str], ArtifactFieldConfig] = {}
    for field in fields:
        *way, last = field.field_path.split(".")
        holder: JsonValue = value
        for step in way:
            holder = _member(holder, step)
        if isinstance(holder, dict) and last in holder:
            places.setdefault((id(holder), last), field)
    return places


def part_of_field(value: JsonValue, field: ArtifactFieldConfig) -> Part | None:
    """Return the artifact in a field; None when it is short, or is not what the config says."""
    if not isinstance(value, str) or len(value) <= _SHORTER_STAYS_CHARS:
        return None
    mime_type = field.mime_type or _MIME_TYPES[field.content_type]
    values: dict[str, str | int] = {"content_type": field.content_type, "field_path": field.field_path}
    if field.content_type == "text":
        size = len(value.encode("utf-8", "replace"))
        return TextPart(
            text=value,
            mime_type=mime_type,
            template=field.summary_template,
            values={**values, "mime_type": mime_type, "size": size},
        )
    data = decoded(value)
    if data is None:
        return None
    return FilePart(
        data=data,
        mime_type=mime_type,
        template=field.summary_template,
        values={**values, "mime_type": mime_type, "size": len(data)},
    )


def _member(holder: JsonValue, step: str) -> JsonValue:
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and step.isdecimal() and int(step) < len(holder):
        return holder[int(step)]
    return None

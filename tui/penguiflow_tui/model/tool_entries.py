"""The tools of a connection as lines of a list, and one of them in full."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.state.events import JsonObject
from penguiflow_tui.argument_fields import FormField, fields_of, json_object
from penguiflow_tui.model.bounded_json import pretty_json
from penguiflow_tui.model.detail import BODY_CHARS, DetailSection, DetailView
from penguiflow_tui.model.marks import Mark
from penguiflow_tui.model.state import ConnectionView

_MAX_NAME_CHARS = 200
_MAX_ARGUMENTS = 100

ToolState = Literal["usable", "left_out", "changed"]

TOOL_MARKS: dict[ToolState, Mark] = {
    "usable": Mark("●", "usable", "success"),
    "left_out": Mark("○", "left out by the configuration", "muted"),
    "changed": Mark("⚠", "changed, held back", "warning"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolEntry:
    """One tool. `name` is how the planner knows it, `own_name` how its server does; both are raw texts."""

    name: str
    own_name: str
    description: str
    schema: JsonObject
    output_schema: JsonObject | None
    hints: tuple[str, ...]
    state: ToolState


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLine:
    """A tool in one line of a list."""

    mark: Mark
    name: SafeText
    arguments: SafeText
    description: SafeText


def tool_entries(
    connection: ConnectionView, offers: Sequence[object], usable: Collection[str] | None
) -> tuple[ToolEntry, ...]:
    """Return the tools in the order of the server; what is no tool is left out.

    `usable` are the names the planner knows; without them, of a recording, all tools count as usable.
    """
    held_back = frozenset(connection.held_back)
    objects = (json_object(offer) for offer in offers)
    return tuple(
        _entry(connection.name, tool, usable, held_back)
        for tool in objects
        if tool is not None and "name" in tool
    )


def _entry(
    namespace: str, tool: JsonObject, usable: Collection[str] | None, held_back: Collection[str]
) -> ToolEntry:
    own_name = str(tool["name"])
    name = f"{namespace}.{safe_line(own_name, max_chars=_MAX_NAME_CHARS)}"
    state: ToolState = "usable" if usable is None or name in usable else "left_out"
    return ToolEntry(
        name=name,
        own_name=own_name,
        description=str(tool.get("description") or ""),
        schema=json_object(tool.get("input_schema")) or {},
        output_schema=json_object(tool.get("output_schema")),
        hints=_hints(tool),
        state="changed" if own_name in held_back else state,
    )


def _hints(tool: Mapping[str, Any]) -> tuple[str, ...]:  # JSON of a server, or of a stored text
    words = (
        ("read_only", True, "only reads"),
        ("read_only", False, "changes things"),
        ("destructive", True, "destroys"),
        ("idempotent", True, "twice is like once"),
    )
    return tuple(word for key, value, word in words if tool.get(key) is value)


def matching_tools(entries: Sequence[ToolEntry], words: str) -> tuple[ToolEntry, ...]:
    """Return the tools in whose name or description all the words stand."""
    wanted = words.casefold().split()
    if not wanted:
        return tuple(entries)
    return tuple(
        entry
        for entry in entries
        if all(word in f"{entry.name} {entry.description[:BODY_CHARS]}".casefold() for word in wanted)
    )


def tool_line(entry: ToolEntry) -> ToolLine:
    """Return the line of a tool: what it is called, what it takes, and the beginning of what it says."""
    fields = fields_of(entry.schema, {})
    arguments = ", ".join(f.name if f.required else f"{f.name}?" for f in fields[:_MAX_ARGUMENTS])
    return ToolLine(
        mark=TOOL_MARKS[entry.state],
        name=safe_line(entry.own_name, max_chars=80),
        arguments=safe_line(f"({arguments})", max_chars=120),
        description=safe_line(entry.description, max_chars=200),
    )


def tool_detail(entry: ToolEntry) -> DetailView:
    """Return everything about a tool; its cost is bounded whatever the server sent."""
    fields = fields_of(entry.schema, {})
    sections = [_section("Description", entry.description)] if entry.description else []
    sections.append(_section(f"Arguments ({len(fields)})", _arguments(fields) or "none"))
    if entry.hints:
        sections.append(_section("The server claims", ", ".join(entry.hints)))
    sections.append(_json_section("JSON schema of the arguments", entry.schema))
    if entry.output_schema is not None:
        sections.append(_json_section("JSON schema of the result", entry.output_schema))
    return DetailView(
        title=safe_line(entry.name, max_chars=100),
        mark=TOOL_MARKS[entry.state],
        figures=SafeText(""),
        sections=tuple(sections),
    )


def _arguments(fields: Sequence[FormField]) -> str:
    lines = [_argument(field) for field in fields[:_MAX_ARGUMENTS]]
    if len(fields) > _MAX_ARGUMENTS:
        lines.append(f"… and {len(fields) - _MAX_ARGUMENTS} more")
    return "\n".join(lines)


def _argument(field: FormField) -> str:
    choices = f" of {', '.join(field.choices)}" if field.choices else ""
    needed = "" if field.required else ", optional"
    what = f"  {safe_line(field.description, max_chars=200)}" if field.description else ""
    kind = safe_line(f"{field.type_label}{choices}", max_chars=120)
    return f"{safe_line(field.name, max_chars=60)}: {kind}{needed}{what}"


def _section(heading: str, text: str) -> DetailSection:
    return DetailSection(heading=heading, body=safe_text(text, max_chars=BODY_CHARS))


def _json_section(heading: str, value: JsonObject) -> DetailSection:
    shown = pretty_json(cast("object", value), BODY_CHARS)
    cut = "\n… cut here" if shown.is_cut else ""
    return DetailSection(heading=heading, body=safe_text(shown.text + cut), kind="json")

"""The tools of a UTCP manual. Pure: a JSON document comes in, values of our own go out.

One tool that cannot be called does not spoil the others: it is left out, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import PurePath

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._utcp.calls import Call, CommandCall, HttpCall, Step, TemplateError
from penguiflow.tools._utcp.commands import arguments_in, check_steps, optional_arguments_in, words_of
from penguiflow.tools._utcp.templates import kind_of, read_call

_REASONS_SHOWN = 3
_MAX_DEPTH = 100
_KEYWORDS_WITH_NAMES = frozenset({"properties", "$defs", "definitions"})
_KEYWORDS_WITH_VALUES = frozenset({"enum", "const", "default", "examples"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualTool:
    """One tool; `template` is its call template as it is written, with variables."""

    full_name: str
    description: str
    inputs: Mapping[str, JsonValue]
    outputs: Mapping[str, JsonValue]
    template: Mapping[str, JsonValue] = field(repr=False)
    call: Call

    @property
    def visible_name(self) -> str:
        """The last part of the name: the parts before it say which manual it is from."""
        return self.full_name.rpartition(".")[2] or self.full_name

    def as_remote(self) -> RemoteTool:
        """Return what a planner needs to know; HTTP says of its methods which may be repeated."""
        method = self.call.method if isinstance(self.call, HttpCall) else None
        changes_nothing = method == "GET" or not isinstance(self.call, (HttpCall, CommandCall))
        return RemoteTool(
            name=self.visible_name,
            description=self.description,
            input_schema=self.inputs,
            output_schema=self.outputs or None,
            read_only=changes_nothing,
            idempotent=changes_nothing or method in ("PUT", "DELETE"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A tool of the manual that cannot be called."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """What a manual offers; `version` is that of the protocol."""

    version: str | None
    tools: Sequence[ManualTool]
    left_out: Sequence[LeftOut] = ()

    def why_empty(self) -> str | None:
        """Return why no tool is left although the manual has some."""
        if self.tools or not self.left_out:
            return None
        reasons = "; ".join(f"`{tool.name}`: {tool.reason}" for tool in self.left_out[:_REASONS_SHOWN])
        return f"none of its {len(self.left_out)} tools can be called: {reasons}"


def manual_in(document: JsonValue) -> dict[str, JsonValue] | None:
    """Return the manual in a JSON document, of version 1 or of the drafts before it.

    A list of tools, or one tool, counts as a manual of these; None if it is something else.
    """
    if isinstance(document, list):
        document = {"tools": document}
    if not isinstance(document, dict):
        return None
    if _template_of(document) is not None:
        return {"tools": [document]}
    tools = document.get("tools")
    if not isinstance(tools, list):
        return None
    is_one = "utcp_version" in document or any(_template_of(tool) is not None for tool in tools)
    return document if is_one else None


def manual_of_command(command: str) -> Manual | None:
    """Return a manual of one tool which runs the command; None if it has no places for arguments.

    Raises:
        TemplateError: the command cannot be run, or arguments could turn it into another.
    """
    call = CommandCall(steps=(Step(command=command, shown=True),))
    names = arguments_in(call)
    if not names:
        return None
    check_steps(call)
    program = PurePath(words_of(command)[0]).name
    optional = optional_arguments_in(command)
    return Manual(
        version=None,
        tools=(
            ManualTool(
                full_name=re.sub(r"\W+", "_", program.partition(".")[0]) or "command",
                description=f"Runs the command `{safe_line(program, max_chars=100)}`.",
                inputs={
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in names},
                    "required": [name for name in names if name not in optional],
                },
                outputs={},
                template={},
                call=call,
            ),
        ),
    )


def read_manual(document: Mapping[str, JsonValue], *, kinds: Set[str]) -> Manual:
    """Return the tools of a manual; those whose call template is none of `kinds` are left out."""
    entries = document.get("tools")
    tools: list[ManualTool] = []
    left_out: list[LeftOut] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        try:
            tools.append(_tool(entry, kinds))
        except TemplateError as error:
            left_out.append(LeftOut(name=_name_or_number(entry, number), reason=str(error)))
    version = document.get("utcp_version")
    return Manual(
        version=safe_line(version, max_chars=50) if isinstance(version, str) else None,
        tools=tools,
        left_out=left_out,
    )


def _tool(entry: JsonValue, kinds: Set[str]) -> ManualTool:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(name, str) or not name.strip(". "):
        raise TemplateError("it has no name")
    if _is_deeper(entry, _MAX_DEPTH):
        raise TemplateError(f"it is nested more than {_MAX_DEPTH} deep")
    template = _template_of(entry)
    if template is None:
        raise TemplateError("it has no `tool_call_template`")
    kind = safe_line(kind_of(template), max_chars=50)
    if kind not in kinds:
        raise TemplateError(_refused_kind(kind))
    call = read_call(template)
    if isinstance(call, CommandCall):
        check_steps(call)
    description = entry.get("description")
    return ManualTool(
        full_name=name.strip(),
        description=description if isinstance(description, str) else "",
        inputs=_schema(entry.get("inputs")),
        outputs=_schema(entry.get("outputs")),
        template=template,
        call=call,
    )


def _template_of(entry: JsonValue) -> Mapping[str, JsonValue] | None:
    if not isinstance(entry, dict):
        return None
    template = entry.get("tool_call_template")
    if isinstance(template, dict):
        return template
    # The drafts before version 1 wrote it so.
    provider = entry.get("tool_provider")
    if isinstance(provider, dict):
        return {"call_template_type": provider.get("provider_type"), **provider}
    return None


def _refused_kind(kind: str) -> str:
    if kind == "cli":
        return "it runs a command, which a manual from the network may not"
    if kind == "mcp":
        return "it is a tool of an MCP server; connect to that with the transport `mcp`"
    return f"calls over `{kind}` are not known"


def _schema(value: JsonValue) -> Mapping[str, JsonValue]:
    """Return the JSON schema in a manual: UTCP's own models write `null` for each keyword that is not set."""
    schema = _without_nulls(value)
    return schema if isinstance(schema, dict) else {}


def _without_nulls(schema: JsonValue) -> JsonValue:
    if isinstance(schema, list):
        return [_without_nulls(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _kept(key, value) for key, value in schema.items() if value is not None}


def _kept(keyword: str, value: JsonValue) -> JsonValue:
    if keyword in _KEYWORDS_WITH_VALUES:
        return value
    if keyword in _KEYWORDS_WITH_NAMES and isinstance(value, dict):
        return {name: _without_nulls(schema) for name, schema in value.items()}
    return _without_nulls(value)


def _name_or_number(entry: JsonValue, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return safe_line(name, max_chars=100) if isinstance(name, str) else f"tool {number + 1}"


def _is_deeper(value: JsonValue, levels: int) -> bool:
    if levels == 0:
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_is_deeper(item, levels - 1) for item in items)

"""Servers taken into the text of a project's file, which stays as it is besides. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from penguiflow.safe_text import safe_text
from penguiflow.tools._other_clients.dialects import Definition
from penguiflow.tools._other_clients.literal_secrets import LiteralSecrets, NeededVariable
from penguiflow.tools._server_files.entries import SERVER_KEYS
from penguiflow.tools._server_files.json_text import Member, ObjectText, object_at, parse, without_comments
from penguiflow.tools._server_files.names import namespace_of

_INDENTED = re.compile(r'^([ \t]+)["/]', re.MULTILINE)
_EMPTY_FILE = '{\n  "mcpServers": {}\n}\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The new text, and what became of each server, by name.

    `kept` were there before and were not written over. `variables` have to be exported: credentials never
    stand in the text.
    """

    text: str = field(repr=False)
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    variables: tuple[NeededVariable, ...] = ()


def merged(text: str | None, chosen: Sequence[tuple[str, Definition]], *, replace: bool) -> Merged:
    """Return the text with the chosen servers in it, each a name and a definition; None for no file yet.

    Raises:
        ValueError: the text is no JSON object, or its servers are none. RecursionError: nested too deep.
    """
    text = text if text is not None and text.strip() else _EMPTY_FILE
    plan = _plan(_servers_in(text), chosen, replace=replace)
    secrets = LiteralSecrets()
    for member, name, definition in reversed(plan.replacements):  # from the end, so that places stay right
        value = _value(secrets.replaced(name, definition), text, _indent_before(text, member.key_start))
        text = text[: member.start] + value + text[member.end :]
    if plan.additions:
        safe = [(name, secrets.replaced(name, definition)) for name, definition in plan.additions]
        text = _with_members(text, safe)
    return Merged(
        text=text,
        added=tuple(name for name, _ in plan.additions),
        replaced=tuple(name for _, name, _ in plan.replacements),
        kept=plan.kept,
        variables=tuple(secrets.needed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    additions: tuple[tuple[str, Definition], ...]
    replacements: tuple[tuple[Member, str, Definition], ...]
    kept: tuple[str, ...]


def _plan(there: ObjectText | None, chosen: Sequence[tuple[str, Definition]], *, replace: bool) -> _Plan:
    known = {namespace_of(member.name): member for member in there.members} if there is not None else {}
    additions: dict[str, Definition] = {}
    replacements: dict[str, tuple[Member, str, Definition]] = {}
    kept: list[str] = []
    for name, definition in chosen:
        if name in additions or name in replacements or (name in known and not replace):
            kept.append(name)
        elif name in known:
            replacements[name] = known[name], name, definition
        else:
            additions[name] = definition
    in_order = sorted(replacements.values(), key=lambda replacement: replacement[0].start)
    return _Plan(additions=tuple(additions.items()), replacements=tuple(in_order), kept=tuple(kept))


def _servers_in(text: str) -> ObjectText | None:
    document = parse(text)
    if not isinstance(document, dict):
        raise ValueError("is no JSON object")
    key = next((key for key in SERVER_KEYS if key in document), None)
    if key is None:
        return None
    if not isinstance(document[key], dict):
        raise ValueError(f"{key}: has to be an object with one member per server")
    plain = without_comments(text)
    servers = object_at(plain).last(key)
    return object_at(plain, servers.start) if servers is not None else None


def _with_members(text: str, members: Sequence[tuple[str, Definition]]) -> str:
    servers = _servers_in(text)
    if servers is None:
        whole = object_at(without_comments(text))
        new: list[tuple[str, JsonValue]] = [(SERVER_KEYS[0], dict(members))]
        return _inserted(text, whole, new, depth=1)
    return _inserted(text, servers, list(members), depth=2)


def _inserted(text: str, there: ObjectText, new: Sequence[tuple[str, JsonValue]], *, depth: int) -> str:
    """Return the text with members at the end of an object, behind what is said about the last one."""
    unit = _unit(text)
    indent = _indent_before(text, there.members[-1].key_start) if there.members else unit * depth
    outer = indent.removesuffix(unit) if indent.endswith(unit) else unit * (depth - 1)
    line_end = "\r\n" if "\r\n" in text else "\n"
    before_close = text[: there.close].rstrip()
    added = ",".join(
        f"{line_end}{indent}{json.dumps(name)}: {_value(value, text, indent)}" for name, value in new
    )
    rest = f"{line_end}{outer}{text[there.close :]}"
    if not there.members:
        return before_close + added + rest
    last_end = there.members[-1].end
    has_comma = without_comments(before_close + ' "x"}')[last_end:].lstrip().startswith(",")
    comma = "" if has_comma else ","
    return before_close[:last_end] + comma + before_close[last_end:] + added + rest


def _value(value: JsonValue, text: str, indent: str) -> str:
    shown = json.dumps(value, indent=_unit(text), ensure_ascii=False)
    if safe_text(shown) != shown:  # hidden characters are written so that they can be seen
        shown = json.dumps(value, indent=_unit(text))
    return shown.replace("\n", ("\r\n" if "\r\n" in text else "\n") + indent)


def _unit(text: str) -> str:
    found = _INDENTED.search(text)
    return found.group(1) if found else "  "


def _indent_before(text: str, position: int) -> str:
    """Return the space between the begin of the line and this place, if nothing else stands there."""
    before = text[:position].rpartition("\n")[2]
    return before if not before.strip() else _unit(text) * 2

"""What was approved of a server's tools, and how a tool differs from it. Pure."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.tools._connecting.session import RemoteTool

ChangeKind: TypeAlias = Literal["description", "schema", "hints", "new"]

_MAX_TEXT_CHARS = 20_000
_MAX_KEY_CHARS = 200


class Pin(BaseModel):
    """One tool as it was seen: hashes of its parts to compare, texts of them to show.

    The texts may be cut, the hashes are of the whole. A tool that came after the first sight of its server is
    not `approved` until somebody does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description_hash: str
    schema_hash: str
    hints_hash: str
    description: str
    schema_text: str
    hints: str
    approved: bool = True

    @property
    def shown(self) -> SafeText:
        """The tool in lines for a person who compares it with another state of it."""
        return safe_text(
            f"{self.description}\n\nHints: {self.hints}\n\nArguments: {_in_lines(self.schema_text)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChange:
    """A tool that is not what was approved.

    `tool` is its name at the server, `shown_name` that name as it may be shown. `before` is None for a new
    tool. A tool that is `held_back` is not to be offered until the change is approved. `pin` is what an
    approval accepts.
    """

    server: str
    tool: str
    kinds: tuple[ChangeKind, ...]
    before: SafeText | None
    after: SafeText
    warnings: tuple[SafeText, ...] = ()
    held_back: bool = True
    pin: Pin

    @property
    def shown_name(self) -> SafeText:
        """The name of the tool on one line, with hidden characters visible."""
        return safe_line(self.tool, max_chars=200)

    @property
    def diff(self) -> SafeText:
        """The lines that went, marked `-`, and those that came, marked `+`, with some around them."""
        before = (self.before or "").splitlines()
        lines = difflib.unified_diff(before, self.after.splitlines(), lineterm="", n=2)
        return safe_text("\n".join(line for line in lines if not line.startswith(("---", "+++"))))


def pin_key(tool_name: str) -> str:
    """Return the name under which a tool is kept: its own, unless that is too long or cannot be written."""
    kept = tool_name.encode("utf-8", "backslashreplace").decode()
    return kept if len(kept) <= _MAX_KEY_CHARS else f"sha256:{_hash(tool_name)}"


def pin_of(server: str, tool: RemoteTool, *, approved: bool = True) -> Pin:
    """Return what to keep of a tool. The order of keys in its schema does not matter.

    Raises:
        RecursionError: its schema is nested too deep.
    """
    return Pin(
        description_hash=_hash(server, tool.name, "description", tool.description),
        schema_hash=_hash(server, tool.name, "schema", tool.input_schema),
        hints_hash=_hash(server, tool.name, "hints", _hints(tool)),
        description=safe_text(tool.description[:_MAX_TEXT_CHARS]),
        schema_text=_canonical(tool.input_schema)[:_MAX_TEXT_CHARS],
        hints=_hints_text(tool),
        approved=approved,
    )


def kinds_of_change(before: Pin | None, after: Pin) -> tuple[ChangeKind, ...]:
    """Return how a tool differs from what is pinned; nothing if it is the same and approved."""
    if before is None:
        return ("new",)
    kinds: list[ChangeKind] = [] if before.approved else ["new"]
    if before.description_hash != after.description_hash:
        kinds.append("description")
    if before.schema_hash != after.schema_hash:
        kinds.append("schema")
    if before.hints_hash != after.hints_hash:
        kinds.append("hints")
    return tuple(kinds)


def change_of(
    server: str,
    tool: RemoteTool,
    *,
    before: Pin | None,
    hold_new: bool,
    warnings: Iterable[SafeText] = (),
) -> ToolChange:
    """Return how a tool differs from what is pinned, which it does."""
    pin = pin_of(server, tool)
    kinds = kinds_of_change(before, pin)
    return ToolChange(
        server=server,
        tool=tool.name,
        kinds=kinds,
        before=before.shown if before is not None and kinds != ("new",) else None,
        after=pin.shown,
        warnings=tuple(warnings),
        held_back=hold_new or kinds != ("new",),
        pin=pin,
    )


def _hints(tool: RemoteTool) -> Mapping[str, bool | None]:
    return {"read_only": tool.read_only, "destructive": tool.destructive, "idempotent": tool.idempotent}


def _hints_text(tool: RemoteTool) -> str:
    said = [f"{name} {'yes' if value else 'no'}" for name, value in _hints(tool).items() if value is not None]
    return ", ".join(said) or "none"


def _in_lines(schema_text: str) -> str:
    try:
        schema: object = json.loads(schema_text)
        return json.dumps(schema, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):  # cut, or deeper than it could be shown
        return schema_text


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _hash(*parts: object) -> str:
    return hashlib.sha256(_canonical(parts).encode()).hexdigest()

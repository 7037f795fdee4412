"""Tools that changed after they were approved, and tools that pass for others.

A server may show harmless tools first and change their descriptions later, when a person looks no more. The
first tools a server shows are approved; from then on one that differs is held back until somebody has
reviewed it. Names, descriptions, argument schemas and hints are compared, by hash.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from penguiflow.safe_text import SafeText, safe_line
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._review.look_alikes import known_tools, suspicions_of
from penguiflow.tools._review.pins import (
    ChangeKind,
    Pin,
    ToolChange,
    change_of,
    kinds_of_change,
    pin_key,
    pin_of,
)
from penguiflow.tools._server_files.whole_file import read_small, write_private
from penguiflow.tools.errors import ErrorCategory, ToolNodeError

__all__ = ["ChangeKind", "ToolChange", "ToolPins", "ToolPinsError", "ToolReview"]

_MAX_BYTES = 500_000_000


class ToolReview(Protocol):
    """Says which tools of a server differ from what was approved."""

    def changes(self, server: str, tools: Sequence[RemoteTool]) -> Mapping[str, ToolChange]:
        """Return the tools that differ, by their name at the server; those not `held_back` may be offered.

        Raises:
            ToolNodeError: it cannot be said; the tools must not be offered then.
        """
        ...

    def approve_changes(self, changes: Iterable[ToolChange]) -> None:
        """Approve these tools as the changes show them, whatever the server says by now."""
        ...


class ToolPinsError(ToolNodeError):
    """The file of approved tools cannot be read or written."""


class _Section(BaseModel):
    """The servers of one scope: server -> tool -> pin."""

    model_config = ConfigDict(extra="forbid")

    servers: dict[str, dict[str, Pin]] = {}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    scopes: dict[str, _Section] = {}


class ToolPins:
    """What was approved, in a file only its owner can read, or in memory. Usable from any thread.

    `scope` says whose servers these are, such as the folder of a project: servers of one name in two scopes
    are two servers. A new tool of a known server may be offered at once, marked as new, unless `hold_new`.
    """

    def __init__(self, path: Path | None = None, *, scope: str = "", hold_new: bool = False) -> None:
        self._path = path
        self._scope = scope
        self._hold_new = hold_new
        self._lock = threading.Lock()
        self._in_memory = _File()
        self._last: dict[str, Mapping[str, ToolChange]] = {}

    def changes(self, server: str, tools: Sequence[RemoteTool]) -> Mapping[str, ToolChange]:
        """Return the tools that differ, by name. At the first sight of a server none does.

        Raises:
            ToolPinsError: the file is damaged or cannot be written.
        """
        with self._lock:
            file = self._read()
            pins = self._servers(file).get(server)
            if pins is None:
                self._servers(file)[server] = {pin_key(tool.name): _pin(server, tool) for tool in tools}
                self._write(file)
                self._last[server] = {}
                return {}
            found = self._compare(server, tools, file)
            self._last[server] = found
            if self._note_new_tools(pins, tools, found):
                self._write(file)
            return found

    def approve(self, server: str, names: Collection[str] | None = None) -> None:
        """Approve what `changes` returned last for this server; None for all of it.

        Raises:
            ToolPinsError: as `changes`.
        """
        last = self._last.get(server, {})
        self.approve_changes(change for name, change in last.items() if names is None or name in names)

    def approve_changes(self, changes: Iterable[ToolChange]) -> None:
        """Approve exactly what was reviewed, also if the server has changed once more since.

        Raises:
            ToolPinsError: as `changes`.
        """
        with self._lock:
            file = self._read()
            for change in changes:
                self._servers(file).setdefault(change.server, {})[pin_key(change.tool)] = change.pin
                rest = {
                    name: other
                    for name, other in self._last.get(change.server, {}).items()
                    if other != change
                }
                self._last[change.server] = rest
            self._write(file)

    def forget(self, server: str) -> None:
        """Take the next tools of this server as the first ones; raises as `changes`."""
        with self._lock:
            file = self._read()
            self._last.pop(server, None)
            if self._servers(file).pop(server, None) is not None:
                self._write(file)

    def suspicions(self, server: str, tools: Sequence[RemoteTool]) -> Mapping[str, tuple[SafeText, ...]]:
        """Return what is suspicious in tools, new or not, seen beside those of the other servers.

        Raises:
            ToolPinsError: the file is damaged.
        """
        with self._lock:
            return self._suspicions(server, tools, self._read())

    def _compare(self, server: str, tools: Sequence[RemoteTool], file: _File) -> dict[str, ToolChange]:
        pins = self._servers(file)[server]
        changed: list[RemoteTool] = []
        for tool in tools:
            before = pins.get(pin_key(tool.name))
            if kinds_of_change(before, _pin(server, tool)):
                changed.append(tool)
        if not changed:
            return {}
        warnings = self._suspicions(server, tools, file)
        return {
            tool.name: change_of(
                server,
                tool,
                before=pins.get(pin_key(tool.name)),
                hold_new=self._hold_new,
                warnings=warnings.get(tool.name, ()),
            )
            for tool in changed
        }

    def _suspicions(
        self, server: str, tools: Sequence[RemoteTool], file: _File
    ) -> dict[str, tuple[SafeText, ...]]:
        others = {name: pins for name, pins in self._servers(file).items() if name != server}
        return suspicions_of(server, tools, known_tools(others))

    @staticmethod
    def _note_new_tools(
        pins: dict[str, Pin], tools: Sequence[RemoteTool], found: Mapping[str, ToolChange]
    ) -> bool:
        """Keep how new tools look, so that one that changes before its approval shows; tell if any is kept.

        Those that went again without approval are dropped: the list stays as long as what was approved.
        """
        offered = {pin_key(tool.name) for tool in tools}
        gone = [name for name, pin in pins.items() if not pin.approved and name not in offered]
        for name in gone:
            del pins[name]
        new = {pin_key(name): change for name, change in found.items() if pin_key(name) not in pins}
        for key, change in new.items():
            pins[key] = change.pin.model_copy(update={"approved": False})
        return bool(gone or new)

    def _servers(self, file: _File) -> dict[str, dict[str, Pin]]:
        return file.scopes.setdefault(self._scope, _Section()).servers

    def _read(self) -> _File:
        if self._path is None:
            return self._in_memory
        try:
            return _File.model_validate_json(read_small(self._path, max_bytes=_MAX_BYTES))
        except FileNotFoundError:
            return _File()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise self._error(f"is damaged: {first['msg']}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise self._error(f"cannot be read: {error}") from error

    def _write(self, file: _File) -> None:
        if self._path is None:
            return
        try:
            write_private(self._path, file.model_dump_json() + "\n")
        except (OSError, ValueError) as error:
            raise self._error(f"cannot be written: {error}") from error

    def _error(self, what: str) -> ToolPinsError:
        return ToolPinsError(
            safe_line(f"the list of approved tools `{self._path}` {what}", max_chars=500),
            category=ErrorCategory.UNKNOWN,
            hint="repair the file, or remove it to take the tools of each server as approved",
        )


def _pin(server: str, tool: RemoteTool) -> Pin:
    try:
        return pin_of(server, tool)
    except RecursionError as error:
        raise ToolNodeError(
            f"the arguments of `{safe_line(tool.name, max_chars=200)}` of `{server}` are nested too deep",
            hint="leave the tool out with `tool_filter`",
        ) from error

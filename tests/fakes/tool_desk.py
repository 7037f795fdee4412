"""Tool connections without servers: what a person asks of them is kept, what they answer is given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from penguiflow.safe_text import SafeText


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeChange:
    """Satisfies `penguiflow_tui.ports.ChangedTool`."""

    shown_name: SafeText
    diff: SafeText
    kinds: Sequence[str] = ("description",)
    warnings: Sequence[SafeText] = ()
    held_back: bool = True


@dataclass
class FakeDesk:
    """Satisfies `penguiflow_tui.ports.ToolDesk`. `answer` is what every call gives, or raises."""

    offered: dict[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    approval: Collection[str] = ()
    problems: Sequence[str] = ()
    answer: object = "done"
    sign_in: Mapping[str, Any] = field(default_factory=dict)
    changed: dict[str, FakeChange] = field(default_factory=dict)
    left_out: Collection[str] = ()
    ready: set[str] = field(default_factory=set)
    reconnected: list[str] = field(default_factory=list)
    switched: list[tuple[str, bool]] = field(default_factory=list)
    called: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    approved: list[tuple[str, Collection[str]]] = field(default_factory=list)

    def is_ready(self, connection: str) -> bool:
        return connection in self.ready

    async def reconnect(self, connection: str) -> None:
        self.reconnected.append(connection)

    async def set_enabled(self, connection: str, enabled: bool) -> None:
        self.switched.append((connection, enabled))

    async def offers(self, connection: str) -> Sequence[Mapping[str, Any]]:
        return self.offered.get(connection, ())

    def usable_tools(self, connection: str) -> Collection[str]:
        names = (f"{connection}.{tool['name']}" for tool in self.offered.get(connection, ()))
        return frozenset(names) - frozenset(self.left_out)

    def asks_first(self, connection: str, tool: str) -> bool:
        return tool in self.approval

    def check(self, connection: str, tool: str, args: Mapping[str, Any]) -> Sequence[str]:
        return self.problems

    async def call(self, connection: str, tool: str, args: Mapping[str, Any]) -> object:
        self.called.append((connection, tool, args))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def begin_sign_in(self, connection: str) -> Mapping[str, Any]:
        return self.sign_in

    def changes(self, connection: str) -> Mapping[str, FakeChange]:
        return self.changed

    def approve_changes(self, connection: str, names: Collection[str]) -> None:
        self.approved.append((connection, names))

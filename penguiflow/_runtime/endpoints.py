"""The two ends of every flow, and what can own a context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.node import Node


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An end of the flow: it has a context like a node, but runs nothing."""

    name: str

    @property
    def node_id(self) -> str:
        """The name again; events identify endpoints by it."""
        return self.name


OPEN_SEA = Endpoint("OpenSea")
ROOKERY = Endpoint("Rookery")

Owner: TypeAlias = Node | Endpoint

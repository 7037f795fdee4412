"""What a session needs of an agent, whatever stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from penguiflow.planner.approvals import Decision
from penguiflow.tools.connection import ConnectionListener, ConnectionStatus

JsonObject: TypeAlias = Mapping[str, Any]
"""A JSON object; only its author knows what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The agent is done. `reason` is one of those of a `PlannerFinish`."""

    answer: str
    reason: str = "answer_complete"
    metadata: JsonObject = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The agent waits for a person; `resume_token` is given to `Agent.resume` once."""

    reason: str
    resume_token: str
    payload: JsonObject = field(default_factory=dict[str, Any])


AgentOutcome: TypeAlias = Answered | Paused


@runtime_checkable
class Connection(Protocol):
    """A connection to a tool server that can be watched, opened and closed."""

    @property
    def name(self) -> str: ...

    @property
    def status(self) -> ConnectionStatus: ...

    def on_status_change(self, listener: ConnectionListener) -> Callable[[], None]: ...

    async def connect(self) -> None: ...

    async def close(self) -> None: ...


@runtime_checkable
class RecoversRuns(Protocol):
    """An agent that can go on with a run whose process died after somebody answered."""

    async def recover(self, token: str, *, session_id: str, trace_id: str) -> AgentOutcome:
        """Go on with the answer that was given.

        Raises:
            KeyError: nothing broke off under the token: it still waits, or its run is over.
        """
        ...


class Agent(Protocol):
    """Something that answers questions, may use tools and may pause for a person."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str | None:
        """The model's name for people; `None` when the agent does not tell."""
        ...

    @property
    def connections(self) -> Sequence[Connection]:
        """The agent's tool servers; complete after `open`."""
        ...

    async def open(self) -> None:
        """Finish building the agent. Connections are opened by the session."""
        ...

    def check_ready(self) -> None:
        """Raise when the model cannot be asked, a missing key for instance. May import for a second."""
        ...

    async def ask(
        self, question: str, *, llm_context: JsonObject | None, tool_context: JsonObject
    ) -> AgentOutcome: ...

    async def resume(
        self, token: str, decision: Decision | None, *, session_id: str, trace_id: str
    ) -> AgentOutcome:
        """Go on after a pause. The agent kept the contexts of the run; the ids say which one it is.

        Raises:
            KeyError: the token is unknown or used.
            DecisionError: the decision does not fit; the token stays usable.
        """
        ...

    async def check_edit(self, token: str, args: JsonObject) -> Sequence[str]:
        """Return what is wrong with edited arguments of the call that waits; empty when nothing is."""
        ...

    async def discard(self, token: str) -> bool:
        """Forget a pause that nobody will answer; `False` when somebody took it before."""
        ...

    async def aclose(self) -> None:
        """Close the connections and whatever else the agent holds."""
        ...

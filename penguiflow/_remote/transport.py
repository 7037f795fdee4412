"""What a remote node says to a transport, what it hears back, and the port between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from penguiflow.types import Message

TaskReport: TypeAlias = Callable[[str, str | None], None]
"""Takes the task id and, if there is one, the context id."""


@dataclass(slots=True)
class RemoteCallRequest:
    """One call of a skill of a remote agent.

    A transport calls `on_task` in the event loop's thread as soon as the remote side has accepted the
    task, without waiting for its answer: only then can a call that is still in flight be cancelled there.
    """

    message: Message
    skill: str
    agent_url: str
    agent_card: Mapping[str, Any] | None = None  # the agent describes itself freely
    metadata: Mapping[str, Any] | None = None  # free-form, as in `Message.meta`
    timeout_s: float | None = None
    on_task: TaskReport | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class RemoteCallResult:
    """The answer to a call that was not streamed; `agent_url` is set if another agent took over."""

    result: Any  # whatever the remote skill returns
    context_id: str | None = None
    task_id: str | None = None
    agent_url: str | None = None
    meta: Mapping[str, Any] | None = None  # free-form


@dataclass(slots=True)
class RemoteStreamEvent:
    """One step of a streamed answer: a piece of text, the ids, the result, or several of them."""

    text: str | None = None
    done: bool = False
    meta: Mapping[str, Any] | None = None  # free-form
    context_id: str | None = None
    task_id: str | None = None
    agent_url: str | None = None
    result: Any = None  # whatever the remote skill returns


class RemoteTransport(Protocol):
    """The wire to remote agents. Whatever a method raises counts as the failure of that call."""

    async def send(self, request: RemoteCallRequest) -> RemoteCallResult:
        """Call the skill and return its whole answer."""
        ...

    def stream(self, request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        """Call the skill and return its answer step by step."""
        ...

    async def cancel(self, *, agent_url: str, task_id: str) -> None:
        """Ask the agent to end a task; one that has ended already is no failure."""
        ...

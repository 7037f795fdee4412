"""The connection of one config over time: opened, lost, opened again, closed, and always told to the board.

At most one link is current. A link that belongs to another event loop is abandoned and replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from penguiflow._clock import MonotonicClock
from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.backend import load_http, load_mcp, load_utcp
from penguiflow.tools._connecting.board import StatusBoard
from penguiflow.tools._connecting.circuit import Circuit
from penguiflow.tools._connecting.failures import Attempt, explain_end, explain_failure
from penguiflow.tools._connecting.link import Link, LinkEvents, OpenLink
from penguiflow.tools._connecting.plan import ConnectionPlan, target_text
from penguiflow.tools._connecting.process import ServerCommand, ServerOutput, running_server
from penguiflow.tools._connecting.session import (
    HttpService,
    OpenSession,
    RemoteTool,
    ServerUrl,
    ToolSession,
    UtcpService,
)
from penguiflow.tools.config import ExternalToolConfig, TransportType
from penguiflow.tools.connection import ConnectionState, ConnectionStatus
from penguiflow.tools.errors import ErrorCategory, ToolAuthError, ToolConnectionError, ToolNodeError

TakeTools: TypeAlias = Callable[[Sequence[RemoteTool]], int]
"""Takes what a server offers and returns how many tools are used; an exception refuses the connection."""

MakePlan: TypeAlias = Callable[[], ConnectionPlan]
"""Returns what to start or open now: variables and tokens may have changed."""


class ServerConnection:
    """Opens and closes the link to one server; shared by all calls."""

    def __init__(
        self,
        config: ExternalToolConfig,
        *,
        plan: MakePlan,
        clock: MonotonicClock,
        explore: Callable[[ToolSession], Awaitable[None]],
        take_tools: TakeTools,
    ) -> None:
        """`explore` asks the open session for more than its tools; it should not fail."""
        self._config = config
        self._plan = plan
        self._explore = explore
        self._clock = clock
        self._take_tools = take_tools
        self._link: Link | None = None
        self._circuit = Circuit()
        self.board = StatusBoard(first_status(config))

    async def open(self, *, insist: bool = False) -> tuple[Link, OpenLink]:
        """Return the link, connecting first if it is not up. Concurrent callers share one attempt.

        After several failures in a row it is not tried for a while, unless the caller insists.

        Raises:
            ToolNodeError: it did not come up; the board shows the same.
        """
        if not insist:
            self._refuse_if_circuit_is_open()
        link = self._current_link()
        try:
            return link, await link.wait_open()
        except asyncio.CancelledError:
            if link.was_stopped and self._link is link:
                self._show("closed")
            raise

    def stand_ready(self, tools: Sequence[RemoteTool]) -> None:
        """Be ready with these tools without a server, for a run that is played again."""
        self._show("ready", tool_count=self._take_tools(tools))

    async def close(self) -> None:
        """Leave the server and wait until nothing of it is left. Closing twice is harmless."""
        link, self._link = self._link, None
        if link is not None:
            if link.is_on_running_loop:
                await link.stop()
            else:
                link.abandon()
        if self.board.status.state != "idle":
            self._show("closed")

    def show_needs_auth(self, error: ToolNodeError, *, auth_url: str | None = None) -> None:
        """Have the board say that a person has to sign in."""
        self._show("needs_auth", error=str(error), hint=error.hint, auth_url=auth_url)

    def _refuse_if_circuit_is_open(self) -> None:
        if self._link is not None and self._link.is_usable:
            return
        if self._circuit.state(self._clock()) != "open":
            return
        raise ToolConnectionError(
            f"`{self._config.name}` failed {self._circuit.failures} times in a row and is left alone for "
            f"{self._circuit.wait_s(self._clock()):.0f} s: {self.board.status.last_error or 'no answer'}",
            category=ErrorCategory.UNKNOWN,
            hint="see why with `penguiflow tools doctor`; connecting by hand tries at once",
        )

    def _current_link(self) -> Link:
        if self._link is not None:
            if self._link.is_usable:
                return self._link
            if not self._link.is_on_running_loop:
                self._link.abandon()
        self._link = self._new_link()
        self._show("connecting")
        return self._link

    def _new_link(self) -> Link:
        output = ServerOutput()
        events = LinkEvents(
            prepare=lambda stack: self._prepare(stack, output),
            explore=self._explore,
            opened=self._on_opened,
            failed=lambda error: self._on_failed(error, output),
            lost=lambda: self._on_lost(output),
        )
        return Link(events, name=self._config.name, timeout_s=self._config.timeout_s, clock=self._clock)

    async def _prepare(self, stack: contextlib.AsyncExitStack, output: ServerOutput) -> OpenSession:
        plan = self._plan()
        match plan:
            case ServerUrl():
                return (await load_mcp()).open_url(plan)
            case HttpService():
                return (await load_http())(plan)
            case UtcpService():
                return (await load_utcp())(plan)
            case ServerCommand():
                # The server comes up while the packages load: each takes about a second.
                process = await stack.enter_async_context(running_server(plan, output))
                return (await load_mcp()).open_pipes(process)

    def _on_opened(self, opened: OpenLink) -> None:
        tool_count = self._take_tools(opened.tools)
        self._circuit = Circuit()
        self._show(
            "ready",
            tool_count=tool_count,
            server=_shown(opened.session.server),
            protocol_version=_shown(opened.session.protocol_version),
            latency_ms=opened.latency_ms,
        )

    def _on_failed(self, error: Exception, output: ServerOutput) -> ToolNodeError:
        explained = explain_failure(self._attempt(output), error)
        if isinstance(explained, ToolAuthError):
            self._show("needs_auth", error=str(explained), hint=explained.hint)
        else:
            self._show_failed(explained, output)
        return explained

    def _on_lost(self, output: ServerOutput) -> None:
        self._show_failed(explain_end(self._attempt(output)), output)

    def _show_failed(self, error: ToolNodeError, output: ServerOutput) -> None:
        self._circuit = self._circuit.after_failure(self._clock())
        self._show("failed", error=str(error), hint=error.hint, last_lines=tuple(output.last_lines.lines()))

    def _attempt(self, output: ServerOutput) -> Attempt:
        config = self._config
        return Attempt(
            name=config.name,
            target=target_text(config),
            program=None if config.is_url else _program(config),
            protocol=config.transport.value.upper(),
            cwd=config.cwd,
            timeout_s=config.timeout_s,
            last_lines=output.last_lines.lines(),
            exit_code=output.exit_code,
        )

    def _show(
        self,
        state: ConnectionState,
        *,
        tool_count: int = 0,
        server: str | None = None,
        protocol_version: str | None = None,
        latency_ms: float | None = None,
        error: str | None = None,
        hint: str | None = None,
        last_lines: tuple[str, ...] = (),
        auth_url: str | None = None,
    ) -> None:
        before = self.board.status
        self.board.show(
            dataclasses.replace(
                before,
                state=state,
                tool_count=tool_count,
                server=server,
                protocol_version=protocol_version,
                latency_ms=latency_ms,
                error=error,
                hint=hint,
                last_error=error or before.last_error,
                last_lines=last_lines,
                circuit=self._circuit.state(self._clock()),
                auth_url=auth_url,
            )
        )


def first_status(config: ExternalToolConfig) -> ConnectionStatus:
    """Return the status of a connection that was never opened."""
    return ConnectionStatus(
        name=config.name,
        state="idle" if config.enabled else "disabled",
        transport=_transport(config),
        target=target_text(config),
    )


def lost_error(status: ConnectionStatus) -> ToolConnectionError:
    """Return the error for a connection the board shows as gone."""
    return ToolConnectionError(status.error or f"the connection `{status.name}` is gone", hint=status.hint)


def _transport(config: ExternalToolConfig) -> str:
    if config.transport is not TransportType.MCP:
        return config.transport.value
    return "mcp http" if config.is_url else "mcp stdio"


def _program(config: ExternalToolConfig) -> str:
    try:
        words = shlex.split(config.connection)
    except ValueError:
        words = config.connection.split()
    return safe_line(words[0], max_chars=200) if words else ""


def _shown(text: str | None) -> str | None:
    return safe_line(text, max_chars=200) if text else None

"""The connection of one config over time: opened, lost, opened again, closed, and always told to the board.

At most one link is current. A link that belongs to another event loop is abandoned and replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shlex
from collections.abc import Callable, Mapping, Sequence

from penguiflow._clock import MonotonicClock
from penguiflow.safe_text import safe_line
from penguiflow.tools._backend import load_backend
from penguiflow.tools._failures import Attempt, explain_end, explain_failure
from penguiflow.tools._link import Link, LinkEvents, OpenLink
from penguiflow.tools._plan import plan_connection, target_text
from penguiflow.tools._process import ServerOutput, running_server
from penguiflow.tools._secrets import remember_secrets_of
from penguiflow.tools._session import OpenSession, RemoteTool, ServerUrl
from penguiflow.tools._status import StatusBoard
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.connection import ConnectionState, ConnectionStatus
from penguiflow.tools.errors import ToolAuthError, ToolConnectionError, ToolNodeError

TakeTools = Callable[[Sequence[RemoteTool]], int]
"""Takes what a server offers and returns how many tools are used; an exception refuses the connection."""


class ServerConnection:
    """Opens and closes the link to one server; shared by all calls."""

    def __init__(
        self,
        config: ExternalToolConfig,
        *,
        environment: Mapping[str, str],
        clock: MonotonicClock,
        take_tools: TakeTools,
    ) -> None:
        self._config = config
        self._environment = environment
        self._clock = clock
        self._take_tools = take_tools
        self._link: Link | None = None
        self.board = StatusBoard(
            ConnectionStatus(
                name=config.name, state="idle", transport=_transport(config), target=target_text(config)
            )
        )

    async def open(self) -> tuple[Link, OpenLink]:
        """Return the link, connecting first if it is not up. Concurrent callers share one attempt.

        Raises:
            ToolNodeError: it did not come up; the board shows the same.
        """
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
            opened=self._on_opened,
            failed=lambda error: self._on_failed(error, output),
            lost=lambda: self._on_lost(output),
        )
        return Link(events, name=self._config.name, timeout_s=self._config.timeout_s, clock=self._clock)

    async def _prepare(self, stack: contextlib.AsyncExitStack, output: ServerOutput) -> OpenSession:
        remember_secrets_of(self._config, self._environment)  # variables may have changed
        plan = plan_connection(self._config, self._environment)
        if isinstance(plan, ServerUrl):
            return (await load_backend()).openers.open_url(plan)
        # The server comes up while the packages load: each takes about a second.
        process = await stack.enter_async_context(running_server(plan, output))
        return (await load_backend()).openers.open_pipes(process)

    def _on_opened(self, opened: OpenLink) -> None:
        self._show(
            "ready",
            tool_count=self._take_tools(opened.tools),
            server=_shown(opened.session.server),
            protocol_version=_shown(opened.session.protocol_version),
            latency_ms=opened.latency_ms,
        )

    def _on_failed(self, error: Exception, output: ServerOutput) -> ToolNodeError:
        explained = explain_failure(self._attempt(output), error)
        state: ConnectionState = "needs_auth" if isinstance(explained, ToolAuthError) else "failed"
        self._show(state, error=str(explained), hint=explained.hint)
        return explained

    def _on_lost(self, output: ServerOutput) -> None:
        explained = explain_end(self._attempt(output))
        self._show("failed", error=str(explained), hint=explained.hint)

    def _attempt(self, output: ServerOutput) -> Attempt:
        config = self._config
        return Attempt(
            name=config.name,
            target=target_text(config),
            program=None if config.is_url else _program(config),
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
    ) -> None:
        self.board.show(
            dataclasses.replace(
                self.board.status,
                state=state,
                tool_count=tool_count,
                server=server,
                protocol_version=protocol_version,
                latency_ms=latency_ms,
                error=error,
                hint=hint,
            )
        )


def lost_error(status: ConnectionStatus) -> ToolConnectionError:
    """Return the error for a connection the board shows as gone."""
    return ToolConnectionError(status.error or f"the connection `{status.name}` is gone", hint=status.hint)


def _transport(config: ExternalToolConfig) -> str:
    return f"{config.transport.value} http" if config.is_url else f"{config.transport.value} stdio"


def _program(config: ExternalToolConfig) -> str:
    try:
        words = shlex.split(config.connection)
    except ValueError:
        words = config.connection.split()
    return safe_line(words[0], max_chars=200) if words else ""


def _shown(text: str | None) -> str | None:
    return safe_line(text, max_chars=200) if text else None

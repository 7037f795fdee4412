"""One call of a tool over an open connection, with the retries its failures allow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from penguiflow.safe_text import safe_text
from penguiflow.tools._connecting.backend import load_retries
from penguiflow.tools._connecting.link import Link
from penguiflow.tools._connecting.server_connection import ServerConnection, lost_error
from penguiflow.tools._connecting.session import RemoteResult, RemoteTool
from penguiflow.tools._node.repeating import LostDuringCallError, may_repeat, was_never_sent
from penguiflow.tools._node.specs import namespaced
from penguiflow.tools.adapters import adapt_exception
from penguiflow.tools.config import ExternalToolConfig, TransportType
from penguiflow.tools.errors import (
    ErrorCategory,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolTimeoutError,
)

_MAX_ERROR_CHARS = 4000


class ToolAttempts:
    """Calls the tools of one server; knows them by their namespaced names."""

    def __init__(self, config: ExternalToolConfig) -> None:
        self._config = config
        self._protocol = config.transport.value.upper()
        self._tools: Mapping[str, RemoteTool] = {}

    def use_tools(self, tools: Sequence[RemoteTool]) -> None:
        """Know these tools from now on."""
        self._tools = {namespaced(self._config, tool): tool for tool in tools}

    def full_name(self, tool_name: str) -> str:
        """Return the namespaced name for either form of a name."""
        prefix = f"{self._config.name}."
        return tool_name if tool_name.startswith(prefix) else prefix + tool_name

    def is_read_only(self, tool_name: str) -> bool:
        """Whether the server says that the tool changes nothing."""
        tool = self._tool(tool_name)
        return tool is not None and tool.read_only is True

    async def call(
        self, connection: ServerConnection, tool_name: str, args: Mapping[str, object]
    ) -> RemoteResult:
        """Call until it succeeds, the failure forbids another try, or the attempts are used up.

        Raises:
            ToolNodeError: the last failure.
        """
        call_with_retries = await load_retries()
        return await call_with_retries(
            lambda: self._attempt(connection, tool_name, args),
            self._config.retry_policy,
            lambda error: self._may_repeat(tool_name, error),
        )

    def _may_repeat(self, tool_name: str, error: BaseException) -> bool:
        tool = self._tool(tool_name)
        return may_repeat(
            error,
            retry_on_status=self._config.retry_policy.retry_on_status,
            tool=tool,
            approved_once=tool is not None and self._config.needs_approval(tool.name),
        )

    def _tool(self, tool_name: str) -> RemoteTool | None:
        """Return the tool; before connecting, and for one that the server does not list, `None`."""
        return self._tools.get(self.full_name(tool_name))

    async def _attempt(
        self, connection: ServerConnection, tool_name: str, args: Mapping[str, object]
    ) -> RemoteResult:
        link, opened = await connection.open()
        tool = self._tool(tool_name)
        name_at_server = tool.name if tool is not None else tool_name.removeprefix(f"{self._config.name}.")
        try:
            async with asyncio.timeout(self._config.timeout_s):
                result = await opened.session.call_tool(name_at_server, args)
        except TimeoutError as error:
            raise ToolTimeoutError(
                f"`{tool_name}` did not answer within {self._config.timeout_s:g} s", cause=error
            ) from error
        except Exception as error:
            raise await self._call_error(connection, link, tool_name, error) from error
        if result.is_error:
            said = safe_text(str(result.value), max_chars=_MAX_ERROR_CHARS)
            raise ToolClientError(f"{self._protocol} tool error: {said}")
        return result

    async def _call_error(
        self, connection: ServerConnection, link: Link, tool_name: str, error: Exception
    ) -> ToolNodeError:
        """Return what the failure of a call means; a connection that is broken is given up."""
        if link.was_stopped:
            return ToolConnectionError(
                f"`{self._config.name}` was closed while `{tool_name}` was running",
                category=ErrorCategory.CANCELLED,
            )
        adapted = adapt_exception(error, self._protocol)
        if not isinstance(adapted, ToolConnectionError):
            return adapted
        if self._config.transport is not TransportType.MCP:  # each request stands for itself
            if was_never_sent(error) or not adapted.is_retryable:
                return adapted
            return LostDuringCallError(str(adapted), hint=adapted.hint)
        await link.give_up()
        lost = lost_error(connection.board.status)
        was_refused = adapted.status_code is not None
        if was_refused or was_never_sent(error):
            return lost
        return LostDuringCallError(str(lost), hint=lost.hint)

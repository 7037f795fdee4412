"""`ToolNode`: the tools of one external server, as tools of the planner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.catalog import NodeSpec
from penguiflow.registry import ModelRegistry
from penguiflow.safe_text import safe_text
from penguiflow.tools._backend import load_backend
from penguiflow.tools._calls import LostDuringCallError, may_repeat, was_never_sent
from penguiflow.tools._connection import ServerConnection, lost_error
from penguiflow.tools._environment import process_environment
from penguiflow.tools._link import Link
from penguiflow.tools._plan import target_text
from penguiflow.tools._secrets import remember_secrets_of
from penguiflow.tools._session import RemoteResult, RemoteTool
from penguiflow.tools._specs import Origin, namespaced, register_specs, specs_of_tools
from penguiflow.tools.adapters import adapt_exception
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.connection import ConnectionListener, ConnectionStatus
from penguiflow.tools.errors import (
    ErrorCategory,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolTimeoutError,
)
from penguiflow.tools.offers import Offers, offered, offers_in_use

_MAX_ERROR_CHARS = 4000


class ToolNode:
    """One external tool server: connect, discover, call, close.

    Its tools are named `{config.name}.{tool}` and their models are declared in `registry`. `environment` is
    where `${VAR}` in the config is looked up and what a server process inherits the harmless part of
    (default: that of this process). A connection that was lost is opened again by the next call; so is one
    that belongs to an event loop which is over.
    """

    def __init__(
        self,
        config: ExternalToolConfig,
        registry: ModelRegistry,
        *,
        environment: Mapping[str, str] | None = None,
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        self.config = config
        self.registry = registry
        environment = process_environment() if environment is None else environment
        remember_secrets_of(config, environment)
        self._origin = Origin(name=config.name, target=target_text(config))
        self._specs: Sequence[NodeSpec] = ()
        self._tools: Mapping[str, RemoteTool] = {}
        self._offered: Sequence[RemoteTool] = ()
        self._slots_of_loop: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None
        self._connection = ServerConnection(
            config,
            environment=environment,
            clock=clock,
            take_tools=self._take_tools,
        )

    @property
    def name(self) -> str:
        """The namespace of the tools."""
        return self.config.name

    @property
    def status(self) -> ConnectionStatus:
        """The state of the connection now."""
        return self._connection.board.status

    def on_status_change(self, listener: ConnectionListener) -> Callable[[], None]:
        """Call `listener` with each new status, in the event loop; the function returned ends that."""
        return self._connection.board.on_change(listener)

    async def connect(self, ctx: object = None) -> None:
        """Connect and discover the tools; nothing happens if that is done.

        Takes at most `config.timeout_s`, plus a moment to end a server that did not come up. If it fails or
        is cancelled, nothing of the server is left. `ctx`, the context of a calling tool, may be given but
        changes nothing: credentials of the config are the same for every caller.

        Raises:
            ToolAuthError: a credential is missing or was refused.
            ToolConnectionError: the server cannot be started or reached; `hint` says what to do.
            ToolNodeError: a tool has a name that is taken.
        """
        recorded = offers_in_use(self.name)
        if recorded is not None:
            self._connection.stand_ready(recorded)
            return
        await self._connection.open()

    async def close(self) -> None:
        """Leave the server and wait until its processes are gone. Calls under way fail."""
        await self._connection.close()
        self._specs, self._tools, self._offered = (), {}, ()

    @property
    def offers(self) -> Offers:
        """What the server offers, also what the config leaves out; see `penguiflow.tools.offers`."""
        return offered(self._offered)

    def get_tools(self) -> list[NodeSpec]:
        """Return the tools of the last connection; empty before connecting and after closing."""
        return list(self._specs)

    def get_tool_specs(self) -> list[NodeSpec]:
        """Return the same as `get_tools`."""
        return self.get_tools()

    async def call(
        self, tool_name: str, args: Mapping[str, object], ctx: object = None
    ) -> dict[str, JsonValue]:
        """Call a tool by its namespaced or its own name and return `{"result": value}`.

        Connects first if needed, waits while `max_concurrency` calls are under way, and repeats a failed call
        where the retry policy and the nature of the failure allow it. `ctx` is as in `connect`.

        Raises:
            ToolClientError: the tool reported an error (its text is the server's) or does not exist.
            ToolTimeoutError: no answer within `config.timeout_s`. Other `ToolNodeError`s as their names say.
        """
        backend = await load_backend()
        async with self._slots():
            result = await backend.call_with_retries(
                lambda: self._attempt(tool_name, args),
                self.config.retry_policy,
                lambda error: self._may_repeat(tool_name, error),
            )
        return {"result": result.value}

    def _take_tools(self, tools: Sequence[RemoteTool]) -> int:
        specs = specs_of_tools(self.config, tools, origin=self._origin, tool_node=self, call=self.call)
        register_specs(specs, self.registry, origin=self._origin)
        self._specs, self._offered = specs, tools
        self._tools = {namespaced(self.config, tool): tool for tool in tools}
        return len(specs)

    async def _attempt(self, tool_name: str, args: Mapping[str, object]) -> RemoteResult:
        link, opened = await self._connection.open()
        try:
            async with asyncio.timeout(self.config.timeout_s):
                result = await opened.session.call_tool(self._name_at_server(tool_name), args)
        except TimeoutError as error:
            raise ToolTimeoutError(
                f"`{tool_name}` did not answer within {self.config.timeout_s:g} s", cause=error
            ) from error
        except Exception as error:
            raise await self._call_error(link, tool_name, error) from error
        if result.is_error:
            raise ToolClientError(
                f"MCP tool error: {safe_text(str(result.value), max_chars=_MAX_ERROR_CHARS)}"
            )
        return result

    async def _call_error(self, link: Link, tool_name: str, error: Exception) -> ToolNodeError:
        """Return what the failure of a call means; a connection that is broken is given up."""
        if link.was_stopped:
            return ToolConnectionError(
                f"`{self.name}` was closed while `{tool_name}` was running", category=ErrorCategory.CANCELLED
            )
        adapted = adapt_exception(error, "MCP")
        if not isinstance(adapted, ToolConnectionError):
            return adapted
        await link.give_up()
        lost = lost_error(self.status)
        was_refused = adapted.status_code is not None
        if was_refused or was_never_sent(error):
            return lost
        return LostDuringCallError(str(lost), hint=lost.hint)

    def _may_repeat(self, tool_name: str, error: BaseException) -> bool:
        tool = self._tools.get(self._namespaced(tool_name))
        return may_repeat(
            error,
            retry_on_status=self.config.retry_policy.retry_on_status,
            tool=tool,
            approved_once=tool is not None and self.config.needs_approval(tool.name),
        )

    def _namespaced(self, tool_name: str) -> str:
        prefix = f"{self.name}."
        return tool_name if tool_name.startswith(prefix) else prefix + tool_name

    def _name_at_server(self, tool_name: str) -> str:
        tool = self._tools.get(self._namespaced(tool_name))
        return tool.name if tool is not None else tool_name.removeprefix(f"{self.name}.")

    def _slots(self) -> asyncio.Semaphore:
        """Return the semaphore of the running loop; one cannot be used on two."""
        loop = asyncio.get_running_loop()
        if self._slots_of_loop is None or self._slots_of_loop[0] is not loop:
            self._slots_of_loop = loop, asyncio.Semaphore(self.config.max_concurrency)
        return self._slots_of_loop[1]

"""The owner of one connection: a task that connects, serves until told to stop, and leaves.

FastMCP's client has to be entered and left by the same task, whoever asks for it; here that task is this
one. Whoever waits for it sees a connection only when it is up, and a failure only when nothing of it is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from penguiflow._clock import MonotonicClock
from penguiflow.tools._connecting.session import OpenSession, RemoteTool, TellsToolChanges, ToolSession
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError

_logger = logging.getLogger("penguiflow.tools")

_LEAVE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLink:
    """A connection that is up, with the tools its server offers."""

    session: ToolSession
    tools: Sequence[RemoteTool]
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvents:
    """What the user of a link wants to do and know; all but `prepare` are called in the link's task."""

    prepare: Callable[[contextlib.AsyncExitStack], Awaitable[OpenSession]]
    """Return what to enter, having entered on the stack what that needs. Its time is not counted: it may
    load packages."""
    explore: Callable[[ToolSession], Awaitable[None]]
    """Ask the open session for more than its tools; its time is not counted, and it should not fail."""
    opened: Callable[[OpenLink], None]
    """Connected, or the tools changed; an exception refuses the connection, or the change."""
    failed: Callable[[Exception], Exception]
    """Connecting failed and nothing is left; returns the error for whoever waits."""
    lost: Callable[[], None]
    """The server went away by itself and nothing is left."""


class Link:
    """One connection, from connecting to gone; it is not used twice."""

    def __init__(self, events: LinkEvents, *, name: str, timeout_s: float, clock: MonotonicClock) -> None:
        """Begin to connect; `timeout_s` bounds connecting and discovery together."""
        self._events = events
        self._name = name
        self._timeout_s = timeout_s
        self._clock = clock
        self._waiting = 0
        self._stopping = False
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._news = asyncio.Event()  # it is over, or the server says that its tools changed
        self._opened: asyncio.Future[OpenLink] = self._loop.create_future()
        self._task = self._loop.create_task(self._own(), name=f"tool connection {name}")

    @property
    def is_usable(self) -> bool:
        """Whether it is up or coming up, on the running loop."""
        return self.is_on_running_loop and not self._stopping and not self._over.done()

    @property
    def is_on_running_loop(self) -> bool:
        return self._loop is asyncio.get_running_loop()

    @property
    def was_stopped(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stopping

    async def wait_open(self) -> OpenLink:
        """Wait until it is up. If the last one who waits is cancelled, connecting is given up.

        Raises:
            ToolConnectionError: it was stopped meanwhile. Other exceptions: what `failed` returned.
        """
        self._waiting += 1
        try:
            return await asyncio.shield(self._opened)
        except asyncio.CancelledError:
            if self._waiting == 1 and not self._opened.done():
                await self.stop()
            raise
        finally:
            self._waiting -= 1

    def request_stop(self) -> None:
        """Ask it to leave, without waiting; from any thread if its loop is not the running one."""
        if self._stopping:
            return
        self._stopping = True
        if self._opened.done():
            self._finish()
        else:
            self._task.cancel()

    def abandon(self) -> None:
        """Ask a link that belongs to another loop to leave, if that loop still runs."""
        # Fails when the loop is closed; its end has cancelled the task, which has left by that.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.request_stop)

    async def stop(self) -> None:
        """Leave and wait until nothing is left: a few seconds at most, also when cancelled meanwhile."""
        self.request_stop()
        await self._wait_gone()

    async def give_up(self) -> None:
        """Treat the server as lost: leave, tell `lost`, and wait until nothing is left."""
        self._finish()
        await self._wait_gone()

    async def _wait_gone(self) -> None:
        cancelled: asyncio.CancelledError | None = None
        while not self._task.done():
            try:
                await asyncio.wait({self._task})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _own(self) -> None:
        try:
            await self._connect_and_serve()
        except asyncio.CancelledError:
            self._fail(self._stopped_error())
            if not self._stopping:
                raise
        except Exception as error:  # noqa: BLE001 it is given to whoever waits
            self._fail(self._events.failed(error))
        finally:
            self._finish()
        if not self._stopping and self._opened.exception() is None:
            self._events.lost()

    async def _connect_and_serve(self) -> None:
        stack = contextlib.AsyncExitStack()
        try:
            opened = await self._connect(stack)
            self._events.opened(opened)
        except BaseException as error:
            await _leave(stack, error)
            raise
        opened.session.on_ended(self._finish)
        if isinstance(opened.session, TellsToolChanges):
            opened.session.on_tools_changed(self._news.set)
        self._opened.set_result(opened)
        if self._stopping:
            # The cancellation came too late to be noticed by whatever was entered.
            self._finish()
        try:
            await self._serve(opened)
        finally:
            await _leave(stack, None)

    async def _serve(self, opened: OpenLink) -> None:
        """Wait until it is over; list the tools again whenever the server says that they changed."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self._over.done():
                return
            await self._list_again(opened)

    async def _list_again(self, opened: OpenLink) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                tools = await opened.session.list_tools()
            self._events.opened(replace(opened, tools=tools))
        except Exception as error:  # noqa: BLE001 whatever a server does; what was listed before still works
            _logger.warning("the changed tools of `%s` were not taken: %s", self._name, error)

    async def _connect(self, stack: contextlib.AsyncExitStack) -> OpenLink:
        connection = await self._events.prepare(stack)
        started = self._clock()
        async with asyncio.timeout(self._timeout_s):
            session = await stack.enter_async_context(connection)
            tools = await session.list_tools()
        opened = OpenLink(session=session, tools=tools, latency_ms=(self._clock() - started) * 1000)
        await self._events.explore(session)
        return opened

    def _finish(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
            self._news.set()

    def _fail(self, error: Exception) -> None:
        if not self._opened.done():
            self._opened.set_exception(error)
            self._opened.exception()  # nobody may be waiting any more, which is no reason for a warning

    def _stopped_error(self) -> ToolConnectionError:
        return ToolConnectionError(
            f"the connection `{self._name}` was closed while it was connecting",
            category=ErrorCategory.CANCELLED,
        )


async def _leave(stack: contextlib.AsyncExitStack, error: BaseException | None) -> None:
    """Leave everything; what was entered hears of `error`, and has less patience then."""
    # What goes wrong on the way out of a connection that is over concerns nobody.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_LEAVE_S):
            await stack.__aexit__(type(error) if error else None, error, None)

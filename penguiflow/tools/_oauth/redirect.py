"""A page of this machine that people come back to after they signed in (RFC 8252, section 7.3)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeAlias

from penguiflow.tools._oauth.pages import SIGNED_IN, Page, failed, refusal, render, target_of
from penguiflow.tools._oauth.pending import SIGN_IN_LIFETIME_S
from penguiflow.tools._oauth.stores import EntryLocks
from penguiflow.tools._oauth.urls import RedirectAnswer, redirect_answer
from penguiflow.tools.errors import ToolConnectionError, ToolNodeError

_MAX_HEAD_BYTES = 16_384
_REQUEST_TIMEOUT_S = 10.0
_HOST = "127.0.0.1"

Finish: TypeAlias = Callable[[RedirectAnswer], Awaitable[object]]
"""Finishes the sign-in an answer belongs to, or raises a `ToolNodeError` that says why not."""


class LoopbackRedirect:
    """Listens on 127.0.0.1 for people who come back, while somebody is signing in.

    Give it to an `OAuthManager`, which starts it with a sign-in and closes it. `port` 0 takes a free port,
    a fixed one is for a redirect URI that was registered by hand. It also ends by itself when no sign-in was
    begun for `idle_timeout_s`, and starts again, if it can on the same port, with the next.
    """

    def __init__(
        self, *, port: int = 0, path: str = "/callback", idle_timeout_s: float = SIGN_IN_LIFETIME_S
    ) -> None:
        self._fixed_port = port
        self._last_port = port
        self._path = path
        self._idle_timeout_s = idle_timeout_s
        self._starting = EntryLocks()
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._answering: set[asyncio.Task[object]] = set()
        self._finish: Finish | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def is_listening(self) -> bool:
        """Whether people who come back are answered now."""
        return self._server is not None and self._server.is_serving()

    async def listen(self, finish: Finish) -> str:
        """Answer people who come back with what `finish` makes of it; return the redirect URI.

        Raises:
            ToolConnectionError: the port is taken.
        """
        self._finish = finish
        loop = asyncio.get_running_loop()
        async with self._starting.exclusive("server"):
            if not self.is_listening or self._loop is not loop:
                self._server, self._loop = await self._start(), loop
        self._stop_timer()
        self._idle = loop.call_later(self._idle_timeout_s, self._stop_listening)
        return f"http://{_HOST}:{self._last_port}{self._path}"

    async def aclose(self) -> None:
        """Stop listening; nothing of it is left when this returns."""
        self._stop_timer()
        server, self._server = self._server, None
        if server is None or self._loop is not asyncio.get_running_loop():
            return
        server.close()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)
        await server.wait_closed()

    async def _start(self) -> asyncio.Server:
        try:
            server = await self._serve(self._last_port)
        except OSError as error:
            if self._fixed_port:
                raise ToolConnectionError(
                    f"port {self._fixed_port} of this machine, where people come back to, is taken",
                    hint="end the program that uses it, and sign in again",
                    cause=error,
                ) from error
            server = await self._serve(0)
        self._last_port = int(server.sockets[0].getsockname()[1])
        return server

    async def _serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._answer, _HOST, port, limit=_MAX_HEAD_BYTES)

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()

    def _stop_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        try:
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(render(await self._page_for(head)))
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever that was is gone, or is no browser
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _page_for(self, head: bytes) -> Page:
        refused = refusal(head, port=self._last_port, path=self._path)
        if refused is not None:
            return refused
        if self._finish is None:
            return failed("Nobody is signing in")
        try:
            await self._finish(redirect_answer(target_of(head)))
        except ToolNodeError as error:
            return failed(str(error))
        return SIGNED_IN

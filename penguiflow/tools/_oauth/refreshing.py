"""Exchanges refresh tokens, once for everybody who waits."""

from __future__ import annotations

import asyncio

from penguiflow._clock import WallClock
from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.book import GrantBook
from penguiflow.tools._oauth.exchange import Request, Send
from penguiflow.tools._oauth.grants import Grant
from penguiflow.tools._oauth.provider import Provider
from penguiflow.tools._oauth.tokens import TokenEndpointError, refresh_request, renewed_grant
from penguiflow.tools._oauth.urls import checked_url
from penguiflow.tools.errors import ToolConnectionError

_Key = tuple[asyncio.AbstractEventLoop, str, str, str]


class Refresher:
    """Runs one refresh per person and server at a time.

    A refresh belongs to the refresher and not to who asked: giving up waiting does not end it, because an
    authorization server may have replaced the refresh token already.
    """

    def __init__(self, book: GrantBook, *, send: Send, clock: WallClock) -> None:
        self._book = book
        self._send = send
        self._clock = clock
        self._running: dict[_Key, asyncio.Task[Grant | None]] = {}

    async def refresh(
        self, user_id: str, provider: Provider, stale: Grant, *, policy: NetPolicy
    ) -> Grant | None:
        """Return tokens newer than `stale`, stored already; None when the person has to sign in again.

        Raises:
            ToolConnectionError: the authorization server is not reached, or fails. Nothing is forgotten.
            SignInError: it may not be reached, or answers with something unusable.
        """
        key = asyncio.get_running_loop(), user_id, provider.name, provider.bound_resource
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._refresh(user_id, provider, stale, policy))
            self._running[key] = task
            task.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Wait for the refreshes under way."""
        loop = asyncio.get_running_loop()
        mine = [task for key, task in self._running.items() if key[0] is loop]
        await asyncio.gather(*mine, return_exceptions=True)

    def _end(self, key: _Key, done: asyncio.Task[Grant | None]) -> None:
        del self._running[key]
        if not done.cancelled():
            done.exception()  # whoever waited has it; if all gave up, nobody needs it

    async def _refresh(
        self, user_id: str, provider: Provider, stale: Grant, policy: NetPolicy
    ) -> Grant | None:
        async with self._book.exclusive(user_id, provider):
            current = await self._book.load(user_id, provider)
            if current is None or current.access_token != stale.access_token:
                return current  # another process signed out, or was faster
            if current.refresh_token is None:
                await self._book.forget(user_id, provider.name, provider.bound_resource)
                return None
            try:
                renewed = await self._exchange(current, policy)
            except TokenEndpointError as error:
                return await self._after_refusal(error, user_id, provider, stale)
            await self._book.save(user_id, provider, renewed)
            return renewed

    async def _exchange(self, grant: Grant, policy: NetPolicy) -> Grant:
        asked = refresh_request(grant)
        url = checked_url(grant.token_url, policy, what="token endpoint")
        answer = await self._send(
            Request(method="POST", url=url, headers=asked.headers, form=asked.form), policy
        )
        return renewed_grant(answer, former=grant, now=self._clock())

    async def _after_refusal(
        self, error: TokenEndpointError, user_id: str, provider: Provider, stale: Grant
    ) -> Grant | None:
        if error.is_passing:
            raise ToolConnectionError(str(error), status_code=None, hint=error.hint) from error
        if not error.oauth_error and error.status < 400:
            raise error
        current = await self._book.load(user_id, provider)
        if current is not None and current.access_token != stale.access_token:
            return current  # a process that shares the store without a common lock was faster
        await self._book.forget(user_id, provider.name, provider.bound_resource)
        return None

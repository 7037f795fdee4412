"""Gives each caller the connection that acts in their name, asking for consent where it is missing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import JsonValue

from penguiflow.tools._node.sign_in import SignIn, trace_of
from penguiflow.tools._node.user_connections import UserConnection, UserConnections
from penguiflow.tools.errors import ToolAuthError


class Access:
    """Finds tokens and connections."""

    def __init__(self, sign_in: SignIn, connections: UserConnections) -> None:
        self._sign_in = sign_in
        self._connections = connections

    @property
    def is_per_user(self) -> bool:
        """Whether each user has a connection of their own."""
        return self._sign_in.is_needed

    @asynccontextmanager
    async def to_connect(self, ctx: object) -> AsyncGenerator[UserConnection]:
        """Give the connection for discovery.

        Raises:
            ToolAuthError: discovery needs a token, and nobody is there to be asked for it.
        """
        if not self._sign_in.is_needed_to_connect:
            yield self._connections.of(None)
            return
        async with self.to_call(ctx) as mine:
            yield mine

    @asynccontextmanager
    async def to_call(self, ctx: object) -> AsyncGenerator[UserConnection]:
        """Give the caller's connection with a token that is valid as far as is known.

        Raises:
            ToolAuthError: there is no token. Other exceptions: the pause by which a run waits for consent.
        """
        if not self._sign_in.is_needed:
            yield self._connections.of(None)
            return
        try:
            user = self._sign_in.user_of(ctx)
        except ToolAuthError as error:
            self._connections.of(None).connection.show_needs_auth(error)
            raise
        mine = self._connections.of(user)
        mine.callers += 1
        try:
            await self._connections.make_room()
            token = await self._sign_in.token(user) or await self._token_by_consent(user, ctx, mine)
            await mine.use_token(token)
            yield mine
        finally:
            mine.callers -= 1

    async def renew(self, ctx: object, mine: UserConnection, refused: str | None) -> None:
        """Get another token for a connection whose token the server refused; else as `to_call`."""
        user = self._sign_in.user_of(ctx)
        token = await self._sign_in.token_after_refusal(user, refused) if refused else None
        await mine.use_token(token or await self._token_by_consent(user, ctx, mine))

    def learns_to_sign_in(self, error: ToolAuthError) -> bool:
        """Whether the error says that users have to sign in, which nobody knew; the next try asks them."""
        return self._sign_in.learn_from(error)

    def can_renew(self, error: ToolAuthError) -> bool:
        """Whether another token of the user may help."""
        return self._sign_in.is_needed and error.status_code == 401

    async def begin_sign_in(self, user: str, trace_id: str) -> dict[str, JsonValue]:
        """Return what the person needs to sign in, and show it.

        Raises:
            ToolAuthError: nobody knows how one signs in here.
        """
        request = dict(await self._sign_in.request(user, trace_id))
        connection = self._connections.of(user).connection
        auth_url = str(request.get("auth_url", ""))
        connection.show_needs_auth(self._sign_in.needed(), auth_url=auth_url)
        return request

    async def _token_by_consent(self, user: str, ctx: object, mine: UserConnection) -> str:
        request = await self.begin_sign_in(user, trace_of(ctx))
        await self._sign_in.consent(ctx, request)
        token = await self._sign_in.token(user)
        if token is None:
            error = self._sign_in.not_completed()
            mine.connection.show_needs_auth(error)
            raise error
        return token

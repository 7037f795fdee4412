"""One connection for each user of a server, so that nobody ever acts as somebody else.

A server that everybody reaches with the same credential has one connection, that of nobody (`None`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from penguiflow.tools._connecting.server_connection import ServerConnection

MOST_USERS: Final = 100
"""How many users stay connected; whoever has not called for longest is disconnected first."""


class UserToken:
    """The token with which one user's connection calls; replaced when it is refreshed."""

    def __init__(self) -> None:
        self.value: str | None = None

    def headers(self) -> Mapping[str, str]:
        """Return what is sent with each request."""
        return {"Authorization": f"Bearer {self.value}"} if self.value else {}


class UserConnection:
    """One user's connection and token. A server process is started with its token, and anew with another."""

    def __init__(self, token: UserToken, connection: ServerConnection, *, fixed_token: bool) -> None:
        self.connection = connection
        self.callers = 0
        """How many use it now or are about to: it is not disconnected to make room meanwhile."""
        self._token = token
        self._fixed_token = fixed_token

    @property
    def token(self) -> str | None:
        return self._token.value

    async def use_token(self, token: str | None) -> None:
        """Call with this token from now on."""
        if token == self._token.value:
            return
        if self._fixed_token and self._token.value is not None:
            await self.connection.close()
        self._token.value = token


class UserConnections:
    """The connections of one node, by user."""

    def __init__(
        self,
        make: Callable[[UserToken], ServerConnection],
        *,
        fixed_token: bool,
        most_users: int = MOST_USERS,
    ) -> None:
        self._make = make
        self._fixed_token = fixed_token
        self._most_users = most_users
        self._by_user: OrderedDict[str | None, UserConnection] = OrderedDict()

    def of(self, user: str | None) -> UserConnection:
        """Return the user's connection, made when it is the first time."""
        found = self._by_user.get(user)
        if found is None:
            token = UserToken()
            found = UserConnection(token, self._make(token), fixed_token=self._fixed_token)
            self._by_user[user] = found
        self._by_user.move_to_end(user)
        return found

    async def make_room(self) -> None:
        """Disconnect those who have not called for longest, if there are too many; nobody who calls now."""
        idle = [user for user, each in self._by_user.items() if user is not None and not each.callers]
        for user in idle[: max(0, len(self._by_user) - self._most_users)]:
            await self._by_user.pop(user).connection.close()

    async def close(self) -> None:
        """Disconnect everybody and forget their tokens."""
        closing = list(self._by_user.values())
        self._by_user.clear()
        await asyncio.gather(*(each.connection.close() for each in closing))

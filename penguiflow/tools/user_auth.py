"""What a `ToolNode` with `auth_type` `oauth2_user` needs of whoever signs people in.

`penguiflow.tools.OAuthManager` satisfies all of it; a manager of your own needs `AuthManager` only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

__all__ = ["AuthManager", "DiscoversProviders", "HearsRefusals"]


class AuthManager(Protocol):
    """Keeps the tokens of people, each for one user at one provider (the name of the config)."""

    async def get_token(self, user_id: str, provider: str) -> str | None:
        """Return a token that is valid now; `None` when the person has to sign in."""
        ...

    def get_auth_request(
        self, provider: str, user_id: str, trace_id: str
    ) -> Mapping[str, JsonValue] | Awaitable[Mapping[str, JsonValue]]:
        """Return what a person needs to sign in: `display_name`, `auth_url`, `scopes`, `state`.

        May be a coroutine function: what can be awaited is awaited.

        Raises:
            ValueError: the provider is unknown.
        """
        ...


@runtime_checkable
class DiscoversProviders(Protocol):
    """A manager that asks an MCP server how people sign in to it."""

    async def discover(self, provider: str, server_url: str) -> None:
        """Learn it; nothing happens when the provider is known already.

        Raises:
            ToolAuthError: the server does not say, or says something that must not be followed.
        """
        ...


@runtime_checkable
class HearsRefusals(Protocol):
    """A manager that is told when a server refuses a token it gave."""

    async def token_refused(self, user_id: str, provider: str, token: str) -> str | None:
        """Return another token that may work, or forget the refused one and return `None`."""
        ...

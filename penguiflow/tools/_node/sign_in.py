"""Whose token a call uses, and asking a person for one."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from inspect import isawaitable
from typing import Any, Final, Protocol, cast, runtime_checkable

from pydantic import JsonValue

from penguiflow.redaction import remember_secret
from penguiflow.tools._connecting.environment import expand
from penguiflow.tools.config import AuthType, ExternalToolConfig, TransportType
from penguiflow.tools.errors import ToolAuthError
from penguiflow.tools.user_auth import AuthManager, DiscoversProviders, HearsRefusals

_PAUSE_REASON: Final = "external_event"


@runtime_checkable
class _Pauses(Protocol):
    def pause(self, reason: str, payload: Mapping[str, JsonValue]) -> Awaitable[object]: ...


class SignIn:
    """Gets the token of the user who calls, for a config whose `auth_type` is `oauth2_user`."""

    def __init__(
        self, config: ExternalToolConfig, manager: AuthManager | None, environment: Mapping[str, str]
    ) -> None:
        self._config = config
        self._manager = manager
        self._environment = environment
        self._was_asked_for = False

    @property
    def is_needed(self) -> bool:
        """Whether calls are made in the name of a user."""
        wanted = self._config.auth_type is AuthType.OAUTH2_USER or self._was_asked_for
        return wanted and not self._has_token_of_its_own

    def learn_from(self, error: ToolAuthError) -> bool:
        """Act for users from now on if a server that was configured without any credential asks for one.

        Many servers are configured by their URL alone and say themselves how people sign in.
        """
        config = self._config
        may_ask = (
            config.is_url
            and config.transport is TransportType.MCP
            and config.auth_type is AuthType.NONE
            and "authorization" not in {name.lower() for name in config.headers}
            and isinstance(self._manager, DiscoversProviders)
        )
        if error.status_code != 401 or not may_ask or self._was_asked_for:
            return False
        self._was_asked_for = True
        return True

    @property
    def is_needed_to_connect(self) -> bool:
        """Whether discovery needs a token too; a server process lists its tools without."""
        return self.is_needed and self._config.is_url

    @property
    def _has_token_of_its_own(self) -> bool:
        """Whether the config itself gives the variable in which a server process expects its token."""
        return not self._config.is_url and self._config.auth_config.get("token_env", "") in self._config.env

    def user_of(self, ctx: object) -> str:
        """Return who calls.

        Raises:
            ToolAuthError: nobody signs people in, or the context names no user.
        """
        self._manager_or_refuse()
        context: object = getattr(ctx, "tool_context", None)
        user: object = None
        if isinstance(context, Mapping):
            user = cast("Mapping[str, Any]", context).get("user_id")  # whatever the caller put there
        if not isinstance(user, str) or not user:
            raise ToolAuthError(
                f"user_id required: `{self._config.name}` acts in the name of a user",
                hint="give `user_id` in the `tool_context` of the run",
            )
        return user

    async def token(self, user: str) -> str | None:
        """Return the user's token; `None` when they have to sign in."""
        manager = self._manager_or_refuse()
        try:
            await self._discover(manager)
        except ToolAuthError:
            # A token that somebody put there works without the server saying how one signs in.
            token = await manager.get_token(user, self._config.name)
            if token is None:
                raise
        else:
            token = await manager.get_token(user, self._config.name)
        return _remembered(token)

    async def token_after_refusal(self, user: str, refused: str) -> str | None:
        """Return another token after the server refused one."""
        manager = self._manager_or_refuse()
        if not isinstance(manager, HearsRefusals):
            return None
        return _remembered(await manager.token_refused(user, self._config.name, refused))

    async def request(self, user: str, trace_id: str) -> Mapping[str, JsonValue]:
        """Return what a person needs to sign in.

        Raises:
            ToolAuthError: nobody knows how one signs in to this server.
        """
        manager = self._manager_or_refuse()
        await self._discover(manager)
        try:
            request = manager.get_auth_request(provider=self._config.name, user_id=user, trace_id=trace_id)
            return await request if isawaitable(request) else request
        except ToolAuthError:
            raise
        except ValueError as error:
            raise ToolAuthError(
                f"nobody can sign in to `{self._config.name}`: {error}",
                cause=error,
                hint="give `OAuthManager` a provider of this name",
            ) from error

    async def _discover(self, manager: AuthManager) -> None:
        if self._config.is_url and isinstance(manager, DiscoversProviders):
            url = expand(self._config.connection, self._environment, owner=self._config.name)
            await manager.discover(self._config.name, url)

    async def consent(self, ctx: object, request: Mapping[str, JsonValue]) -> None:
        """Pause the run until the person was there; a planner's pause does not return.

        Raises:
            ToolAuthError: the context cannot pause.
        """
        if not isinstance(ctx, _Pauses):
            raise self.needed(str(request.get("auth_url", "")))
        payload: dict[str, JsonValue] = {"pause_type": "oauth", "provider": self._config.name, **request}
        await ctx.pause(reason=_PAUSE_REASON, payload=payload)

    def needed(self, auth_url: str = "") -> ToolAuthError:
        """Return the error for a person who has to sign in and cannot be asked here."""
        where = f" at {auth_url}" if auth_url else f": `penguiflow tools login {self._config.name}`"
        return ToolAuthError(f"`{self._config.name}` needs a sign-in", hint=f"sign in{where}")

    def not_completed(self) -> ToolAuthError:
        """Return the error for a pause that ended without a token."""
        return ToolAuthError(
            f"OAuth for {self._config.name} was not completed", hint="open the link and allow the access"
        )

    def _manager_or_refuse(self) -> AuthManager:
        if self._manager is None:
            raise ToolAuthError(
                f"`{self._config.name}` acts in the name of users, but no auth_manager was given",
                hint="make the node with `ToolNode(config, registry, auth_manager=OAuthManager(...))`",
            )
        return self._manager


def trace_of(ctx: object) -> str:
    """Return the trace a sign-in belongs to; empty when the context does not say."""
    context: object = getattr(ctx, "tool_context", None)
    if not isinstance(context, Mapping):
        return ""
    return str(cast("Mapping[str, Any]", context).get("trace_id") or "")  # whatever the caller put there


def _remembered(token: str | None) -> str | None:
    if token:
        remember_secret(token)
    return token or None

"""`OAuthManager`: signs people in, keeps their tokens valid, and gives each only to whom it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from pydantic import JsonValue

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock
from penguiflow.tools._oauth.auth_request import AuthRequest
from penguiflow.tools._oauth.book import GrantBook
from penguiflow.tools._oauth.clients import Clients
from penguiflow.tools._oauth.directory import ProviderDirectory
from penguiflow.tools._oauth.errors import SignInError
from penguiflow.tools._oauth.grants import Grant
from penguiflow.tools._oauth.outcomes import OutcomeListener, SignInOutcome
from penguiflow.tools._oauth.pkce import NewToken, new_token
from penguiflow.tools._oauth.provider import OAuthProviderConfig, Provider
from penguiflow.tools._oauth.redirect import LoopbackRedirect
from penguiflow.tools._oauth.refreshing import Refresher
from penguiflow.tools._oauth.signing_in import SignIns
from penguiflow.tools._oauth.stores import InMemoryTokenStore, TokenStore, system_clock
from penguiflow.tools._oauth.urls import RedirectAnswer, redirect_answer, resource_of
from penguiflow.tools._oauth.web import send
from penguiflow.tools.errors import ToolConnectionError


class OAuthManager:
    """Signs people in to providers (authorization code with PKCE) and refreshes their tokens.

    `providers` are described by the operator, by name; others are learned by `discover`. `token_store` keeps
    the tokens (default: in memory; a `SecretStore` keeps refresh tokens and registrations too). With a
    `redirect` people come back to a page of this machine, otherwise whoever serves the redirect URI calls
    `handle_callback`. `allowed_hosts` are hosts that may have a private address or speak plain HTTP.
    Use it as an async context manager, or call `aclose`.
    """

    def __init__(
        self,
        providers: Mapping[str, OAuthProviderConfig] | None = None,
        token_store: TokenStore | None = None,
        *,
        redirect: LoopbackRedirect | None = None,
        allowed_hosts: Sequence[str] = (),
        clock: WallClock = system_clock,
        monotonic: MonotonicClock = monotonic_clock,
        new_token: NewToken = new_token,
    ) -> None:
        self._clock = clock
        self._redirect = redirect
        self._store = InMemoryTokenStore(clock=clock) if token_store is None else token_store
        self._book = GrantBook(self._store)
        self._directory = ProviderDirectory(
            providers or {}, allowed_hosts=allowed_hosts, send=send, clock=monotonic
        )
        self._clients = Clients(self._book, policy_of=self._directory.policy_of, send=send, clock=clock)
        self._refresher = Refresher(self._book, send=send, clock=clock)
        self._sign_ins = SignIns(
            self._book, policy_of=self._directory.policy_of, send=send, clock=clock, new_token=new_token
        )

    @property
    def token_store(self) -> TokenStore:
        """Where the tokens are kept."""
        return self._store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop listening for people who come back, and wait for refreshes under way."""
        if self._redirect is not None:
            await self._redirect.aclose()
        await self._refresher.aclose()

    async def discover(self, provider: str, server_url: str) -> None:
        """Ask an MCP server how people sign in to it; nothing is asked when the provider is known.

        This also says which server the tokens of a discovered provider are for. Tokens that were stored for
        another server, or come from another issuer, are not used.

        Raises:
            SignInError: the server does not say, or says something that must not be followed.
            ToolConnectionError: it is not reached.
        """
        await self._directory.discover(provider, server_url)

    async def get_token(self, user_id: str, provider: str) -> str | None:
        """Return a token that is valid now, refreshed if needed; None when the person has to sign in.

        Raises:
            ToolConnectionError: a token has expired and the authorization server is not reached.
        """
        known = self._directory.get(provider)
        if known is None:
            return await self._book.given(user_id, provider)
        grant = await self._book.load(user_id, known)
        if grant is None:
            return None
        now = self._clock()
        if grant.is_valid(now) and not (grant.refresh_token and grant.is_due(now)):
            return grant.access_token
        return await self._newer_token(user_id, known, grant)

    async def token_refused(self, user_id: str, provider: str, token: str) -> str | None:
        """Return another token after a server refused this one; None when the person has to sign in.

        Raises:
            ToolConnectionError: the authorization server is not reached.
        """
        known = self._directory.get(provider)
        if known is None:
            given = await self._book.given(user_id, provider)
            if given != token:
                return given
            await self._book.forget(user_id, provider, "")
            return None
        grant = await self._book.load(user_id, known)
        if grant is None:
            return None
        if grant.access_token != token:
            return await self.get_token(user_id, provider)
        renewed = await self._renew(user_id, known, grant)
        return None if renewed is None else renewed.access_token

    def get_auth_request(self, provider: str, user_id: str, trace_id: str) -> AuthRequest:
        """Return `display_name`, `auth_url`, `scopes` and `state` for a person to sign in with.

        The result can be awaited, and must be when the provider was discovered or the manager has a
        `redirect`; see `AuthRequest`. The state is good for one sign-in within 10 minutes.

        Raises:
            ValueError: the provider is unknown. Awaiting raises what `discover` raises.
        """
        known = self._directory.get(provider)
        if known is None:
            raise SignInError(
                f"Unknown OAuth provider: `{provider}`",
                hint="describe it in `providers`, or call `discover` with the URL of its server first",
            )
        if known.client is not None and known.client.redirect_uri:
            fields = self._sign_ins.begin(known, known.client, user_id=user_id, trace_id=trace_id)
            return AuthRequest(fields, None if self._redirect is None else self._listen)

        async def begin() -> Mapping[str, JsonValue]:
            redirect_uri = await self._redirect_uri(known)
            current = await self._directory.look_again(provider) or known
            client = await self._clients.client_of(current, redirect_uri)
            return self._sign_ins.begin(current, client, user_id=user_id, trace_id=trace_id)

        return AuthRequest({}, begin)

    async def handle_callback(self, code: str, state: str, iss: str | None = None) -> tuple[str, str]:
        """Redeem the code a person came back with and store their token; return their user and trace id.

        `iss` is the parameter of that name, if the redirect had one.

        Raises:
            ValueError: the state is unknown, used or old, or the provider refused; a `SignInError`.
            ToolConnectionError: the provider is not reached.
        """
        return await self._finish(RedirectAnswer(state=state, code=code, iss=iss))

    async def finish_from_url(self, redirect_url: str) -> tuple[str, str]:
        """Do as `handle_callback` with the whole URL a person was sent back to, such as a pasted one."""
        return await self._finish(redirect_answer(redirect_url))

    async def wait_signed_in(self, state: str) -> SignInOutcome:
        """Wait until the sign-in with this state is over. Bound it with a timeout: people change their minds.

        Raises:
            SignInError: it failed, or there is none.
        """
        if not self._sign_ins.is_open(state):
            raise SignInError("there is no sign-in with this state", hint="start the sign-in again")
        return await self._sign_ins.outcomes.wait(state)

    def on_outcome(self, listener: OutcomeListener) -> Callable[[], None]:
        """Call `listener` in the event loop with the end of each sign-in; the function returned ends that."""
        return self._sign_ins.outcomes.on_outcome(listener)

    async def sign_out(self, user_id: str, provider: str, server_url: str = "") -> bool:
        """Forget the tokens of a person here; return whether there were any.

        With the `server_url` of a provider that is discovered the server need not be asked, nor be there.

        Raises:
            SignInError: `server_url` is no URL.
        """
        known = self._directory.get(provider)
        resource = resource_of(server_url) if server_url else known.bound_resource if known else ""
        return await self._book.forget(user_id, provider, resource)

    async def _newer_token(self, user_id: str, provider: Provider, grant: Grant) -> str | None:
        try:
            renewed = await self._renew(user_id, provider, grant)
        except ToolConnectionError:
            if grant.is_valid(self._clock()):
                return grant.access_token
            raise
        return None if renewed is None else renewed.access_token

    async def _renew(self, user_id: str, provider: Provider, grant: Grant) -> Grant | None:
        policy = self._directory.policy_of(provider)
        return await self._refresher.refresh(user_id, provider, grant, policy=policy)

    async def _finish(self, answer: RedirectAnswer) -> tuple[str, str]:
        outcome = await self._sign_ins.finish(answer)
        return outcome.user_id, outcome.trace_id

    async def _redirect_uri(self, provider: Provider) -> str:
        if self._redirect is None:
            raise SignInError(
                f"`{provider.name}` has no redirect URI for people to come back to",
                hint="give the manager a `LoopbackRedirect`, or describe the provider with a `redirect_uri`",
            )
        return await self._redirect.listen(self._sign_ins.finish)

    async def _listen(self) -> Mapping[str, JsonValue]:
        if self._redirect is not None:
            await self._redirect.listen(self._sign_ins.finish)
        return {}

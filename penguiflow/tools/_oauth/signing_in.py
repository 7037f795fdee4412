"""Sign-ins from the page a person is sent to until their tokens are stored."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from penguiflow._clock import WallClock
from penguiflow.redaction import remember_secret
from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.book import GrantBook
from penguiflow.tools._oauth.errors import SignInError, shown
from penguiflow.tools._oauth.exchange import Request, Send
from penguiflow.tools._oauth.outcomes import Outcomes, SignInOutcome
from penguiflow.tools._oauth.pending import PendingSignIn, PendingSignIns
from penguiflow.tools._oauth.pkce import NewToken, challenge_of
from penguiflow.tools._oauth.provider import Client, Provider
from penguiflow.tools._oauth.tokens import TokenEndpointError, code_request, new_grant
from penguiflow.tools._oauth.urls import RedirectAnswer, authorization_url, checked_url

_STATE_BYTES = 32
_VERIFIER_BYTES = 64
_UNKNOWN_CLIENT = frozenset({"invalid_client", "unauthorized_client"})


class SignIns:
    """Begins sign-ins and finishes each at most once."""

    def __init__(
        self,
        book: GrantBook,
        *,
        policy_of: Callable[[Provider], NetPolicy],
        send: Send,
        clock: WallClock,
        new_token: NewToken,
    ) -> None:
        self.outcomes = Outcomes()
        self._book = book
        self._policy_of = policy_of
        self._send = send
        self._clock = clock
        self._new_token = new_token
        self._pending = PendingSignIns()
        self._finishing: set[str] = set()

    def begin(
        self, provider: Provider, client: Client, *, user_id: str, trace_id: str
    ) -> dict[str, JsonValue]:
        """Return what a person needs, and remember it for `SIGN_IN_LIFETIME_S`.

        Raises:
            SignInError: the page is at a URL nobody should be sent to.
        """
        page = checked_url(provider.auth_url, self._policy_of(provider), what="sign-in page")
        sign_in = PendingSignIn(
            state=self._new_token(_STATE_BYTES),
            verifier=self._new_token(_VERIFIER_BYTES),
            user_id=user_id,
            trace_id=trace_id,
            provider=provider,
            client=client,
            begun_at=self._clock(),
        )
        remember_secret(sign_in.verifier)
        if client.client_secret:
            remember_secret(client.client_secret)
        self._pending.add(sign_in, now=sign_in.begun_at)
        return {
            "display_name": provider.display_name,
            "auth_url": authorization_url(page, _parameters(sign_in)),
            "scopes": list(provider.scopes),
            "state": sign_in.state,
        }

    async def finish(self, answer: RedirectAnswer) -> SignInOutcome:
        """Redeem what a person was sent back with and store their tokens.

        Raises:
            SignInError: the state is unknown or old, the answer is an error or comes from another server.
            ToolConnectionError: the token endpoint is not reached.
        """
        if answer.code:
            remember_secret(answer.code)
        sign_in = self._pending.take(answer.state, now=self._clock())
        self._finishing.add(sign_in.state)
        error = "the sign-in was interrupted"
        try:
            await self._redeem(sign_in, answer)
        except Exception as failure:
            error = str(failure)
            raise
        else:
            error = ""
        finally:
            outcome = SignInOutcome(
                user_id=sign_in.user_id,
                provider=sign_in.provider.name,
                trace_id=sign_in.trace_id,
                state=sign_in.state,
                error=error or None,
            )
            self._finishing.discard(sign_in.state)
            self.outcomes.tell(outcome)
        return outcome

    def is_open(self, state: str) -> bool:
        """Whether a sign-in with this state is under way or has ended."""
        return self._pending.has(state) or state in self._finishing or self.outcomes.knows(state)

    async def _redeem(self, sign_in: PendingSignIn, answer: RedirectAnswer) -> None:
        _check_sender(sign_in.provider, answer.iss)
        if answer.error is not None or not answer.code:
            await self._forget_client(sign_in, answer.error or "")
            raise SignInError(
                f"OAuth error: {shown(answer.error or 'no code was given')}", hint="start the sign-in again"
            )
        policy = self._policy_of(sign_in.provider)
        url = checked_url(sign_in.provider.token_url, policy, what="token endpoint")
        asked = code_request(sign_in, answer.code)
        request = Request(method="POST", url=url, headers=asked.headers, form=asked.form)
        reply = await self._send(request, policy)
        try:
            grant = new_grant(reply, provider=sign_in.provider, client=sign_in.client, now=self._clock())
        except TokenEndpointError as refusal:
            await self._forget_client(sign_in, refusal.oauth_error)
            raise
        await self._book.save(sign_in.user_id, sign_in.provider, grant)

    async def _forget_client(self, sign_in: PendingSignIn, oauth_error: str) -> None:
        if oauth_error in _UNKNOWN_CLIENT:
            await self._book.forget_registration(sign_in.provider.issuer, sign_in.client.redirect_uri)


def _parameters(sign_in: PendingSignIn) -> dict[str, str]:
    parameters = {
        "client_id": sign_in.client.client_id,
        "redirect_uri": sign_in.client.redirect_uri,
        "scope": " ".join(sign_in.provider.scopes),
        "state": sign_in.state,
        "response_type": "code",
        "code_challenge": challenge_of(sign_in.verifier),
        "code_challenge_method": "S256",
        "resource": sign_in.provider.resource,
    }
    return {name: value for name, value in parameters.items() if value}


def _check_sender(provider: Provider, iss: str | None) -> None:
    """Refuse an answer of another server than the one asked (RFC 9207), before its code is used."""
    if iss is None and provider.sends_issuer:
        raise SignInError(
            f"the answer does not say that it comes from `{shown(provider.issuer)}`, which always says so",
            hint="start the sign-in again; if this repeats, somebody interferes with it",
        )
    if iss is not None and provider.issuer and iss != provider.issuer:
        raise SignInError(
            f"the answer comes from `{shown(iss)}`, but the sign-in was begun at `{shown(provider.issuer)}`",
            hint="start the sign-in again; if this repeats, somebody interferes with it",
        )

"""The token endpoint: what is asked, and what its answers mean. Pure."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from penguiflow.redaction import remember_secret
from penguiflow.tools._oauth.errors import SignInError, shown
from penguiflow.tools._oauth.exchange import Answer
from penguiflow.tools._oauth.grants import Grant
from penguiflow.tools._oauth.pending import PendingSignIn
from penguiflow.tools._oauth.provider import Client, Provider

_SIGN_IN_AGAIN = "sign in again"
_LATE_S = 30.0
_MAX_LIFETIME_S = 10 * 365 * 86_400.0
_MAX_TOKEN_CHARS = 100_000
_JSON_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class TokenEndpointError(SignInError):
    """The token endpoint gave no token.

    `oauth_error` is the code it gave, such as `invalid_grant`. `is_passing`: the same request may succeed
    later, so nothing that is stored is wrong.
    """

    def __init__(self, message: str, *, status: int, oauth_error: str = "", is_passing: bool = False) -> None:
        super().__init__(message, hint="try again later" if is_passing else _SIGN_IN_AGAIN)
        self.status = status
        self.oauth_error = oauth_error
        self.is_passing = is_passing


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A form for the token endpoint."""

    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def code_request(sign_in: PendingSignIn, code: str) -> TokenRequest:
    """Return the request that redeems a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sign_in.client.redirect_uri,
        "code_verifier": sign_in.verifier,
    }
    if sign_in.provider.resource:
        form["resource"] = sign_in.provider.resource
    return _authenticated(
        form, sign_in.client.client_id, sign_in.client.client_secret, sign_in.client.uses_basic_auth
    )


def refresh_request(grant: Grant) -> TokenRequest:
    """Return the request that exchanges a refresh token for new tokens."""
    form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token or ""}
    if grant.resource:
        form["resource"] = grant.resource
    return _authenticated(form, grant.client_id, grant.client_secret, grant.uses_basic_auth)


def _authenticated(form: dict[str, str], client_id: str, secret: str, uses_basic_auth: bool) -> TokenRequest:
    headers = {"Accept": "application/json"}
    if uses_basic_auth:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    else:
        form = {"client_id": client_id, **({"client_secret": secret} if secret else {}), **form}
    return TokenRequest(form=form, headers=headers)


class _TokenAnswer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    access_token: str = Field(min_length=1, max_length=_MAX_TOKEN_CHARS, pattern=r"^[\x21-\x7e]+$")
    token_type: str = "Bearer"
    expires_in: float | None = None
    refresh_token: str | None = Field(default=None, max_length=_MAX_TOKEN_CHARS)
    scope: str | None = None


def new_grant(answer: Answer, *, provider: Provider, client: Client, now: float) -> Grant:
    """Return the tokens of a first answer, with what a later refresh needs."""
    tokens = _read(answer)
    return _with_expiry(
        Grant(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token or None,
            scope=tokens.scope if tokens.scope is not None else " ".join(provider.scopes),
            binding=provider.binding,
            resource=provider.resource,
            token_url=provider.token_url,
            client_id=client.client_id,
            client_secret=client.client_secret,
            uses_basic_auth=client.uses_basic_auth,
        ),
        tokens.expires_in,
        now,
    )


def renewed_grant(answer: Answer, *, former: Grant, now: float) -> Grant:
    """Return the tokens of a later answer; a refresh token that is not replaced stays in use."""
    tokens = _read(answer)
    changed = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or former.refresh_token,
        "scope": tokens.scope if tokens.scope is not None else former.scope,
    }
    return _with_expiry(former.model_copy(update=changed), tokens.expires_in, now)


def _with_expiry(grant: Grant, expires_in: float | None, now: float) -> Grant:
    if expires_in is None:
        return grant.model_copy(update={"expires_at": None, "refresh_at": None}).remember()
    lifetime_s = min(max(expires_in, 0.0), _MAX_LIFETIME_S)
    times = {
        "expires_at": now + lifetime_s,
        "refresh_at": now + lifetime_s - min(_LATE_S, lifetime_s / 10),
    }
    return grant.model_copy(update=times).remember()


def _read(answer: Answer) -> _TokenAnswer:
    fields = _json_object(answer.body)
    _remember(fields)
    _raise_error(answer.status, fields)
    try:
        tokens = _TokenAnswer.model_validate(fields)
    except ValidationError as error:
        # Without the cause: it would hold the fields, which may be tokens.
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        what = f"`{problem['loc'][0]}`: {problem['msg']}" if problem["loc"] else problem["msg"]
        raise _not_usable(answer.status, what) from None
    if tokens.token_type.lower() != "bearer":
        raise _not_usable(answer.status, f"the token is of type `{shown(tokens.token_type)}`, not `Bearer`")
    if tokens.expires_in is not None and not math.isfinite(tokens.expires_in):
        raise _not_usable(answer.status, "`expires_in` is no number of seconds")
    return tokens


def _json_object(body: bytes) -> Mapping[str, JsonValue] | None:
    try:
        return _JSON_OBJECT.validate_json(body)
    except ValidationError:
        return None


def _remember(fields: Mapping[str, JsonValue] | None) -> None:
    """Register tokens before anything can fail over another field."""
    for name in ("access_token", "refresh_token", "id_token"):
        value = (fields or {}).get(name)
        if isinstance(value, str) and value:
            remember_secret(value)


def _raise_error(status: int, fields: Mapping[str, JsonValue] | None) -> None:
    code = (fields or {}).get("error")
    is_passing = status == 429 or status >= 500
    if code:
        text = (fields or {}).get("error_description") or code
        raise TokenEndpointError(
            f"OAuth error: {shown(str(text))}", status=status, oauth_error=str(code), is_passing=is_passing
        )
    if not 200 <= status < 300:
        raise TokenEndpointError(
            f"OAuth error: the token endpoint answered with HTTP status {status}",
            status=status,
            is_passing=is_passing,
        )
    if fields is None:
        raise _not_usable(status, "it is no JSON object")


def _not_usable(status: int, why: str) -> TokenEndpointError:
    return TokenEndpointError(
        f"OAuth error: the answer of the token endpoint is unusable: {why}", status=status
    )

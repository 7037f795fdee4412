"""Requests of one service: its manual, its tools, its access tokens, all through the network guard.

The HTTP client of `utcp-http` is not used: it checks the text of a URL and not the address behind it, bounds
no body, and reads variables from the environment. What the connection's config gives as headers goes to the
origin the config names and to no other; what a call template gives goes to the host of that template.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from pydantic import JsonValue

from penguiflow._clock import WallClock
from penguiflow._redaction.credentials import credentials_in_headers
from penguiflow.redaction import remember_secret
from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import UtcpService
from penguiflow.tools._http.replies import error_of
from penguiflow.tools._net import NetPolicy, origin_of
from penguiflow.tools._net.client import GuardedClient, HttpReply
from penguiflow.tools._net.redirects import MAX_REDIRECTS
from penguiflow.tools._utcp.calls import ApiKey, Basic, ClientCredentials, HttpCall
from penguiflow.tools._utcp.requests import OutgoingRequest, basic_header, request_of
from penguiflow.tools._utcp.values import parsed_json, value_of_text, values_of_events, values_of_lines
from penguiflow.tools.errors import ToolAuthError, ToolNodeError

_UNAUTHORIZED = 401
_MAX_NAME_CHARS = 200
_TEXT_TYPES = ("xml", "yaml", "javascript", "x-www-form-urlencoded", "graphql", "sql")


class HttpCalls:
    """Sends requests for one service; usable by overlapping calls."""

    def __init__(
        self, client: GuardedClient, service: UtcpService, policy: NetPolicy, *, clock: WallClock
    ) -> None:
        self._client = client
        self._clock = clock
        self._service = service
        self._policy = policy
        self._tokens: dict[ClientCredentials, str] = {}
        self._asking = asyncio.Lock()

    async def fetch(self, url: str) -> HttpReply:
        """Return what is at a URL of the service, whatever its status."""
        accept = {"Accept": "application/json, */*;q=0.5"}
        return await self._client.send("GET", url, headers=accept, credentials=self._own_headers())

    def error_of(self, name: str, reply: HttpReply) -> ToolNodeError | None:
        """Return the error that an answer for `name` stands for; None for success."""
        return error_of(reply, tool_name=safe_line(name, max_chars=_MAX_NAME_CHARS), now_s=self._clock())

    async def call(
        self, name: str, call: HttpCall, arguments: Mapping[str, object], outputs: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Return what a tool answers.

        Raises:
            ToolNodeError: the class says what the status stands for, or why there is no answer.
        """
        _remember_secrets(call)
        token = await self._token(call, refused=None)
        reply = await self._send(request_of(call, arguments, token=token))
        if reply.status == _UNAUTHORIZED and token is not None:
            token = await self._token(call, refused=token)
            reply = await self._send(request_of(call, arguments, token=token))
        error = self.error_of(name, reply)
        if error is not None:
            raise error
        return _value_of_reply(call, reply, outputs)

    async def _send(self, request: OutgoingRequest) -> HttpReply:
        if self._policy.is_declared(origin_of(request.url)):
            credentials = _merged(request.secret_headers, self._own_headers())
            return await self._client.send(
                request.method,
                request.url,
                headers=_without(request.headers, credentials),
                content=request.content,
                credentials=credentials,
            )
        return await self._client.send(
            request.method,
            request.url,
            headers=_merged(request.headers, request.secret_headers),
            content=request.content,
            # A redirect would take along what belongs to this host.
            max_redirects=0 if request.secret_headers else MAX_REDIRECTS,
        )

    def _own_headers(self) -> dict[str, str]:
        return _merged(self._service.headers, self._service.live_headers())

    async def _token(self, call: HttpCall, *, refused: str | None) -> str | None:
        """Return an access token if the template asks for one: one request for all who wait."""
        credential = call.credential
        if not isinstance(credential, ClientCredentials):
            return None
        async with self._asking:
            token = self._tokens.get(credential)
            if token is None or token == refused:
                token = self._tokens[credential] = await self._ask_for_token(credential)
        return token

    async def _ask_for_token(self, credential: ClientCredentials) -> str:
        origin = origin_of(credential.token_url)
        if origin.scheme != "https" and not (
            self._policy.is_declared(origin) or self._policy.allows_any_address(origin)
        ):
            raise ToolAuthError(
                f"`{self._service.name}` is to ask for a token at `{origin}`, which is not encrypted",
                hint="the manual has to give an https:// URL as `token_url`",
            )
        form = {"grant_type": "client_credentials"}
        if credential.scope:
            form["scope"] = credential.scope
        secrets = {"client_id": credential.client_id, "client_secret": credential.client_secret}
        # RFC 6749, section 2.3.1: servers take the one or the other.
        reply = await self._post_form(credential.token_url, {**form, **secrets}, {})
        if reply.status in (400, _UNAUTHORIZED):
            header = basic_header(credential.client_id, credential.client_secret)
            reply = await self._post_form(credential.token_url, form, header)
        document = parsed_json(reply.body)
        token = document.get("access_token") if isinstance(document, dict) else None
        if reply.status != 200 or not isinstance(token, str) or not token:
            raise ToolAuthError(
                f"`{origin}` gave no access token for `{self._service.name}` (HTTP status {reply.status})",
                status_code=reply.status if reply.status >= 400 else None,
                hint="check the variables that the manual uses for client id and secret",
            )
        remember_secret(token)
        return token

    async def _post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> HttpReply:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return await self._client.send(
            "POST", url, headers={**kind, **headers}, content=urlencode(form).encode(), max_redirects=0
        )


def _value_of_reply(call: HttpCall, reply: HttpReply, outputs: Mapping[str, JsonValue]) -> JsonValue:
    kind = reply.media_type
    if call.kind == "sse" or kind == "text/event-stream":
        return list(values_of_events(reply.text()))
    if not reply.body:
        return None
    if "ndjson" in kind or kind in ("application/jsonl", "application/json-lines"):
        return list(values_of_lines(reply.text()))
    if kind == "application/json" or kind.endswith("+json"):
        value = parsed_json(reply.body)
        return reply.text() if value is None and reply.body.strip() != b"null" else value
    if not kind or kind.startswith("text/") or any(part in kind for part in _TEXT_TYPES):
        return value_of_text(reply.text(), outputs)
    return {"blob": base64.b64encode(reply.body).decode(), "mimeType": kind}


def _remember_secrets(call: HttpCall) -> None:
    match call.credential:
        case ApiKey() as key:
            remember_secret(key.value)
        case Basic() as basic:
            remember_secret(basic.password)
        case ClientCredentials() as client:
            remember_secret(client.client_secret)
        case None:
            pass
    for secret in credentials_in_headers(call.headers):
        remember_secret(secret)


def _merged(*maps: Mapping[str, str]) -> dict[str, str]:
    """Return all headers; of two that differ in case only, the later."""
    merged: dict[str, tuple[str, str]] = {}
    for headers in maps:
        merged |= {name.lower(): (name, value) for name, value in headers.items()}
    return dict(merged.values())


def _without(headers: Mapping[str, str], others: Iterable[str]) -> dict[str, str]:
    taken = {name.lower() for name in others}
    return {name: value for name, value in headers.items() if name.lower() not in taken}

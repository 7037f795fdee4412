"""An HTTP client for servers that are not trusted: guarded, with bounded bodies, time and redirects."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from penguiflow.safe_text import safe_line
from penguiflow.tools._net.bodies import ACCEPT_ENCODING, read_body
from penguiflow.tools._net.policy import AddressRefusedError, NetPolicy, make_origin, origin_of
from penguiflow.tools._net.redirects import MAX_REDIRECTS, Hop, next_hop
from penguiflow.tools._net.resolving import ResolveName, resolve_with_system
from penguiflow.tools._net.transport import GuardedTransport
from penguiflow.tools.errors import ToolClientError, ToolConnectionError, ToolTimeoutError

_WITH_OR_WITHOUT_MARK = "utf-8-sig"
_CHARSETS = re.compile(
    r"us-ascii|utf-?(16|32)([bl]e)?|iso-8859-\d+|latin-?1|windows-\d+|koi8-[ru]|shift_jis|euc-\w+|gb\w+|big5"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An answer that was read whole; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty when the server gave none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def text(self) -> str:
        """Return the body in the charset it names, else UTF-8; what cannot be read is replaced."""
        _, _, parameters = self.headers.get("content-type", "").partition(";")
        charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        # Python knows codecs that are no charsets of text, and some take very long.
        known = charset if _CHARSETS.fullmatch(charset) else _WITH_OR_WITHOUT_MARK
        try:
            return self.body.decode(known, errors="replace")
        except LookupError:
            return self.body.decode(_WITH_OR_WITHOUT_MARK, errors="replace")


class GuardedClient:
    """Sends requests under one policy. Keeps no cookies: what one caller is given is not for the next."""

    def __init__(
        self,
        policy: NetPolicy,
        *,
        timeout_s: float,
        max_response_bytes: int,
        resolve: ResolveName = resolve_with_system,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout_s` bounds one whole exchange, redirects and body included."""
        self._policy = policy
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes
        self._transport = GuardedTransport(policy, resolve=resolve, tls=tls)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.__aexit__(exc_type, error, traceback)

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        credentials: Mapping[str, str] | None = None,
        max_redirects: int = MAX_REDIRECTS,
    ) -> HttpReply:
        """Return the answer, whatever its status, after following redirects.

        `credentials` are headers for declared origins only; a redirect that leaves one drops them for good.

        Raises:
            AddressRefusedError: the URL or a redirect leads where the policy forbids.
            BodyRefusedError: the answer is too large.
            ToolClientError: a header cannot be sent, or there are too many redirects.
            ToolTimeoutError: the exchange took longer than `timeout_s`.
            ToolConnectionError: the server cannot be reached, or broke the protocol.
        """
        hop = Hop(
            method=method,
            url=url,
            content=content,
            headers=dict(headers or {}),
            credentials=dict(credentials or {}) if self._is_declared(url) else {},
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._follow(hop, max_redirects)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise self._timed_out(url, error) from error
        except (UnicodeEncodeError, httpx.LocalProtocolError):
            # The error names the header's value, which may be a credential.
            raise ToolClientError(
                f"a header for `{origin_of(url)}` holds characters that HTTP does not allow",
                hint="check the headers and credentials of the connection for line breaks and accents",
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise _failed(url, error) from error

    async def _follow(self, hop: Hop, redirects_left: int) -> HttpReply:
        while True:
            reply = await self._exchange(hop)
            following = next_hop(hop, reply.status, reply.headers.get("location"), self._policy)
            if following is None:
                return reply
            if redirects_left == 0:
                raise ToolClientError(
                    f"`{origin_of(hop.url)}` redirects once more after the last redirect that is followed",
                    hint="write the final URL into the configuration",
                )
            redirects_left -= 1
            hop = following

    async def _exchange(self, hop: Hop) -> HttpReply:
        request = httpx.Request(
            hop.method,
            hop.url,
            headers=_headers(hop),
            content=hop.content,
            extensions={"timeout": httpx.Timeout(self._timeout_s).as_dict()},
        )
        url = request.url
        if make_origin(url.scheme, url.raw_host.decode("ascii"), url.port) != origin_of(hop.url):
            raise AddressRefusedError(f"`{origin_of(hop.url)}` gave a URL that can be read in two ways")
        # Not through a client of httpx: that keeps cookies, and looks at redirects before they are checked.
        response = await self._transport.handle_async_request(request)
        try:
            body = await read_body(response, max_bytes=self._max_response_bytes)
        finally:
            await response.aclose()
        return HttpReply(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            url=hop.url,
        )

    def _is_declared(self, url: str) -> bool:
        return self._policy.is_declared(origin_of(url))

    def _timed_out(self, url: str, error: Exception) -> ToolTimeoutError:
        return ToolTimeoutError(
            f"`{origin_of(url)}` did not answer within {self._timeout_s:g} s",
            cause=error,
            hint="raise `timeout_s` of the connection if the service is slow",
        )


def _headers(hop: Hop) -> dict[str, str]:
    replaced = {name.lower() for name in hop.credentials}
    kept = {name: value for name, value in hop.headers.items() if name.lower() not in replaced}
    return {"User-Agent": "penguiflow", **kept, **hop.credentials, "Accept-Encoding": ACCEPT_ENCODING}


def _failed(url: str, error: Exception) -> ToolConnectionError | AddressRefusedError:
    if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        return AddressRefusedError(f"`{origin_of(url)}` gave a URL that cannot be opened", cause=error)
    if isinstance(error, httpx.ConnectError):
        return ToolConnectionError(
            f"cannot reach `{origin_of(url)}`: {_reason(error)}",
            cause=error,
            hint="check that the server runs and that host and port are right",
        )
    return ToolConnectionError(
        f"the connection to `{origin_of(url)}` broke: {_reason(error)}",
        cause=error,
        hint="check that the URL is that of an HTTP service, and try again",
    )


def _reason(error: Exception) -> str:
    return safe_line(str(error) or type(error).__name__, max_chars=300)

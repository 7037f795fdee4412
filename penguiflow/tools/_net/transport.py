"""The guard as a transport of httpx: it connects only to addresses that were checked."""

from __future__ import annotations

import functools
import ssl

import httpx

from penguiflow.tools._net.pinning import pinned_extensions, send_to_first
from penguiflow.tools._net.policy import NetPolicy, Origin, make_origin
from penguiflow.tools._net.resolving import ResolveName, resolve_origin, resolve_with_system

_UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout)


@functools.cache
def default_tls() -> ssl.SSLContext:
    """Return the certificates trusted by default; loading them takes a moment, so it is done once."""
    return httpx.create_ssl_context()


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends each request to a checked address of its host. Proxies of the environment are not used.

    Connections are kept only to declared origins: elsewhere two hosts may share an address, and a connection
    that one certificate vouches for must not serve the other.
    """

    def __init__(
        self,
        policy: NetPolicy,
        *,
        resolve: ResolveName = resolve_with_system,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._tls = tls or default_tls()
        self._elsewhere = httpx.AsyncHTTPTransport(
            verify=self._tls, limits=httpx.Limits(max_keepalive_connections=0)
        )
        self._declared: dict[Origin, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request.

        Raises:
            AddressRefusedError: the policy forbids its host.
            ToolConnectionError: its host has no address. Otherwise what httpx raises.
        """
        origin = make_origin(request.url.scheme, request.url.raw_host.decode("ascii"), request.url.port)
        addresses = await resolve_origin(origin, self._policy, resolve=self._resolve)
        transport = self._transport_to(origin)
        extensions = pinned_extensions(request.extensions, origin, addresses)
        return await send_to_first(
            addresses,
            lambda address: transport.handle_async_request(_pinned(request, address, extensions)),
            unreachable=_UNREACHABLE,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in (self._elsewhere, *self._declared.values()):
            await transport.aclose()

    def _transport_to(self, origin: Origin) -> httpx.AsyncHTTPTransport:
        if origin not in self._policy.declared:
            return self._elsewhere
        if origin not in self._declared:
            self._declared[origin] = httpx.AsyncHTTPTransport(verify=self._tls)
        return self._declared[origin]


def _pinned(request: httpx.Request, address: str, extensions: dict[str, object]) -> httpx.Request:
    """Return the request for an address; its `Host` header stays."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )

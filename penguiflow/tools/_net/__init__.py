"""Guards what goes out over HTTP against leading into private networks (server-side request forgery).

A URL of a config is trusted as far as a person can see where it leads; a URL that a server, a document, a
redirect or metadata gives has to lead to the public Internet. Each name is resolved once per request, every
address is checked, and the connection goes to a checked address; Host and TLS keep the name.

This package imports no HTTP client. `_net.client` has `GuardedClient` (httpx: bodies bounded, deadline,
redirects checked, credentials kept at home), and `_net.transport` has `GuardedTransport` for a client of
another kind: `httpx.AsyncClient(transport=GuardedTransport(policy), trust_env=False)`. Such a client checks
redirects too, because each hop is a request of its own; `read_body` bounds what it streams.
"""

from __future__ import annotations

from penguiflow.tools._net.addresses import IpAddress, is_public, parse_host
from penguiflow.tools._net.bodies import BodyRefusedError, read_body
from penguiflow.tools._net.policy import AddressRefusedError, NetPolicy, Origin, origin_of
from penguiflow.tools._net.resolving import ResolveName, resolve_checked, resolve_with_system

__all__ = [
    "AddressRefusedError",
    "BodyRefusedError",
    "IpAddress",
    "NetPolicy",
    "Origin",
    "ResolveName",
    "is_public",
    "origin_of",
    "parse_host",
    "read_body",
    "resolve_checked",
    "resolve_with_system",
]

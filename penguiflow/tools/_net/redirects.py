"""Where a redirect leads, and what goes along. Pure; whether the host may be reached is the guard's part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urljoin

from penguiflow.tools._net.policy import AddressRefusedError, NetPolicy, origin_of
from penguiflow.tools.errors import ToolClientError

MAX_REDIRECTS: Final = 3

_KEEPING_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303}) | _KEEPING_METHOD
_WITH_BODY = frozenset({"content-type", "content-length", "content-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request on the way; `credentials` are the headers that must not leave a declared origin."""

    method: str
    url: str = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


def next_hop(hop: Hop, status: int, location: str | None, policy: NetPolicy) -> Hop | None:
    """Return the request that follows an answer, or None when the answer is the last.

    Raises:
        AddressRefusedError: the redirect leads to no URL of HTTP, or from TLS to plain text.
        ToolClientError: following would send a body to an origin that the config does not name.
    """
    if status not in _REDIRECTS or location is None:
        return None
    # Servers are never sent a fragment.
    url = urljoin(hop.url, location).partition("#")[0]
    source, target = origin_of(hop.url), origin_of(url)
    if (source.scheme, target.scheme) == ("https", "http"):
        raise AddressRefusedError(f"`{source}` redirects to `{target}`, which is not encrypted")
    at_home = policy.is_declared(source) and policy.is_declared(target)
    if status in _KEEPING_METHOD:
        if hop.content is not None and target != source and not at_home:
            raise ToolClientError(
                f"`{source}` redirects a request with a body to `{target}`",
                hint="if that is the right server, write its URL into the configuration",
            )
        following = replace(hop, url=url)
    else:
        following = _without_body(replace(hop, url=url))
    return following if at_home else replace(following, credentials={})


def _without_body(hop: Hop) -> Hop:
    method = hop.method if hop.method in ("GET", "HEAD") else "GET"
    headers = {name: value for name, value in hop.headers.items() if name.lower() not in _WITH_BODY}
    return replace(hop, method=method, content=None, headers=headers)

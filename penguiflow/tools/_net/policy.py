"""Where a connection may lead: the origin its config names, or the public Internet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from penguiflow.safe_text import safe_line
from penguiflow.tools._net.addresses import IpAddress, is_home, is_public, parse_host, plain_host
from penguiflow.tools.errors import ToolClientError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_SHOWN_CHARS = 200


class AddressRefusedError(ToolClientError):
    """A URL leads where the connection may not go. Nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Scheme, host and port of a URL; the host as `plain_host` spells it."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return safe_line(self.url, max_chars=_MAX_SHOWN_CHARS)

    @property
    def url(self) -> str:
        """The origin as a URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if _DEFAULT_PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def is_localhost(self) -> bool:
        """Whether the name is `localhost` or below it, which is this machine by definition."""
        return self.host == "localhost" or self.host.endswith(".localhost")


def origin_of(url: str) -> Origin:
    """Return the origin of an absolute URL.

    Raises:
        AddressRefusedError: it is no URL of HTTP, has no host, or holds a user name.
    """
    shown = safe_line(url.partition("?")[0].rpartition("@")[2], max_chars=_MAX_SHOWN_CHARS)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError(f"`{shown}` is not a URL: {error}", cause=error) from error
    if "@" in parts.netloc:
        raise AddressRefusedError(f"the URL of `{shown}` holds a user name, which may hide where it leads")
    return make_origin(parts.scheme, parts.hostname or "", port, shown=shown)


def make_origin(scheme: str, host: str, port: int | None, *, shown: str = "") -> Origin:
    """Return the origin of parts of a URL.

    Raises:
        AddressRefusedError: the scheme is not `http` or `https`, or there is no host.
    """
    scheme = scheme.lower()
    if scheme not in _DEFAULT_PORTS or not plain_host(host):
        raise AddressRefusedError(
            f"`{shown or safe_line(f'{scheme}:', max_chars=_MAX_SHOWN_CHARS)}` is not reached over HTTP",
            hint="only http:// and https:// URLs with a host are opened",
        )
    return Origin(scheme=scheme, host=plain_host(host), port=_DEFAULT_PORTS[scheme] if port is None else port)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetPolicy:
    """What one connection may reach.

    `declared` are the origins that its config names. One whose host is `localhost`, or a loopback or private
    address in its usual spelling, may be reached as it is; a name may not stand for such an address, since
    whoever answers for the name could change it at any time. `allowed_hosts` (`host` or `host:port`) may
    have any address.
    """

    declared: frozenset[Origin] = field(default_factory=frozenset[Origin])
    allowed_hosts: frozenset[str] = frozenset()

    @classmethod
    def for_urls(cls, *urls: str, allowed_hosts: Iterable[str] = ()) -> NetPolicy:
        """Return the policy of a config that names `urls`.

        Raises:
            AddressRefusedError: one of them is no URL of HTTP.
        """
        return cls(
            declared=frozenset(origin_of(url) for url in urls),
            allowed_hosts=frozenset(plain_host(host) for host in allowed_hosts),
        )

    def allows_any_address(self, origin: Origin) -> bool:
        """Whether the host is one of `allowed_hosts`."""
        return not self.allowed_hosts.isdisjoint({origin.host, f"{origin.host}:{origin.port}"})

    def is_declared(self, origin: Origin) -> bool:
        """Whether the config names the origin, or the same host without TLS on the usual port."""
        insecure = Origin(scheme="http", host=origin.host, port=80)
        upgraded = origin.scheme == "https" and origin.port == 443 and insecure in self.declared
        return origin in self.declared or upgraded


def refusal(origin: Origin, addresses: Sequence[IpAddress], policy: NetPolicy) -> AddressRefusedError | None:
    """Return why the origin, which has these addresses, may not be reached; None if it may."""
    if policy.allows_any_address(origin):
        return None
    closed = [address for address in addresses if not is_public(address)]
    if not closed and not origin.is_localhost:
        return None
    if origin in policy.declared and _says_where_it_leads(origin):
        return None
    what = "this machine" if origin.is_localhost else f"`{closed[0]}`, which is no public address"
    return AddressRefusedError(
        f"`{origin}` leads to {what}",
        hint=f"if that is meant, add `{origin.host}` to `allowed_hosts` of the connection",
    )


def _says_where_it_leads(origin: Origin) -> bool:
    if origin.is_localhost:
        return True
    address = parse_host(origin.host)
    return address is not None and is_home(address) and origin.host == str(address)

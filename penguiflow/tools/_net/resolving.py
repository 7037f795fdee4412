"""Names to addresses, each one checked before anybody connects to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from penguiflow.tools._net.addresses import IpAddress, parse_host
from penguiflow.tools._net.policy import NetPolicy, Origin, origin_of, refusal
from penguiflow.tools.errors import ToolConnectionError

ResolveName: TypeAlias = Callable[[str, int], Awaitable[Sequence[IpAddress]]]
"""Returns the addresses of a name, best first; OSError when it has none."""

_THIS_MACHINE: tuple[IpAddress, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


async def resolve_with_system(host: str, port: int) -> Sequence[IpAddress]:
    """Return the addresses the system knows for a name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))


async def resolve_checked(
    url: str, policy: NetPolicy, *, resolve: ResolveName = resolve_with_system
) -> Sequence[IpAddress]:
    """Return the addresses of a URL's host, all of which the policy allows.

    Connect to one of them and not to the name: the name may have another address a moment later.

    Raises:
        AddressRefusedError: the policy forbids it, because of one address at least.
        ToolConnectionError: the name has no address.
    """
    return await resolve_origin(origin_of(url), policy, resolve=resolve)


async def resolve_origin(
    origin: Origin, policy: NetPolicy, *, resolve: ResolveName = resolve_with_system
) -> Sequence[IpAddress]:
    """Do as `resolve_checked` for an origin."""
    addresses = await _addresses(origin, resolve)
    refused = refusal(origin, addresses, policy)
    if refused is not None:
        raise refused
    return addresses


async def _addresses(origin: Origin, resolve: ResolveName) -> Sequence[IpAddress]:
    address = parse_host(origin.host)
    if address is not None:
        return (address,)
    if origin.is_localhost:
        return _THIS_MACHINE
    try:
        addresses = await resolve(origin.host, origin.port)
    except (OSError, UnicodeError) as error:
        raise _unknown(origin, error) from error
    if not addresses:
        raise _unknown(origin, None)
    return addresses


def _unknown(origin: Origin, cause: BaseException | None) -> ToolConnectionError:
    return ToolConnectionError(
        f"the host of `{origin}` has no address",
        cause=cause,
        hint="check how the host is spelled, and that this machine is connected to the network",
    )

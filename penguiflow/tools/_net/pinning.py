"""Tries the checked addresses of an origin in turn, as connecting to a name would."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar, cast

from penguiflow.tools._net.addresses import IpAddress, parse_host
from penguiflow.tools._net.policy import Origin

MAX_TRIED: Final = 4
"""A name with more addresses has to answer at one of the first."""

ResponseT = TypeVar("ResponseT")


async def send_to_first(
    addresses: Sequence[IpAddress],
    send: Callable[[str], Awaitable[ResponseT]],
    *,
    unreachable: tuple[type[Exception], ...],
) -> ResponseT:
    """Return what `send` returns for the first address it can connect to.

    Raises:
        Exception: what `send` raised for the last address, or anything else it raised.
    """
    tried = addresses[:MAX_TRIED]
    for address in itertools.islice(tried, len(tried) - 1):
        try:
            return await send(str(address))
        except unreachable:
            continue
    return await send(str(tried[-1]))


def pinned_extensions(
    extensions: Mapping[str, object], origin: Origin, addresses: Sequence[IpAddress]
) -> dict[str, object]:
    """Return the extensions of a request that goes to addresses instead of the name of its origin.

    TLS checks the certificate for the name, and the time to connect is shared by the addresses: one that
    never answers must not use up all of it.
    """
    pinned = dict(extensions)
    if parse_host(origin.host) is None:
        pinned["sni_hostname"] = origin.host
    timeout = pinned.get("timeout")
    if isinstance(timeout, dict):
        given = cast("dict[str, float | None]", timeout)  # as the clients define it
        connect_s = given.get("connect")
        shared = None if connect_s is None else connect_s / min(len(addresses), MAX_TRIED)
        pinned["timeout"] = {**given, "connect": shared}
    return pinned

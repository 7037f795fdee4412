"""Which addresses belong to the public Internet, in every spelling that reaches them. Pure."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

IpAddress: TypeAlias = IPv4Address | IPv6Address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_UNIQUE_LOCAL = IPv6Network("fc00::/7")
_HOME_NETWORKS = tuple(IPv4Network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# What `is_global` lets through, in all or some versions of Python. In clouds some of these are services that
# hand out the credentials of the machine.
_NOT_PUBLIC_V4 = tuple(IPv4Network(net) for net in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
_NOT_PUBLIC_V6 = tuple(IPv6Network(net) for net in ("2001::/23", "3fff::/20"))
_MAX_NAME_CHARS = 253
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def parse_host(host: str) -> IpAddress | None:
    """Return the address that a host of a URL spells, or None when it is a name.

    Takes what `inet_aton` takes besides the usual forms (`2130706433`, `0x7f.1`, `0177.0.0.1`): whoever
    connects would take it too.
    """
    plain = plain_host(host)
    if ":" in plain:
        try:
            return IPv6Address(plain)
        except AddressValueError:
            return None
    return _parse_v4(plain)


def plain_host(host: str) -> str:
    """Return a host in its one form: lower case, ASCII, without brackets and final dot."""
    plain = unicodedata.normalize("NFKC", host.translate(_DOTS)).strip().lower()
    plain = plain.removeprefix("[").removesuffix("]").removesuffix(".")
    if plain.isascii() or len(plain) > _MAX_NAME_CHARS:
        return plain
    try:
        return plain.encode("idna").decode()
    except UnicodeError:
        return plain


def is_public(address: IpAddress) -> bool:
    """Whether anybody on the Internet reaches the same machine by this address.

    An IPv6 address that carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is as public as that one.
    """
    if isinstance(address, IPv4Address):
        special = address.is_multicast or any(address in network for network in _NOT_PUBLIC_V4)
        return address.is_global and not special
    embedded = _embedded_v4(address)
    if embedded:
        return all(is_public(inner) for inner in embedded)
    special = address.scope_id is not None or any(address in network for network in _NOT_PUBLIC_V6)
    return address in _GLOBAL_UNICAST and address.is_global and not special


def is_home(address: IpAddress) -> bool:
    """Whether it is this machine or one of a private network, as a person writes it in a config."""
    if address.is_loopback:
        return True
    if isinstance(address, IPv4Address):
        return any(address in network for network in _HOME_NETWORKS)
    return address in _UNIQUE_LOCAL


def _embedded_v4(address: IPv6Address) -> tuple[IPv4Address, ...]:
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


def _parse_v4(host: str) -> IPv4Address | None:
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    numbers = [_number(part) for part in parts]
    # The last number fills all bytes that the ones before it leave.
    *leading, last = numbers
    if any(number is None or number > 255 for number in leading):
        return None
    room = 256 ** (4 - len(leading))
    if last is None or last >= room:
        return None
    value = 0
    for number in leading:
        value = value * 256 + (number or 0)
    return IPv4Address(value * room + last)


def _number(text: str) -> int | None:
    try:
        if text.startswith("0x"):
            return int(text[2:] or "0", 16)
        return int(text, 8 if len(text) > 1 and text.startswith("0") else 10)
    except ValueError:
        return None

"""An address that a person is asked to open, as it really is: where it leads stands in plain letters.

What a browser would read in another way than a person does is refused: other schemes, a name before the
host, backslashes, white space and characters that cannot be seen. A host of other letters is shown in its
`xn--` form, and that very text is what a browser is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from penguiflow.safe_text import SafeText, safe_line, safe_text

_MAX_CHARS = 8_000
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?")
_KEPT_AS_IT_IS = "/?#[]@!$&'()*+,;=:%-._~"


class WebAddressError(ValueError):
    """This must not be opened; the message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """`text` is the whole address in ASCII, `host` where it leads, with a port that is not the usual one."""

    text: SafeText
    host: SafeText


def web_address(url: str) -> WebAddress:
    """Read an address that is https, or http on this very machine.

    Raises:
        WebAddressError: it is another one.
    """
    if not url or len(url) > _MAX_CHARS:
        raise WebAddressError("there is no address" if not url else "the address is too long")
    if "\\" in url or any(char.isspace() or safe_text(char) != char for char in set(url)):
        raise WebAddressError("the address holds spaces, backslashes or invisible characters")
    try:
        parts = urlsplit(url)
        host, port = _ascii_host(parts.hostname or ""), parts.port
    except ValueError as exc:
        raise WebAddressError("the address cannot be read") from exc
    _check(parts, host)
    shown_host = f"[{host}]" if ":" in host else host
    place = shown_host if port is None else f"{shown_host}:{port}"
    path, query, fragment = (quote(part, safe=_KEPT_AS_IT_IS) for part in parts[2:])
    text = urlunsplit((parts.scheme, place, path, query, fragment))
    return WebAddress(text=safe_line(text), host=safe_line(place))


def _ascii_host(host: str) -> str:
    return host.lower() if host.isascii() else host.encode("idna").decode("ascii").lower()


def _check(parts: SplitResult, host: str) -> None:
    if parts.scheme not in ("https", "http"):
        raise WebAddressError(f"`{safe_line(parts.scheme, max_chars=20)}:` is no web address")
    if parts.username is not None or parts.password is not None:
        raise WebAddressError("a name before the host hides where the address leads")
    if not _is_host(host):
        raise WebAddressError("the address names no host")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise WebAddressError("the address is not encrypted (http)")


def _is_host(host: str) -> bool:
    return _HOST_NAME.fullmatch(host) is not None or _ip(host)


def _ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or (_ip(host) and ip_address(host).is_loopback)

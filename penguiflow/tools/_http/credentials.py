"""The headers that authorise a request. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penguiflow.tools._connecting.session import HttpService


def merged_credentials(service: HttpService) -> dict[str, str]:
    """Return the headers of the config and those that change; the latter replace the former, in any case."""
    live = service.live_headers()
    changed = {name.lower() for name in live}
    kept = {name: value for name, value in service.headers.items() if name.lower() not in changed}
    return {**kept, **live}


def with_cookies(headers: Mapping[str, str], cookies: Sequence[str]) -> dict[str, str]:
    """Return the headers with cookies added to those they have: HTTP allows one such header."""
    own = [value for name, value in headers.items() if name.lower() == "cookie"]
    rest = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    return {**rest, "Cookie": "; ".join([*own, *cookies])} if own or cookies else rest

"""Which URLs a sign-in may use, and how they are put together and taken apart. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

from penguiflow.tools._net import NetPolicy, Origin, origin_of, parse_host
from penguiflow.tools._oauth.errors import SignInError, without_query
from penguiflow.tools.errors import ToolNodeError

_MAX_CHARS = 4000
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
# What RFC 3986 allows in a URL; no space, quote, backtick, pipe or backslash is among it.
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~%-]+")


def checked_url(url: str, policy: NetPolicy, *, what: str) -> str:
    """Return a URL that a token or a person may be sent to.

    It is `https`, or `http` to this machine or to a host that `allowed_hosts` names.

    Raises:
        SignInError: it is anything else; `what` says which URL it was.
    """
    try:
        origin = origin_of(url)
    except ToolNodeError as error:
        raise _refused(url, what, str(error)) from error
    host = urlsplit(url).netloc.removesuffix(f":{origin.port}")
    if len(url) > _MAX_CHARS or not _URL.fullmatch(url) or not _HOST.fullmatch(host):
        raise _refused(url, what, "it is no well-formed URL")
    if "#" in url:
        raise _refused(url, what, "it has a fragment")
    if origin.scheme == "http" and not is_this_machine(origin) and not policy.allows_any_address(origin):
        raise _refused(url, what, "it is not encrypted: `https` is needed except on this machine")
    return url


def policy_for(url: str, allowed_hosts: Iterable[str]) -> NetPolicy:
    """Return where requests may lead when a person wrote `url`; one that is no URL allows nothing more."""
    hosts = tuple(allowed_hosts)
    try:
        return NetPolicy.for_urls(url, allowed_hosts=hosts)
    except ToolNodeError:
        return NetPolicy.for_urls(allowed_hosts=hosts)


def resource_of(server_url: str) -> str:
    """Return the server as tokens are bound to it (RFC 8707): no query, which may hold a key.

    Raises:
        SignInError: it is no URL.
    """
    try:
        parts = urlsplit(server_url)
    except ValueError as error:
        raise _refused(server_url, "URL of the server", str(error)) from error
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, "", ""))


def is_this_machine(origin: Origin) -> bool:
    """Whether the host is a loopback address or `localhost`."""
    address = parse_host(origin.host)
    return origin.is_localhost or (address is not None and address.is_loopback)


def authorization_url(auth_url: str, parameters: Mapping[str, str]) -> str:
    """Return the page where a person signs in; what `auth_url` has as a query stays."""
    query = urlencode(parameters, quote_via=quote)
    return f"{auth_url}{'&' if urlsplit(auth_url).query else '?'}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectAnswer:
    """What an authorization server sent back with the person."""

    state: str
    code: str | None = field(default=None, repr=False)
    iss: str | None = None
    error: str | None = None


def redirect_answer(url: str) -> RedirectAnswer:
    """Take the URL apart that a person was sent back to.

    Raises:
        SignInError: it is not such a URL.
    """
    try:
        values = parse_qs(urlsplit(url.strip()).query, max_num_fields=50)
    except ValueError:
        values = {}
    if any(len(given) > 1 for given in values.values()):
        raise SignInError("the redirect URL has a parameter twice", hint="sign in again")
    single = {name: given[0] for name, given in values.items()}
    if "state" not in single or not ({"code", "error"} & single.keys()):
        raise SignInError(
            "this is not the URL of a finished sign-in: `state` and `code` are missing",
            hint="copy the whole address of the page the browser ended on, even if that page shows an error",
        )
    error = single.get("error")
    return RedirectAnswer(
        state=single["state"],
        code=single.get("code"),
        iss=single.get("iss"),
        error=None if error is None else single.get("error_description", error),
    )


def _refused(url: str, what: str, why: str) -> SignInError:
    return SignInError(
        f"the {what} `{without_query(url)}` is not used: {why}",
        hint="do not sign in; ask whoever runs the server to correct it",
    )

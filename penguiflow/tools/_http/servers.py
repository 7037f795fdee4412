"""Which of the servers that a document declares its operations are sent to. Pure."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit, urlunsplit

from pydantic import JsonValue

from penguiflow.tools._http.operations import JsonObject, as_list, as_object, as_text
from penguiflow.tools._net import AddressRefusedError, Origin, origin_of, parse_host


def base_url(servers: JsonValue, document_url: str) -> str:
    """Return the URL that paths are appended to, without a slash at its end.

    A server of the same origin as the document comes before the others, because credentials go only there.
    Whether another may be reached is decided when a request is sent.
    """
    home = origin_of(document_url)
    candidates = [_absolute(as_object(server), document_url) for server in as_list(servers)]
    candidates = [url for url in candidates if _origin(url) is not None] or [urljoin(document_url, "/")]
    chosen = next((url for url in candidates if _same_server(_origin(url), home)), candidates[0])
    if _same_server(_origin(chosen), home):
        chosen = urljoin(document_url, urlsplit(chosen).path or "/")
    return chosen.rstrip("/")


def _absolute(server: JsonObject, document_url: str) -> str:
    url = as_text(server.get("url"))
    for name, variable in as_object(server.get("variables")).items():
        url = url.replace(f"{{{name}}}", as_text(as_object(variable).get("default")))
    if not url:
        return ""
    try:
        parts = urlsplit(urljoin(document_url, url))
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _origin(url: str) -> Origin | None:
    try:
        return origin_of(url)
    except AddressRefusedError:
        return None


def _same_server(origin: Origin | None, home: Origin) -> bool:
    """Whether both are one; a document often says `localhost` where its reader says `127.0.0.1`."""
    if origin is None or origin == home:
        return origin == home
    is_here = _is_this_machine(origin) and _is_this_machine(home)
    return is_here and (origin.scheme, origin.port) == (home.scheme, home.port)


def _is_this_machine(origin: Origin) -> bool:
    address = parse_host(origin.host)
    return origin.is_localhost or (address is not None and address.is_loopback)

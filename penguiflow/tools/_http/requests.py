"""Arguments of a tool as the request it stands for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from penguiflow.safe_text import safe_line
from penguiflow.tools._http.bodies import encode_body
from penguiflow.tools._http.encoding import (
    ArgumentRefusedError,
    cookie_text,
    header_text,
    path_text,
    query_pairs,
)
from penguiflow.tools._http.operations import Operation
from penguiflow.tools._net import origin_of

_ACCEPT = "application/json, text/*;q=0.9, */*;q=0.8"
_KEPT_IN_PATHS = "/:@!$&'()*+,;=~-._%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request without credentials. `cookies` are `name=value` texts."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)


def build_request(operation: Operation, arguments: Mapping[str, object]) -> Outgoing:
    """Return the request for a call. Arguments that are not given are not sent.

    Raises:
        ArgumentRefusedError: an argument is missing, unknown, or cannot be sent.
    """
    rest = dict(arguments)
    path, _, query = operation.path.partition("#")[0].partition("?")
    queries = [query] if query else []
    headers = {"Accept": _ACCEPT}
    cookies: list[str] = []
    for parameter in operation.parameters:
        if parameter.argument not in rest:
            if parameter.location == "path":
                raise ArgumentRefusedError(f"the argument `{parameter.argument}` is missing")
            continue
        value = rest.pop(parameter.argument)
        match parameter.location:
            case "path":
                path = path.replace(f"{{{parameter.name}}}", f"\0{path_text(parameter, value)}\0")
            case "query":
                queries += query_pairs(parameter, value)
            case "header" if value is not None:
                headers[parameter.name] = header_text(parameter, value)
            case "cookie" if value is not None:
                cookies.append(cookie_text(parameter, value))
            case _:
                pass
    content, content_type = encode_body(operation.body, rest)
    if content_type is not None:
        headers["Content-Type"] = content_type
    _refuse_unknown(operation, rest)
    return Outgoing(
        method=operation.method,
        url=_url(operation, path, "&".join(queries)),
        headers=headers,
        cookies=tuple(cookies),
        content=content,
    )


def _url(operation: Operation, path: str, query: str) -> str:
    # Between the marks stand encoded values; the rest is the document's, which may not be encoded.
    parts = path.split("\0")
    encoded = "".join(part if at % 2 else quote(part, safe=_KEPT_IN_PATHS) for at, part in enumerate(parts))
    url = f"{operation.base_url}{encoded}{f'?{query}' if query else ''}"
    if origin_of(url) != origin_of(operation.base_url) or ".." in urlsplit(url).path.split("/"):
        raise ArgumentRefusedError(
            f"the path of `{safe_line(operation.tool.name, max_chars=100)}` leads out of its service"
        )
    return url


def _refuse_unknown(operation: Operation, rest: Mapping[str, object]) -> None:
    if not rest:
        return
    known = [parameter.argument for parameter in operation.parameters]
    if operation.body is not None:
        known += [operation.body.whole] if operation.body.whole else operation.body.fields
    unknown = safe_line(", ".join(rest), max_chars=200)
    raise ArgumentRefusedError(
        f"`{safe_line(operation.tool.name, max_chars=100)}` has no argument `{unknown}`",
        hint=f"it takes: {safe_line(', '.join(known), max_chars=500) or 'none'}",
    )

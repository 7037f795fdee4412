"""The request that a call template and the arguments of a call make. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import quote, urlencode, urlsplit

from penguiflow.safe_text import safe_line
from penguiflow.tools._utcp.calls import ApiKey, Basic, HttpCall
from penguiflow.tools.errors import ToolClientError

_PARAMETER = re.compile(r"\{([^{}]+)\}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
# They frame the message or name its receiver, which is the client's part.
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """What is sent; `secret_headers` are those the template gives, which may be credentials."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secret_headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


def request_of(
    call: HttpCall, arguments: Mapping[str, object], *, token: str | None = None
) -> OutgoingRequest:
    """Return the request; `token` is the access token, if the template asks for one.

    Raises:
        ToolClientError: an argument is missing or cannot stand where the template puts it.
    """
    try:
        return _request(call, {name: value for name, value in arguments.items() if value is not None}, token)
    except UnicodeEncodeError as error:
        raise ToolClientError("an argument holds half of a surrogate pair, which is no text") from error


def basic_header(username: str, password: str) -> dict[str, str]:
    """Return the header of basic authentication."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _request(call: HttpCall, left: dict[str, object], token: str | None) -> OutgoingRequest:
    headers = dict(_header(name, left.pop(name)) for name in call.header_fields if name in left)
    body = left.pop(call.body_field, None) if call.body_field is not None else None
    url = _filled_url(call.url, left)
    key_headers, key_query = _credential_parts(call, token)
    secret_headers = dict(_header(name, value) for name, value in call.headers.items()) | key_headers
    content, content_type = _encoded_body(call, body)
    if content_type is not None and not _has(secret_headers, "content-type"):
        headers["Content-Type"] = content_type
    if not _has({**headers, **secret_headers}, "accept"):
        headers["Accept"] = "text/event-stream" if call.kind == "sse" else "*/*"
    return OutgoingRequest(
        method="POST" if call.kind == "sse" and content is not None else call.method,
        url=_with_query(url, [*_query(left), *key_query]),
        headers=headers,
        secret_headers=secret_headers,
        content=content,
    )


def _credential_parts(call: HttpCall, token: str | None) -> tuple[dict[str, str], list[tuple[str, str]]]:
    match call.credential:
        case ApiKey(location="header") as key:
            return dict([_header(key.name, key.value)]), []
        case ApiKey(location="cookie") as key:
            return dict([_header("Cookie", f"{key.name}={key.value}")]), []
        case ApiKey() as key:
            return {}, [(key.name, key.value)]
        case Basic() as basic:
            return basic_header(basic.username, basic.password), []
        case _:
            return {} if token is None else {"Authorization": f"Bearer {token}"}, []


def _filled_url(template: str, left: dict[str, object]) -> str:
    """Put arguments into the path and the query, and take them out of `left`; never into the host."""
    target, _, _ = template.partition("#")
    scheme, separator, rest = target.partition("://")
    end_of_host = min((rest.find(mark) for mark in "/?" if mark in rest), default=len(rest))
    authority = f"{scheme}{separator}{rest[:end_of_host]}"
    if not separator or _PARAMETER.search(authority):
        raise ToolClientError(
            "the URL of the tool lets an argument choose the host, which is not allowed",
            hint="the manual has to write the host itself",
        )
    names = dict.fromkeys(_PARAMETER.findall(rest[end_of_host:]))
    values = {name: _in_url(name, left) for name in names}
    for name in names:
        left.pop(name, None)
    filled = authority + _PARAMETER.sub(lambda match: values[match.group(1)], rest[end_of_host:])
    if _odd_segments(filled) > _odd_segments(target):
        raise ToolClientError("an argument would change which path the URL of the tool leads to")
    return filled


def _odd_segments(url: str) -> int:
    """Count the segments of the path that stand for another place than themselves, or for none."""
    return sum(segment in ("", ".", "..") for segment in urlsplit(url).path.split("/"))


def _in_url(name: str, arguments: Mapping[str, object]) -> str:
    value = arguments.get(name)
    if value is None:
        raise ToolClientError(f"the argument `{safe_line(name, max_chars=100)}` is missing; the URL needs it")
    return quote(_text(value), safe="")


def _query(arguments: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in arguments.items():
        if isinstance(value, list):
            items = cast("list[object]", value)  # isinstance leaves the items unknown
            yield from ((name, _text(item)) for item in items if item is not None)
        else:
            yield name, _text(value)


def _with_query(url: str, pairs: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(pairs))
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _encoded_body(call: HttpCall, body: object | None) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    content_type = call.content_type.lower()
    if "json" in content_type:
        return _json(body).encode(), call.content_type
    if "x-www-form-urlencoded" in content_type and (fields := _fields(body)) is not None:
        return urlencode(list(_query(fields))).encode(), call.content_type
    return _text(body).encode(), call.content_type


def _fields(body: object) -> dict[str, object] | None:
    return cast("dict[str, object]", body) if isinstance(body, dict) else None  # else of unknown types


def _header(name: str, value: object) -> tuple[str, str]:
    text = _text(value)
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
        raise ToolClientError(f"the tool may not set the header `{safe_line(name, max_chars=100)}`")
    if not _HEADER_VALUE.fullmatch(text):
        raise ToolClientError(
            f"the value for the header `{name}` has characters that a header cannot have",
            hint="line breaks and characters outside ASCII cannot be sent",
        )
    return name, text.strip()


def _text(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ToolClientError("an argument is no JSON value", cause=error) from error


def _has(headers: Mapping[str, str], name: str) -> bool:
    return any(key.lower() == name for key in headers)

"""Answers of a service as values and errors. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Protocol

from pydantic import JsonValue

from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_text
from penguiflow.tools._http.operations import as_list, as_object, as_text
from penguiflow.tools.adapters import error_of_status
from penguiflow.tools.errors import ErrorCategory, ToolNodeError, ToolServerError

MAX_SAID_CHARS: Final = 500

_TEXT_TYPES = re.compile(r"text/.*|.*[/+]xml|application/(javascript|x-www-form-urlencoded|x-ndjson|yaml)")
_SAYING_KEYS = ("detail", "message", "error_description", "error", "title", "errors", "msg")
_SHOWN_OF_HEAD = frozenset({
    "accept-ranges", "allow", "cache-control", "content-encoding", "content-language", "content-length",
    "content-type", "date", "etag", "expires", "last-modified", "location",
})  # fmt: skip


class Reply(Protocol):
    """What is needed of an answer; `penguiflow.tools._net.client` has it."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...

    @property
    def media_type(self) -> str: ...

    def text(self) -> str: ...


def value_of(reply: Reply, *, method: str, expects_json: bool) -> JsonValue:
    """Return what a successful answer holds.

    JSON is parsed, text is text, nothing is None, and bytes are `{"blob": base64, "mimeType": type}`. An
    answer to HEAD, which has no body, gives its status and headers.

    Raises:
        ToolServerError: it says it is JSON and is not, or is a web page where the document promises JSON.
    """
    if method == "HEAD":
        shown = {name: value for name, value in reply.headers.items() if name in _SHOWN_OF_HEAD}
        return {"status": reply.status, "headers": dict(shown)}
    if not reply.body:
        return None
    media_type = reply.media_type
    if media_type == "application/json" or media_type.endswith("+json"):
        return _parsed(reply)
    if expects_json and (value := _json_or_none(reply.body)) is not None:
        return value
    if expects_json and media_type in ("text/html", "application/xhtml+xml"):
        raise _wrong_content(f"a web page instead of JSON: {_title(reply.text())}")
    if _TEXT_TYPES.fullmatch(media_type):
        return reply.text()
    return _untyped(reply.body) if not media_type else _blob(reply.body, media_type)


def error_of(
    reply: Reply, *, tool_name: str, now_s: float, auth_hint: str | None = None
) -> ToolNodeError | None:
    """Return the error that a status stands for, with what the server says about it; None for success."""
    if 200 <= reply.status <= 299:
        return None
    said = _said(reply)
    status = f"{reply.status} {_phrase(reply.status)}".strip()
    error = error_of_status(
        reply.status,
        f"`{tool_name}` failed with status {status}{f': {said}' if said else ''}",
        retry_after_s=retry_after_s(reply.headers.get("retry-after"), now_s=now_s),
    )
    if error.category is ErrorCategory.AUTH_REQUIRED:
        error.hint = auth_hint or "set `auth_type` and `auth_config`, or a header, with a valid credential"
    return error


def retry_after_s(header: str | None, *, now_s: float) -> float | None:
    """Return how long a `Retry-After` header asks to wait: it has seconds or a date; None if neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        at_s = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, at_s - now_s)


def _said(reply: Reply) -> str:
    value = _json_or_none(reply.body)
    text = _message_in(value, 0) if value is not None else ""
    if not text and "html" in reply.media_type:
        text = _title(reply.text())
    elif not text and value is None and _TEXT_TYPES.fullmatch(reply.media_type or "text/plain"):
        text = reply.text().strip()
    return safe_text(redact_text(text[: MAX_SAID_CHARS * 2]), max_chars=MAX_SAID_CHARS)


def _message_in(value: JsonValue, depth: int) -> str:
    """Return what an error object says, by the names that frameworks use for it."""
    if isinstance(value, str) or depth > 3:
        return as_text(value)
    if isinstance(value, list):
        return "; ".join(text for part in value[:5] if (text := _message_in(part, depth + 1)))
    error = as_object(value)
    for key in _SAYING_KEYS:
        text = _message_in(error.get(key), depth + 1)
        if text:
            place = ".".join(str(part) for part in as_list(error.get("loc")))
            return f"{place}: {text}" if place else text
    return ""


def _parsed(reply: Reply) -> JsonValue:
    try:
        return _json(reply.body)
    except (ValueError, RecursionError) as error:
        raise _wrong_content("what it calls JSON and is none", error) from error


def _json_or_none(body: bytes) -> JsonValue:
    try:
        return _json(body)
    except (ValueError, RecursionError):
        return None


def _json(body: bytes) -> JsonValue:
    value: JsonValue = json.loads(body, parse_constant=_no_number)
    return value


def _no_number(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON")


def _untyped(body: bytes) -> JsonValue:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _blob(body, "application/octet-stream")
    if not text.lstrip().startswith(("{", "[")):
        return text
    value = _json_or_none(body)
    return text if value is None else value


def _blob(body: bytes, media_type: str) -> JsonValue:
    return {"blob": base64.b64encode(body).decode(), "mimeType": media_type}


def _title(page: str) -> str:
    found = re.search(r"<title[^>]*>([^<]{1,200})", page[:20_000], re.IGNORECASE)
    return found.group(1).strip() if found else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _wrong_content(what: str, cause: BaseException | None = None) -> ToolServerError:
    return ToolServerError(
        f"the service answered with {safe_text(redact_text(what))}",
        category=ErrorCategory.UNKNOWN,
        cause=cause,
        hint="check that the URL is that of the service itself, and not of a page in front of it",
    )

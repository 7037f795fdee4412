"""Answers as values and errors."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from penguiflow.tools import ToolNodeError
from penguiflow.tools._http.replies import error_of, retry_after_s, value_of
from penguiflow.tools._net.client import HttpReply

NOW_S = 1_700_000_000.0


def reply(body: bytes = b"", content_type: str | None = None, status: int = 200, **headers: str) -> HttpReply:
    given_type = {} if content_type is None else {"content-type": content_type}
    return HttpReply(status=status, headers={**given_type, **headers}, body=body, url="http://x")


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        (b"", "application/json", None),
        (b"3", "application/json", 3),
        (b"3.0", "application/json; charset=utf-8", 3.0),
        (b'{"a": [true, null]}', "application/hal+json", {"a": [True, None]}),
        (b"null", "application/json", None),
        (b"hello", "text/plain", "hello"),
        (b"[1]", "text/plain", "[1]"),
        ("ä".encode("latin-1"), "text/plain; charset=latin-1", "ä"),
        ("ä".encode(), "text/plain; charset=no-such", "ä"),
        (b"\xff", "text/plain", "\ufffd"),
        (b"\xef\xbb\xbfa", "text/plain", "a"),
        (b"a", "text/plain; charset=unicode_escape", "a"),
        (b"<a/>", "application/xml", "<a/>"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"a\x00b", "application/pdf", {"blob": "YQBi", "mimeType": "application/pdf"}),
        (b"hello", None, "hello"),
        (b'{"a": 1}', None, {"a": 1}),
        (b"{half", None, "{half"),
        (b"\xff\x00", None, {"blob": "/wA=", "mimeType": "application/octet-stream"}),
    ],
)
def test_the_content_type_decides_what_an_answer_is(body: bytes, content_type: str, value: JsonValue) -> None:
    assert value_of(reply(body, content_type), method="GET", expects_json=False) == value


def test_an_answer_to_head_is_its_headers_without_cookies() -> None:
    got = reply(b"", "text/plain", etag="e", **{"set-cookie": "s=1"})
    expected = {"status": 200, "headers": {"content-type": "text/plain", "etag": "e"}}
    assert value_of(got, method="HEAD", expects_json=False) == expected


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_json_keeps_its_types(value: Any) -> None:
    assert (
        value_of(reply(json.dumps(value).encode(), "application/json"), method="GET", expects_json=True)
        == value
    )


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        ({"detail": "no"}, "application/json", "no"),
        ({"error": {"message": "no", "code": 3}}, "application/json", "no"),
        ({"error": "bad_request", "error_description": "no"}, "application/json", "no"),
        ({"title": "Bad", "detail": "no"}, "application/problem+json", "no"),
        ({"errors": ["no", "never"]}, "application/json", "no; never"),
        (
            {"detail": [{"loc": ["body", "a"], "msg": "field required"}]},
            "application/json",
            "body.a: field required",
        ),
        ("no", "application/json", "no"),
        (b"no\n", "text/plain", "no"),
        (b"no", None, "no"),
        (b"<html><title>Not here</title>", "text/html", "Not here"),
        (b"\x00\x01", "image/png", ""),
        ({"other": "x"}, "application/json", ""),
        (b"[" * 100_000, "application/json", None),
    ],
)
def test_what_a_refusal_says_is_found(body: Any, content_type: str, said: str | None) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = error_of(reply(raw, content_type, 404), tool_name="t", now_s=NOW_S)
    assert isinstance(error, ToolNodeError)
    if said is not None:
        assert str(error) == f"`t` failed with status 404 Not Found{f': {said}' if said else ''}"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_success_is_no_error(status: int) -> None:
    assert error_of(reply(status=status), tool_name="t", now_s=NOW_S) is None


@pytest.mark.parametrize("status", [304, 399, 600, 999])
def test_a_status_without_a_meaning_is_an_error_that_is_not_repeated(status: int) -> None:
    error = error_of(reply(status=status), tool_name="t", now_s=NOW_S)
    assert error is not None
    assert (type(error), error.status_code, error.is_retryable) == (ToolNodeError, status, False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("\u0663", None),
        ("9" * 5000, 9_999_999_999),
        (formatdate(NOW_S + 90, usegmt=True), 90),
        (formatdate(NOW_S - 90, usegmt=True), 0),
        ("Wed, 99 Foo 2026 00:00:00 GMT", None),
    ],
)
def test_the_pause_asked_for_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, now_s=NOW_S) == seconds

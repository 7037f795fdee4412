"""Where the arguments of a call go in its request."""

from __future__ import annotations

import string
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools import ToolClientError
from penguiflow.tools._utcp.calls import ApiKey, Basic, Credential, HttpCall
from penguiflow.tools._utcp.requests import request_of


def call(url: str = "https://api.example.com/x", **rest: Any) -> HttpCall:
    values: dict[str, Any] = {
        "kind": "http",
        "method": "GET",
        "headers": {},
        "content_type": "application/json",
        "body_field": "body",
        "header_fields": (),
        "credential": None,
    }
    return HttpCall(url=url, **{**values, **rest})


@pytest.mark.parametrize(
    ("url", "arguments", "expected"),
    [
        ("https://h/a", {}, "https://h/a"),
        ("https://h/a", {"q": "x y", "n": 1}, "https://h/a?q=x+y&n=1"),
        ("https://h/a?k=1", {"q": True}, "https://h/a?k=1&q=true"),
        ("https://h/a", {"q": ["x", 2, None]}, "https://h/a?q=x&q=2"),
        ("https://h/a", {"q": None}, "https://h/a"),
        ("https://h/a", {"q": {"b": 1}}, "https://h/a?q=%7B%22b%22%3A+1%7D"),
        ("https://h/u/{id}/p/{id}", {"id": 7, "q": 1}, "https://h/u/7/p/7?q=1"),
        ("https://h/u/{id}", {"id": "a/b?c#d&e%2f"}, "https://h/u/a%2Fb%3Fc%23d%26e%252f"),
        ("https://h/s?q={q}", {"q": "a&b=c"}, "https://h/s?q=a%26b%3Dc"),
        ("https://h/a#{frag}", {}, "https://h/a"),
        ("https://h?q={q}", {"q": "x"}, "https://h?q=x"),
    ],
)
def test_arguments_go_into_the_path_and_the_query(
    url: str, arguments: dict[str, object], expected: str
) -> None:
    assert request_of(call(url), arguments).url == expected


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_an_argument_does_not_lead_to_another_path(value: str) -> None:
    with pytest.raises(ToolClientError, match="which path"):
        request_of(call("https://h/users/{id}"), {"id": value})


@pytest.mark.parametrize("url", ["https://{host}/x", "{scheme}://h/x", "https://h:{port}/x", "{url}", "/x"])
def test_an_argument_never_chooses_the_host(url: str) -> None:
    values = {"host": "evil.example", "scheme": "http", "port": 1, "url": "https://evil.example/"}
    with pytest.raises(ToolClientError, match="choose the host"):
        request_of(call(url), values)


def test_a_missing_argument_of_the_path_is_named() -> None:
    with pytest.raises(ToolClientError, match="`id` is missing"):
        request_of(call("https://h/u/{id}"), {"id": None})


@pytest.mark.parametrize(
    ("content_type", "body", "content"),
    [
        ("application/json", {"a": [1, None]}, b'{"a": [1, null]}'),
        ("application/json", "text", b'"text"'),
        ("application/merge-patch+json", {"a": 1}, b'{"a": 1}'),
        ("application/x-www-form-urlencoded", {"a": "x y", "b": [1, 2]}, b"a=x+y&b=1&b=2"),
        ("text/plain", "text", b"text"),
        ("text/plain", {"a": 1}, b'{"a": 1}'),
    ],
)
def test_the_body_field_is_the_body(content_type: str, body: object, content: bytes) -> None:
    request = request_of(call(method="POST", content_type=content_type), {"body": body, "q": 1})
    assert (request.content, request.headers["Content-Type"]) == (content, content_type)
    assert request.url.endswith("?q=1")


def test_another_body_field_leaves_body_to_the_query() -> None:
    request = request_of(call(method="POST", body_field="data"), {"body": "b", "data": 1})
    assert (request.content, urlsplit(request.url).query) == (b"1", "body=b")


@pytest.mark.parametrize(
    ("credential", "headers", "query"),
    [
        (ApiKey(name="X-Key", value="k1", location="header"), {"X-Key": "k1"}, ""),
        (ApiKey(name="key", value="k 1", location="query"), {}, "key=k+1"),
        (ApiKey(name="sid", value="k1", location="cookie"), {"Cookie": "sid=k1"}, ""),
        (Basic(username="u", password="p"), {"Authorization": "Basic dTpw"}, ""),
    ],
)
def test_credentials_stand_where_the_template_says(
    credential: Credential, headers: dict[str, str], query: str
) -> None:
    request = request_of(call(credential=credential), {})
    assert (request.secret_headers, urlsplit(request.url).query) == (headers, query)


def test_header_fields_become_headers() -> None:
    request = request_of(call(header_fields=("X-Id", "X-None")), {"X-Id": 5, "X-None": None})
    assert (request.headers["X-Id"], "X-None" in request.headers) == ("5", False)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "X:Y", "", "X\r\nY"])
def test_headers_that_frame_the_request_are_refused(name: str) -> None:
    with pytest.raises(ToolClientError, match="may not set the header"):
        request_of(call(header_fields=(name,)), {name: "x"})


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\0", "é", "\x7f"])
def test_a_header_value_holds_no_second_header(value: str) -> None:
    with pytest.raises(ToolClientError, match="characters that a header cannot have"):
        request_of(call(header_fields=("X-Id",)), {"X-Id": value})


@pytest.mark.parametrize("place", ["query", "path", "body"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
def test_half_of_a_surrogate_pair_is_refused(place: str, content_type: str) -> None:
    made = call("https://h/{path}", method="POST", content_type=content_type)
    with pytest.raises(ToolClientError, match="surrogate"):
        request_of(made, {"path": "p", place: "\ud800"})


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(ToolClientError, match="no JSON value"):
        request_of(call(method="POST"), {"body": value})


@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1),
    letters=st.text(string.printable),
)
def test_whatever_an_argument_holds_stays_that_argument(text: str, letters: str) -> None:
    made = call("https://api.example.com/u/{id}/end")
    try:
        url = urlsplit(request_of(made, {"id": text, "q": letters}).url)
    except ToolClientError:
        assert text in (".", "..")
        return
    start, middle, end = url.path.removeprefix("/").split("/")
    assert (url.netloc, start, unquote(middle), end, url.fragment) == (
        "api.example.com",
        "u",
        text,
        "end",
        "",
    )
    assert parse_qsl(url.query, keep_blank_values=True) == [("q", letters)]

"""Arguments as requests: the styles of OpenAPI, bodies of every kind, and nothing that leaves its place."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penguiflow.tools._http.encoding import ArgumentRefusedError
from penguiflow.tools._http.openapi import describe_openapi
from penguiflow.tools._http.operations import Operation
from penguiflow.tools._http.requests import Outgoing, build_request
from tests.fakes.http_service import document

LIST = [3, 4, 5]
OBJECT = {"r": 100, "g": 200}
URL = "http://api.example/openapi.json"


def operation_with(location: str, path: str = "/x", **parameter: Any) -> Operation:
    declared = {"name": "c", "in": location, "schema": {}, **parameter}
    described = document(("get", path, {"operationId": "x", "parameters": [declared]}))
    return describe_openapi(described, URL).operations["x"]


def with_body(media_type: str, schema: object) -> Operation:
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    described = document(("post", "/x", {"operationId": "x", "requestBody": body}))
    return describe_openapi(described, URL).operations["x"]


def sent(operation: Operation, **arguments: object) -> Outgoing:
    return build_request(operation, arguments)


@pytest.mark.parametrize(
    ("style", "explode", "value", "expected"),
    [
        ("form", True, "blue", "c=blue"),
        ("form", True, True, "c=true"),
        ("form", True, 1.5, "c=1.5"),
        ("form", True, LIST, "c=3&c=4&c=5"),
        ("form", False, LIST, "c=3,4,5"),
        ("form", True, OBJECT, "r=100&g=200"),
        ("form", False, OBJECT, "c=r,100,g,200"),
        ("spaceDelimited", False, LIST, "c=3%204%205"),
        ("pipeDelimited", False, LIST, "c=3|4|5"),
        ("deepObject", True, {"r": {"x": 1}, "g": [1, 2]}, "c%5Br%5D%5Bx%5D=1&c%5Bg%5D=1&c%5Bg%5D=2"),
        ("form", True, [], ""),
        ("form", False, [], ""),
        ("form", True, None, ""),
        ("form", True, "a&b=c d", "c=a%26b%3Dc%20d"),
        ("form", True, [{"a": 1}], "c=%7B%22a%22%3A%201%7D"),
        (None, None, LIST, "c=3&c=4&c=5"),
    ],
)
def test_queries_are_written_in_their_style(style: Any, explode: Any, value: object, expected: str) -> None:
    operation = operation_with("query", style=style, explode=explode)
    assert urlsplit(sent(operation, c=value).url).query == expected


@pytest.mark.parametrize(
    ("style", "explode", "value", "expected"),
    [
        ("simple", False, "blue", "blue"),
        ("simple", False, LIST, "3,4,5"),
        ("simple", True, OBJECT, "r=100,g=200"),
        ("simple", False, OBJECT, "r,100,g,200"),
        ("label", False, LIST, ".3,4,5"),
        ("label", True, LIST, ".3.4.5"),
        ("label", True, OBJECT, ".r=100.g=200"),
        ("matrix", False, "blue", ";c=blue"),
        ("matrix", False, LIST, ";c=3,4,5"),
        ("matrix", True, LIST, ";c=3;c=4;c=5"),
        ("matrix", True, OBJECT, ";r=100;g=200"),
        ("simple", False, "a/b?c#d%é", "a%2Fb%3Fc%23d%25%C3%A9"),
        ("simple", False, "{c}", "%7Bc%7D"),
    ],
)
def test_paths_are_written_in_their_style(style: str, explode: bool, value: object, expected: str) -> None:
    operation = operation_with("path", "/x/{c}/y", style=style, explode=explode)
    assert sent(operation, c=value).url == f"http://api.example/x/{expected}/y"


@pytest.mark.parametrize("value", ["", None, [], {}, ".", "..", "../x", "x/../y", "x\\..\\y", [".."]])
def test_a_value_that_would_change_the_path_is_refused(value: object) -> None:
    with pytest.raises(ArgumentRefusedError, match="`c`"):
        sent(operation_with("path", "/x/{c}"), c=value)


def test_a_path_argument_that_is_missing_is_said() -> None:
    with pytest.raises(ArgumentRefusedError, match="`c` is missing"):
        sent(operation_with("path", "/x/{c}"))


@pytest.mark.parametrize(("explode", "expected"), [(False, "r,100,g,200"), (True, "r=100,g=200")])
def test_headers_are_written_in_their_style(explode: bool, expected: str) -> None:
    assert sent(operation_with("header", explode=explode), c=OBJECT).headers["c"] == expected
    assert sent(operation_with("header"), c=LIST).headers["c"] == "3,4,5"
    assert "c" not in sent(operation_with("header"), c=None).headers


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "é"])
def test_a_header_cannot_be_broken_out_of(value: str) -> None:
    with pytest.raises(ArgumentRefusedError, match="`c`"):
        sent(operation_with("header"), c=value)


@pytest.mark.parametrize("value", ["a; admin=1", "a\r\nb", 'a"b'])
def test_a_cookie_cannot_be_broken_out_of(value: str) -> None:
    with pytest.raises(ArgumentRefusedError, match="`c`"):
        sent(operation_with("cookie"), c=value)
    assert sent(operation_with("cookie"), c="sweet").cookies == ("c=sweet",)


def test_a_parameter_with_content_is_json() -> None:
    operation = operation_with("query", content={"application/json": {"schema": {"type": "object"}}})
    assert parse_qsl(urlsplit(sent(operation, c={"a": [1]}).url).query) == [("c", '{"a": [1]}')]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a b", "http://api.example/a%20b"),
        ("/a?x=1", "http://api.example/a?x=1"),
        ("/a#part", "http://api.example/a"),
        ("//evil.example/a", "http://api.example//evil.example/a"),
        ("/@evil.example", "http://api.example/@evil.example"),
    ],
)
def test_a_path_of_the_document_stays_at_its_server(path: str, expected: str) -> None:
    described = document(("get", path, {"operationId": "x"}))
    assert build_request(describe_openapi(described, URL).operations["x"], {}).url == expected


def test_a_path_that_is_none_is_no_tool() -> None:
    described = document(("get", "@evil.example/", {}), ("get", ".evil.example/", {}))
    assert describe_openapi(described, URL).operations == {}


TEXTS = {"type": "object", "properties": {"a": {}, "b": {}}}


@pytest.mark.parametrize(
    ("media_type", "content_type", "content"),
    [
        ("application/json", "application/json", b'{"a": "x y", "b": [1, null]}'),
        ("*/*", "application/json", b'{"a": "x y", "b": [1, null]}'),
        ("application/merge-patch+json", "application/merge-patch+json", b'{"a": "x y", "b": [1, null]}'),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded", b"a=x+y&b=1"),
    ],
)
def test_a_body_is_written_in_its_kind(media_type: str, content_type: str, content: bytes) -> None:
    request = sent(with_body(media_type, TEXTS), a="x y", b=[1, None])
    assert (request.headers["Content-Type"], request.content) == (content_type, content)


def test_json_is_taken_where_there_is_a_choice() -> None:
    content = {
        "text/plain": {},
        "application/x-www-form-urlencoded": {},
        "application/json": {"schema": TEXTS},
    }
    operation = {"operationId": "x", "requestBody": {"content": content, "required": True}}
    described = describe_openapi(document(("post", "/x", operation)), URL)
    assert sent(described.operations["x"], a=1).content == b'{"a": 1}'
    assert sent(described.operations["x"]).content == b"{}"


def test_a_text_and_bytes_are_sent_as_they_are() -> None:
    assert sent(with_body("text/plain", {"type": "string"}), body="hé").content == "hé".encode()
    assert sent(with_body("application/octet-stream", {}), body="AAE=").content == b"\x00\x01"
    with pytest.raises(ArgumentRefusedError, match="not base64"):
        sent(with_body("application/octet-stream", {}), body="no!")


def test_a_name_in_a_form_cannot_break_out_of_it() -> None:
    request = sent(with_body("multipart/form-data", TEXTS), **{'a"\r\nX: 1': "v"})
    assert request.content is not None
    assert b"\r\nX: 1" not in request.content


def test_an_open_body_takes_more_than_it_names_and_a_closed_one_does_not() -> None:
    assert json.loads(sent(with_body("application/json", TEXTS), a=1, more=2).content or b"") == {
        "a": 1,
        "more": 2,
    }
    closed = with_body("application/json", {**TEXTS, "additionalProperties": False})
    assert closed.tool.input_schema["additionalProperties"] is False
    with pytest.raises(ArgumentRefusedError, match="`more`"):
        sent(closed, a=1, more=2)


@given(st.text())
def test_any_text_in_a_path_is_one_segment_that_reads_back(text: str) -> None:
    assume(not any(0xD800 <= ord(char) < 0xE000 for char in text))
    try:
        url = sent(operation_with("path", "/x/{c}/y"), c=text).url
    except ArgumentRefusedError:
        return
    assert [unquote(part) for part in urlsplit(url).path.split("/")] == ["", "x", text, "y"]


@given(st.text())
def test_any_text_in_a_query_reads_back(text: str) -> None:
    assume(not any(0xD800 <= ord(char) < 0xE000 for char in text))
    url = sent(operation_with("query"), c=text).url
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == [("c", text)]
    assert url.isascii()

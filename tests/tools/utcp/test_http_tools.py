"""Tools of a manual over HTTP, called at a real service."""

from __future__ import annotations

import asyncio
import base64
from http import HTTPStatus

import pytest
from pydantic import JsonValue
from starlette.responses import JSONResponse, Response

from penguiflow.tools import (
    ToolAuthError,
    ToolClientError,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)
from tests.fakes.utcp_service import Received, UtcpServer, tool
from tests.tools.utcp.conftest import opened


async def test_arguments_arrive_where_the_template_puts_them(service: UtcpServer) -> None:
    service.has_manual(
        tool(
            "svc.make",
            f"{service.url}/shops/{{shop}}/fish",
            "POST",
            header_fields=["X-Trace"],
            headers={"X-A": "b"},
        )
    )
    arguments = {"shop": "a/b", "X-Trace": "t1", "body": {"kind": "cod"}, "dry": True}
    async with opened(service.url) as session:
        result = await session.call_tool("make", arguments)
        assert await session.call_tool("svc.make", arguments) == result
    sent = service.at("/shops/a%2Fb/fish")[0]
    assert result.value == sent.as_json()
    assert (sent.method, sent.query, sent.body) == ("POST", [("dry", "true")], '{"kind": "cod"}')
    assert (sent.headers["x-trace"], sent.headers["x-a"]) == ("t1", "b")
    assert sent.headers["content-type"] == "application/json"


PNG = b"\x89PNG\r\n"


@pytest.mark.parametrize(
    ("content", "kind", "outputs", "value"),
    [
        ({"a": [1, 2.5, None, True]}, "application/json", {}, {"a": [1, 2.5, None, True]}),
        (3, "application/json", {}, 3),
        (None, "application/json", {}, None),
        ("{broken", "application/json", {}, "{broken"),
        ({"a": 1}, "application/problem+json", {}, {"a": 1}),
        ("3", "text/plain", {}, "3"),
        ("3", "text/plain", {"type": "integer"}, 3),
        ("[1]", "text/plain", {}, [1]),
        ("[1]", "text/plain", {"type": "string"}, "[1]"),
        ("three", "text/plain", {"type": "integer"}, "three"),
        ("<a/>", "application/xml", {}, "<a/>"),
        ("", "text/plain", {}, None),
        ('{"a": 1}\n\n{"a": 2}\nend\n', "application/x-ndjson", {}, [{"a": 1}, {"a": 2}, "end"]),
        ("data: 1\n\nevent: x\ndata: a\ndata: b\n\n: hm\n\n", "text/event-stream", {}, [1, "a\nb"]),
        (PNG, "image/png", {}, {"blob": base64.b64encode(PNG).decode(), "mimeType": "image/png"}),
    ],
)
async def test_results_keep_their_type(
    service: UtcpServer, content: object, kind: str, outputs: dict[str, object], value: JsonValue
) -> None:
    service.has_manual(tool("get", f"{service.url}/thing", outputs=outputs))
    service.says("/thing", 200, content, kind)
    async with opened(service.url) as session:
        result = await session.call_tool("get", {})
    assert (result.value, type(result.value), result.is_error) == (value, type(value), False)


async def test_streams_are_read_to_their_end(service: UtcpServer) -> None:
    service.has_manual(
        tool("events", f"{service.url}/events", kind="sse"),
        tool("lines", f"{service.url}/lines", "POST", kind="streamable_http", body_field="body"),
    )
    service.says("/events", 200, 'data: {"n": 1}\r\n\r\ndata: 2\r\n\r\n', "text/event-stream")
    service.says("/lines", 200, '{"n": 1}\n{"n": 2}\n', "application/x-ndjson")
    async with opened(service.url) as session:
        assert (await session.call_tool("events", {})).value == [{"n": 1}, 2]
        assert (await session.call_tool("lines", {"body": "x"})).value == [{"n": 1}, {"n": 2}]
    assert service.at("/events")[0].headers["accept"] == "text/event-stream"
    assert (service.at("/lines")[0].method, service.at("/lines")[0].body) == ("POST", "x")


@pytest.mark.parametrize(
    ("status", "error_class", "body", "said"),
    [
        (400, ToolClientError, {"detail": "bad fish"}, "bad fish"),
        (401, ToolAuthError, {"error": "invalid", "message": "expired"}, "expired"),
        (403, ToolAuthError, {"error": {"message": "not you"}}, "not you"),
        (404, ToolClientError, "plain words", "plain words"),
        (429, ToolRateLimitError, {"message": "slow down"}, "slow down"),
        (500, ToolServerError, "<html><title>Oops</title>long page</html>", "Oops"),
        (503, ToolServerError, "", None),
        (507, ToolNodeError, "\x1b]0;title\x07", "␛]0;title␇"),
    ],
)
async def test_the_status_decides_the_error(
    service: UtcpServer, status: int, error_class: type[ToolNodeError], body: object, said: str | None
) -> None:
    service.has_manual(tool("get", f"{service.url}/thing"))
    kind = (
        "text/html"
        if str(body).startswith("<")
        else "text/plain"
        if isinstance(body, str)
        else "application/json"
    )
    service.says("/thing", status, body, kind)
    async with opened(service.url) as session:
        with pytest.raises(ToolNodeError) as caught:
            await session.call_tool("get", {})
    assert (type(caught.value), caught.value.status_code) == (error_class, status)
    phrase = f"`get` failed with status {status} {HTTPStatus(status).phrase}"
    assert str(caught.value) == phrase + (f": {said}" if said else "")


@pytest.mark.parametrize(
    ("header", "pause"), [("7", 7.0), ("soon", 1.0), ("-1", 1.0), ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0)]
)
async def test_the_pause_a_server_asks_for_is_kept(service: UtcpServer, header: str, pause: float) -> None:
    service.has_manual(tool("get", f"{service.url}/thing"))
    service.answers["/thing"] = lambda _: Response(status_code=429, headers={"Retry-After": header})
    async with opened(service.url) as session:
        with pytest.raises(ToolRateLimitError) as caught:
            await session.call_tool("get", {})
    assert caught.value.retry_after_seconds == pause


async def test_a_service_that_hangs_times_out(service: UtcpServer) -> None:
    service.has_manual(tool("get", f"{service.url}/thing"))
    service.hangs("/thing")
    async with opened(service.url, timeout_s=0.2) as session:
        with pytest.raises(ToolTimeoutError, match="did not answer within"):
            await session.call_tool("get", {})


async def test_an_unknown_tool_is_named() -> None:
    async with opened("cat UTCP_ARG_file_UTCP_END", kind="command") as session:
        with pytest.raises(ToolClientError, match="no tool `dog` in the manual"):
            await session.call_tool("dog", {})


async def test_a_text_template_returns_its_text_and_no_variable(service: UtcpServer) -> None:
    template = {"call_template_type": "text", "content": "the key is ${KEY}"}
    service.has_manual({"name": "read", "tool_call_template": template})
    async with opened(service.url, variables={"KEY": "secret-key"}) as session:
        assert (await session.call_tool("read", {})).value == "the key is ${KEY}"


def _token_endpoint(service: UtcpServer, *, takes_basic: bool = False) -> list[str]:
    """Give out tokens t1, t2, ...; returns those that are valid, which a test may clear."""
    valid: list[str] = []
    given: list[str] = []

    def answer(request: Received) -> Response:
        if takes_basic != ("authorization" in request.headers):
            return JSONResponse({"error": "invalid_client"}, 401)
        given.append(f"token-number-{len(given) + 1}")
        valid.append(given[-1])
        return JSONResponse({"access_token": given[-1], "token_type": "bearer"})

    def protected(request: Received) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return JSONResponse(token, 200 if token in valid else 401)

    service.answers["/token"] = answer
    service.answers["/thing"] = protected
    return valid


@pytest.mark.parametrize("takes_basic", [False, True])
async def test_a_token_is_asked_for_once_and_again_when_it_is_refused(
    service: UtcpServer, takes_basic: bool
) -> None:
    valid = _token_endpoint(service, takes_basic=takes_basic)
    auth = {
        "auth_type": "oauth2",
        "token_url": f"{service.url}/token",
        "client_id": "penguin",
        "client_secret": "${SECRET}",
        "scope": "fish",
    }
    service.has_manual(tool("get", f"{service.url}/thing", auth=auth))
    async with opened(service.url, variables={"SECRET": "s3cret-of-penguin"}) as session:
        results = await asyncio.gather(*(session.call_tool("get", {}) for _ in range(5)))
        assert {result.value for result in results} == {"token-number-1"}
        valid.clear()
        results = await asyncio.gather(*(session.call_tool("get", {}) for _ in range(5)))
        assert {result.value for result in results} == {"token-number-2"}
    asked = service.at("/token")[-1]
    assert "grant_type=client_credentials&scope=fish" in asked.body
    assert ("s3cret-of-penguin" in asked.body) is not takes_basic


async def test_a_token_that_is_not_given_needs_auth(service: UtcpServer) -> None:
    service.says("/token", 400, {"error": "invalid_client"})
    auth = {
        "auth_type": "oauth2",
        "token_url": f"{service.url}/token",
        "client_id": "a",
        "client_secret": "b",
    }
    service.has_manual(tool("get", f"{service.url}/thing", auth=auth))
    async with opened(service.url) as session:
        with pytest.raises(ToolAuthError, match=r"gave no access token for `svc` \(HTTP status 400\)"):
            await session.call_tool("get", {})
    assert service.at("/thing") == []


async def test_a_token_is_not_asked_for_in_plain_text_elsewhere(service: UtcpServer) -> None:
    auth = {
        "auth_type": "oauth2",
        "token_url": "http://auth.example/",
        "client_id": "a",
        "client_secret": "b",
    }
    service.has_manual(tool("get", f"{service.url}/thing", auth=auth))
    async with opened(service.url) as session:
        with pytest.raises(ToolAuthError, match="not encrypted"):
            await session.call_tool("get", {})

"""A `ToolNode` with HTTP services that are slow, busy, hostile or not what they seem."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from penguiflow.tools import (
    ToolAuthError,
    ToolClientError,
    ToolConnectionError,
    ToolNode,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)
from tests.fakes.http_service import HttpFake, Seen, answer, document, get, json_answer, redirect, serving
from tests.tools.conftest import MakeNode

ONCE = {"max_attempts": 1}
TWICE = {"max_attempts": 2, "wait_exponential_min_s": 0.01}
JSON_ONLY = {"200": {"content": {"application/json": {}}}}

MakeHttp = Callable[..., ToolNode]


@pytest.fixture
def node_of(make_node: MakeNode) -> MakeHttp:
    def make(fake: HttpFake, path: str = "/openapi.json", **config: object) -> ToolNode:
        values = {"transport": "http", "name": "web", "retry_policy": ONCE, **config}
        return make_node(fake.url + path, **values)

    return make


def described(*operations: tuple[str, str, dict[str, object]], **parts: object) -> bytes:
    return json_answer(document(*operations, **parts))


async def test_a_busy_service_is_asked_again_after_the_pause_it_wants(node_of: MakeHttp) -> None:
    busy = json_answer({"detail": "slow down"}, 429, retry_after="0")
    routes = {"/openapi.json": described(get("/x")), "/x": [busy, json_answer(5)]}
    async with serving(routes) as fake:
        assert await node_of(fake, retry_policy=TWICE).call("x", {}) == {"result": 5}
        assert len(fake.asked("/x")) == 2


async def test_the_pause_a_service_wants_is_told(node_of: MakeHttp) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    async with serving({"/openapi.json": described(get("/x"), get("/y"))}) as fake:
        fake.routes["/x"] = answer(429, retry_after="7")
        fake.routes["/y"] = answer(503, retry_after=later)
        node = node_of(fake)
        with pytest.raises(ToolRateLimitError) as busy:
            await node.call("x", {})
        with pytest.raises(ToolServerError) as down:
            await node.call("y", {})
    assert busy.value.retry_after_seconds == 7
    assert 90 < (down.value.retry_after_seconds or 0) <= 100


async def test_a_service_that_fails_once_is_asked_again(node_of: MakeHttp) -> None:
    routes = {"/openapi.json": described(get("/x")), "/x": [answer(503), json_answer("up")]}
    async with serving(routes) as fake:
        assert await node_of(fake, retry_policy=TWICE).call("x", {}) == {"result": "up"}


async def test_a_service_that_cannot_describe_itself_now_is_asked_again(node_of: MakeHttp) -> None:
    routes = {"/openapi.json": [answer(503), described(get("/x"))], "/x": json_answer(1)}
    async with serving(routes) as fake:
        assert await node_of(fake, retry_policy=TWICE).call("x", {}) == {"result": 1}


async def test_a_service_that_comes_back_is_found_again(node_of: MakeHttp) -> None:
    async def dropped(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving({"/openapi.json": described(get("/x")), "/x": dropped}) as fake:
        node = node_of(fake)
        with pytest.raises(ToolConnectionError):
            await node.call("x", {})
        fake.routes["/x"] = json_answer(1)
        assert await node.call("x", {}) == {"result": 1}


async def test_a_slow_body_is_left_at_the_deadline(node_of: MakeHttp) -> None:
    async def dribble(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)  # what a slow server does

    async with serving({"/openapi.json": described(get("/x")), "/x": dribble}) as fake:
        with pytest.raises(ToolTimeoutError):
            await node_of(fake, timeout_s=1).call("x", {})


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_that_is_too_large_is_refused(node_of: MakeHttp, packed: bool) -> None:
    body = b'"' + b"0" * 3_000_000 + b'"'
    huge = answer(body=gzip.compress(body), content_encoding="gzip") if packed else answer(body=body)
    async with serving({"/openapi.json": described(get("/x")), "/x": huge}) as fake:
        node = node_of(fake, max_response_bytes=100_000)
        with pytest.raises(ToolClientError, match="larger than 100000 bytes"):
            await node.call("x", {})
        assert node.status.state == "ready"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (answer(body=b"{half", content_type="application/json"), "calls JSON and is none"),
        (answer(body=b"[NaN]", content_type="application/json"), "calls JSON and is none"),
        (answer(body=b"[" * 100_000, content_type="application/json"), "calls JSON and is none"),
        (answer(body=b"\xff\xfe{", content_type="application/problem+json"), "calls JSON and is none"),
        (
            answer(body=b"<title>Sign in</title>", content_type="text/html"),
            "a web page instead of JSON: Sign",
        ),
    ],
)
async def test_an_answer_of_the_wrong_kind_is_an_error(node_of: MakeHttp, reply: bytes, said: str) -> None:
    async with serving({"/openapi.json": described(get("/x", responses=JSON_ONLY)), "/x": reply}) as fake:
        with pytest.raises(ToolServerError, match=said) as caught:
            await node_of(fake, retry_policy=TWICE).call("x", {})
        assert not caught.value.is_retryable
        assert len(fake.asked("/x")) == 1


async def test_json_under_another_name_is_still_json(node_of: MakeHttp) -> None:
    mislabelled = answer(body=b'{"a": 1}', content_type="text/html; charset=utf-8")
    routes = {"/openapi.json": described(get("/x", responses=JSON_ONLY)), "/x": mislabelled}
    async with serving(routes) as fake:
        assert await node_of(fake).call("x", {}) == {"result": {"a": 1}}


async def test_what_the_service_says_about_a_failure_is_shown_harmless_and_short(node_of: MakeHttp) -> None:
    said = json_answer({"detail": "no \x1b[2J\u202eevil " + "x" * 5000}, 400)
    async with serving({"/openapi.json": described(get("/x")), "/x": said}) as fake:
        with pytest.raises(ToolClientError) as caught:
            await node_of(fake).call("x", {})
    text = str(caught.value)
    assert text.startswith("`x` failed with status 400 Bad Request: no ")
    assert len(text) < 700
    assert not {"\x1b", "\u202e"} & set(text)


async def test_a_credential_that_the_service_repeats_is_not_shown(node_of: MakeHttp) -> None:
    async def repeats(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(json_answer({"error": f"bad {seen.headers['x-api-key']}"}, 400))

    async with serving({"/openapi.json": described(get("/x")), "/x": repeats}) as fake:
        node = node_of(fake, auth_type="api_key", auth_config={"api_key": "kanarienvogel-4711"})
        with pytest.raises(ToolClientError, match="bad ") as caught:
            await node.call("x", {})
    assert "kanarienvogel" not in str(caught.value)


async def test_credentials_do_not_go_to_another_server_of_the_document(node_of: MakeHttp) -> None:
    async with serving({"/x": answer(401)}) as other, serving() as fake:  # T4
        fake.routes["/openapi.json"] = described(get("/x"), servers=[{"url": other.url}])
        node = node_of(
            fake, auth_type="bearer", auth_config={"token": "t0p-secret"}, allowed_hosts=["127.0.0.1"]
        )
        with pytest.raises(ToolAuthError) as caught:
            await node.call("x", {})
        assert "authorization" not in other.seen[0].headers
        assert "credentials go only to the origin of `connection`" in (caught.value.hint or "")


async def test_another_private_server_of_the_document_is_refused(node_of: MakeHttp) -> None:
    async with serving({"/x": json_answer(1)}) as other, serving() as fake:  # ASI04
        fake.routes["/openapi.json"] = described(get("/x"), servers=[{"url": other.url}])
        with pytest.raises(ToolClientError, match=r"leads to `127\.0\.0\.1`"):
            await node_of(fake).call("x", {})
        assert other.seen == []


async def test_a_document_may_call_this_machine_by_its_other_name(node_of: MakeHttp) -> None:
    async with serving({"/v1/x": json_answer(1)}) as fake:
        server = {"url": f"http://localhost:{fake.port}/v1"}
        fake.routes["/openapi.json"] = described(get("/x"), servers=[server])
        assert await node_of(fake).call("x", {}) == {"result": 1}


async def test_a_service_that_wants_a_credential_first_shows_so(node_of: MakeHttp) -> None:
    async with serving({"/openapi.json": answer(401)}) as fake:
        node = node_of(fake)
        with pytest.raises(ToolAuthError):
            await node.connect()
        assert node.status.state == "needs_auth"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (answer(404), "status 404"),
        (answer(body=b"<html>hello</html>", content_type="text/html"), "is no JSON"),
        (json_answer({"swagger": "2.0"}), "OpenAPI 2.0, and only 3.x is read"),
        (json_answer({"hello": 1}), "neither an OpenAPI document nor a list of tools"),
        (json_answer([1, 2]), "neither an OpenAPI document nor a list of tools"),
        (answer(body=b"[" * 200_000), "nested too deeply"),
        (answer(body=b"a: [b"), "neither JSON nor YAML"),
        (answer(body=b"a: &x 1\nb: *x"), "uses anchors"),
        (answer(body=b"\x00\xff\xfe"), "neither JSON nor YAML"),
        (answer(body=b""), "is no JSON"),
    ],
)
async def test_what_is_no_document_is_said_with_the_places_looked_at(
    node_of: MakeHttp, reply: bytes, said: str
) -> None:
    async with serving({"/api": reply}) as fake:
        node = node_of(fake, "/api/")
        fake.routes["/api/"] = reply
        with pytest.raises(ToolConnectionError, match=said) as caught:
            await node.connect()
        text = str(caught.value)
        assert f"{fake.url}/api/openapi.json" in text
        assert f"{fake.url}/openapi.json" in text
        assert caught.value.hint
        assert node.status.state == "failed"


async def test_a_document_of_the_wrong_version_at_its_own_url_says_only_that(node_of: MakeHttp) -> None:
    async with serving({"/openapi.json": json_answer({"swagger": "2.0"})}) as fake:
        with pytest.raises(ToolConnectionError, match=r"OpenAPI 2\.0") as caught:
            await node_of(fake).connect()
        assert "convert" in (caught.value.hint or "")
        assert len(fake.seen) == 1


async def test_a_document_in_yaml_is_read(node_of: MakeHttp) -> None:
    text = (
        "openapi: 3.0.0\ninfo: {title: Pets, version: 2020-01-01}\n"
        "paths:\n  /pets:\n    get:\n      operationId: pets\n      responses: {200: {description: all}}\n"
    )
    async with serving({"/spec.yaml": answer(body=text.encode()), "/pets": json_answer([])}) as fake:
        node = node_of(fake, "/spec.yaml")
        assert await node.call("pets", {}) == {"result": []}
        assert node.status.server == "Pets 2020-01-01"


async def test_a_service_that_is_not_there_is_unreachable(node_of: MakeHttp) -> None:
    async with serving() as fake:
        node = node_of(fake)
    with pytest.raises(ToolConnectionError, match="cannot reach"):
        await node.connect()
    assert node.status.state == "failed"


async def test_a_service_that_never_answers_is_left_at_the_deadline(node_of: MakeHttp) -> None:
    async def silent(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with serving({"/openapi.json": silent}) as fake:
        with pytest.raises(ToolNodeError, match="within 1 s"):
            await node_of(fake, timeout_s=1).connect()


async def test_a_url_in_disguise_is_refused_at_the_start(make_node: MakeNode) -> None:
    async with serving() as fake:
        node = make_node(f"http://2130706433:{fake.port}/", transport="http", name="web")
        with pytest.raises(ToolConnectionError, match=r"cannot connect `web`.*leads to"):
            await node.connect()
        assert fake.seen == []


async def test_ten_thousand_tools_are_found_in_time(node_of: MakeHttp) -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/components/schemas/Tree"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}}
    operations = [
        ("post", f"/{at}", {"operationId": f"tool{at}", "requestBody": body}) for at in range(10_000)
    ]
    parts = {"components": {"schemas": {"Tree": tree}}}
    async with serving({"/openapi.json": described(*operations, **parts)}) as fake:
        node = node_of(fake, timeout_s=30, tool_filter=["tool77$"])
        fake.routes["/77"] = json_answer("here")
        assert await node.call("tool77", {"left": {"left": {}}}) == {"result": "here"}
        assert fake.asked("/77")[0].body == b'{"left": {"left": {}}}'


async def test_a_redirect_of_the_document_is_followed(node_of: MakeHttp) -> None:
    routes = {"/openapi.json": redirect("/v2/spec"), "/v2/spec": described(get("/x")), "/x": json_answer(1)}
    async with serving(routes) as fake:
        assert await node_of(fake).call("x", {}) == {"result": 1}


async def test_an_unknown_argument_and_an_unknown_tool_are_said(node_of: MakeHttp) -> None:
    operation = get("/x", parameters=[{"name": "q", "in": "query"}])
    async with serving({"/openapi.json": described(operation)}) as fake:
        node = node_of(fake)
        with pytest.raises(ToolClientError, match="`x` has no argument `p`") as caught:
            await node.call("x", {"p": 1})
        assert caught.value.hint == "it takes: q"
        with pytest.raises(ToolClientError, match="has no tool `y`"):
            await node.call("y", {})

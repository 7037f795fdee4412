"""A `ToolNode` with a real HTTP server: both protocols, credentials, refusals, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from subprocess import Popen

import pytest

from penguiflow.tools import (
    ToolAuthError,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
)
from tests.fakes.mcp_forgetful import forgetful_server
from tests.fakes.mcp_processes import http_server
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process

ONE_QUICK_RETRY = {"max_attempts": 2, "wait_exponential_min_s": 0.01}


@pytest.fixture(scope="module")
def url() -> Generator[str, None, None]:
    with http_server() as (url, _):
        yield url


async def test_connects_discovers_calls_and_closes(make_node: MakeNode, url: str) -> None:
    node = make_node(url, name="web")
    await node.connect()
    assert (node.status.state, node.status.server, node.status.transport) == (
        "ready",
        "fixture 2.5",
        "mcp http",
    )
    assert node.status.target == url
    assert "web.add" in [spec.name for spec in node.get_tools()]
    assert await node.call("web.add", {"a": 2}) == {"result": 3}
    with pytest.raises(ToolClientError, match="too late"):
        await node.call("fail", {"reason": "too late"})
    await node.close()
    assert await node.call("web.add", {"a": 4}) == {"result": 5}


async def test_the_older_protocol_is_taken_from_the_url(make_node: MakeNode) -> None:
    with http_server("sse") as (sse_url, _):
        node = make_node(sse_url)
        assert await node.call("add", {"a": 2, "b": 2}) == {"result": 4}
        await node.close()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"auth_type": "bearer", "auth_config": {"token": "${OPENAI_API_KEY}"}}, "Bearer sk-canary"),
        (
            {"auth_type": "api_key", "auth_config": {"api_key": "k1", "header": "Authorization"}},
            "k1",
        ),
        ({"headers": {"Authorization": "Basic ${OPENAI_API_KEY}"}}, "Basic sk-canary"),
        ({}, "none"),
    ],
)
async def test_static_credentials_are_sent(
    make_node: MakeNode, url: str, config: dict[str, object], expected: str
) -> None:
    assert await make_node(url, **config).call("authorization", {}) == {"result": expected}


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refused_call_is_made_again(make_node: MakeNode, url: str, status: int) -> None:
    headers = {"x-refuse": str(status), "x-refuse-times": "1", "x-client": f"refused {status}"}
    node = make_node(url, headers=headers, retry_policy=ONE_QUICK_RETRY)
    assert await node.call("add", {"a": 1}) == {"result": 2}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ToolClientError),
        (403, ToolAuthError),
        (429, ToolRateLimitError),
        (501, ToolServerError),
        (507, ToolNodeError),
    ],
)
async def test_the_status_of_a_refused_call_decides_the_error(
    make_node: MakeNode, url: str, status: int, error: type[ToolNodeError]
) -> None:
    headers = {"x-refuse": str(status), "x-refuse-times": "1000000"}
    node = make_node(url, headers=headers, retry_policy={"max_attempts": 1})
    with pytest.raises(ToolNodeError) as caught:
        await node.call("add", {"a": 1})
    assert (type(caught.value), caught.value.status_code) == (error, status)
    assert node.status.state == "ready"


async def test_overlapping_calls_get_their_own_status(make_node: MakeNode, url: str) -> None:
    headers = {"x-refuse": "503", "x-refuse-times": "1000000"}
    node = make_node(url, headers=headers, retry_policy={"max_attempts": 1})
    calls = [node.call("add", {"a": 1}), node.call("fail", {"reason": "no"}), node.call("nothing", {})]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [ToolServerError, ToolClientError, dict]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_credential_shows_as_needed(make_node: MakeNode, url: str, status: int) -> None:
    node = make_node(url, headers={"x-refuse-always": str(status)})
    with pytest.raises(ToolAuthError, match=f"refused the connection with status {status}"):
        await node.connect()
    assert node.status.state == "needs_auth"


@pytest.mark.parametrize("status", [404, 500, 507])
async def test_a_url_that_is_no_mcp_server_is_said_with_its_status(
    make_node: MakeNode, url: str, status: int
) -> None:
    node = make_node(url, headers={"x-refuse-always": str(status)})
    with pytest.raises(ToolConnectionError, match=f"answered with status {status}") as caught:
        await node.connect()
    assert "`/mcp`" in (caught.value.hint or "")


async def test_a_server_that_went_away_shows_as_failed_and_is_found_again(make_node: MakeNode) -> None:
    with http_server() as (own_url, process):
        node = make_node(own_url, retry_policy={"max_attempts": 1})
        await node.connect()
        _kill(process)
        with pytest.raises(ToolConnectionError) as caught:
            await node.call("add", {"a": 1})
        assert node.status.state == "failed"
        assert str(caught.value) == node.status.error


async def test_a_forgotten_session_is_opened_again(make_node: MakeNode) -> None:
    with forgetful_server() as (own_url, sessions):
        node = make_node(own_url, retry_policy=ONE_QUICK_RETRY)
        assert await node.call("greet", {}) == {"result": "hello from session 1"}
        sessions.forget()
        assert await node.call("greet", {}) == {"result": "hello from session 2"}
        await node.close()


async def test_an_answer_that_is_an_mcp_error_keeps_its_text(make_node: MakeNode) -> None:
    with forgetful_server() as (own_url, _):
        node = make_node(own_url)
        with pytest.raises(ToolClientError, match=r"no tool nope \(HTTP status 400\)"):
            await node.call("nope", {})
        assert node.status.state == "ready"
        await node.close()


def _kill(process: Popen[str]) -> None:
    process.kill()
    process.wait()

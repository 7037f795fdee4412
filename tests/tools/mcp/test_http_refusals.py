"""Headers that change while a session is up, and what a refused request says, on all HTTP transports."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from penguiflow.tools import ToolAuthError, ToolRateLimitError
from penguiflow.tools._connecting.session import ServerUrl
from penguiflow.tools._mcp.opening import open_url
from tests.fakes.mcp_sessions import served

pytestmark = pytest.mark.process

CALLS = {"sse": ("nothing", {}), "2025": ("grow", {}), "2026": ("grow", {})}


@pytest.fixture(scope="module", params=["sse", "2025", "2026"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def url(kind: str) -> Generator[str]:
    arguments = ("mcp_fastmcp.py", "sse") if kind == "sse" else ("mcp_updates.py", "http", kind)
    with served(*arguments) as where:
        yield where


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_connection_is_an_error_with_its_status(kind: str, url: str, status: int) -> None:
    server = ServerUrl(url=url, headers={"x-refuse-always": str(status)}, sse=kind == "sse")
    with pytest.raises(ToolAuthError) as caught:
        async with asyncio.timeout(5), open_url(server):
            pytest.fail("it is refused")
    assert caught.value.status_code == status
    assert "do not show" not in f"{caught.value}{caught.value.hint}"


async def test_a_call_refused_later_is_an_error_with_its_status(kind: str, url: str) -> None:
    live = {"authorization": "Bearer one"}
    server = ServerUrl(url=url, live_headers=lambda: live, sse=kind == "sse")
    ended = asyncio.Event()
    async with asyncio.timeout(5), open_url(server) as session:
        session.on_ended(ended.set)
        name, arguments = CALLS[kind]
        assert not (await session.call_tool(name, arguments)).is_error
        live["x-refuse-always"] = "401"
        with pytest.raises(ToolAuthError) as caught:
            await session.call_tool(name, arguments)
        assert caught.value.status_code == 401
        assert "do not show" not in f"{caught.value}{caught.value.hint}"
        # The older transport sends nothing more after a refusal; a new connection is needed.
        assert ended.is_set() == (kind == "sse")
        if kind != "sse":
            live.update({"x-refuse-always": "429", "x-retry-after": "7"})
            with pytest.raises(ToolRateLimitError) as limited:
                await session.call_tool(name, arguments)
            assert limited.value.retry_after_seconds == 7.0
            live.clear()
            assert not (await session.call_tool(name, arguments)).is_error

"""`penguiflow tools` with a service that has no MCP server: its OpenAPI document is enough."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.http_service_httpbin import running_httpbin
from tests.fakes.tools_commands import one_error, tools

CaptureFd = pytest.CaptureFixture[str]


@pytest.mark.process
def test_an_openapi_service_is_called_like_any_server(tmp_path: Path, capfd: CaptureFd) -> None:
    http = ("--transport", "http")
    with running_httpbin() as url:
        assert tools(tmp_path, "connect", url, *http, "--discover") == 0
        listed = capfd.readouterr().out
        assert "Transport:  http\n" in listed
        assert "Answered:   httpbin 0.10" in listed
        assert tools(tmp_path, "call", url, "anything", "item=a b", *http) == 0
        assert json.loads(capfd.readouterr().out)["url"].endswith("/anything/a%20b")
        assert tools(tmp_path, "call", url, "status", "code=404", *http) == 5
        assert "404" in one_error(capfd)[0]
        assert tools(tmp_path, "call", url, "bearer", *http) == 4
        assert "--token-env" in one_error(capfd)[1]
        saved = tmp_path / "picture.png"
        assert tools(tmp_path, "call", url, "get_image_png", *http, "-o", str(saved)) == 0
        assert saved.read_bytes().startswith(b"\x89PNG")

"""What a typed target means, and the presets."""

from __future__ import annotations

import pytest

from penguiflow.tools import POPULAR_MCP_SERVERS, AuthType, ExternalToolConfig, TransportType, get_preset
from penguiflow.tools.target import config_for_target

NOTES = ExternalToolConfig(name="notes", transport=TransportType.MCP, connection="python notes.py")
OWN_GITHUB = ExternalToolConfig(name="github", transport=TransportType.MCP, connection="my-github")


@pytest.mark.parametrize(
    ("target", "name", "connection"),
    [
        ("notes", "notes", "python notes.py"),
        ("github", "github", "my-github"),
        ("duckduckgo", "duckduckgo", "npx -y duckduckgo-mcp-server"),
        ("https://mcp.linear.app/sse", "linear", "https://mcp.linear.app/sse"),
        ("http://127.0.0.1:8000/mcp", "server", "http://127.0.0.1:8000/mcp"),
        ("ws://wiki.example", "wiki", "ws://wiki.example"),
        ("python -m my.notes_server --db x", "notes_server", "python -m my.notes_server --db x"),
        ("python3.11 -u srv/weather.py", "weather", "python3.11 -u srv/weather.py"),
        ("npx -y @scope/server-files /data", "server_files", "npx -y @scope/server-files /data"),
        ("uv run tool", "tool", "uv run tool"),
        ("./bin/my-server --port 1", "my_server", "./bin/my-server --port 1"),
        ("python", "python", "python"),
        ("???", "server", "???"),
    ],
)
def test_a_target_is_a_server_a_preset_a_url_or_a_command(target: str, name: str, connection: str) -> None:
    config = config_for_target(target, configured=[NOTES, OWN_GITHUB])
    assert (config.name, config.connection, config.transport) == (name, connection, TransportType.MCP)


def test_a_timeout_replaces_that_of_a_server_and_has_its_bounds() -> None:
    assert config_for_target("notes", configured=[NOTES], timeout_s=3).timeout_s == 3
    assert NOTES.timeout_s == 30
    with pytest.raises(ValueError, match="timeout_s"):
        config_for_target("notes", configured=[NOTES], timeout_s=0)


@pytest.mark.parametrize(("target", "message"), [(" ", "name a server"), ("run 'x", "No closing quotation")])
def test_a_target_that_means_nothing_is_refused(target: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config_for_target(target)


def test_the_presets_are_there_by_name() -> None:
    assert sorted(POPULAR_MCP_SERVERS) == [
        "brave-search",
        "duckduckgo",
        "filesystem",
        "github",
        "google-drive",
        "postgres",
        "redis",
        "slack",
    ]
    assert get_preset("github").auth_type is AuthType.OAUTH2_USER
    assert get_preset("redis").env == {"REDIS_HOST": "${REDIS_HOST}", "REDIS_PORT": "${REDIS_PORT}"}
    with pytest.raises(ValueError, match="no preset `gitlab`; presets are `brave-search`"):
        get_preset("gitlab")

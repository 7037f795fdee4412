"""Servers of other MCP clients: where their files are, what they mean, and taking them into a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penguiflow.tools import McpTransportMode
from penguiflow.tools.other_clients import (
    CLIENT_TITLES,
    ClientName,
    ClientServer,
    client_places,
    find_clients,
    merge_into,
)
from penguiflow.tools.project import ProjectToolsError
from tests.fakes.client_files import servers_of

CANARY = "canary-0c1f9b7e42d8"


def server_of(folder: Path, client: ClientName, document: Any) -> ClientServer:
    (server,) = servers_of(folder, client, document)
    assert server.entry.problem is None, server.entry.problem
    return server


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, [".config/Claude/claude_desktop_config.json", ".config/Code/User/mcp.json"]),
        (
            "linux",
            {"XDG_CONFIG_HOME": "/x"},
            ["/x/Claude/claude_desktop_config.json", "/x/zed/settings.json"],
        ),
        ("linux", {"XDG_CONFIG_HOME": "not/whole"}, [".config/opencode/opencode.json"]),
        ("linux", {"CODEX_HOME": "/c"}, ["/c/config.toml"]),
        (
            "darwin",
            {},
            [
                "Library/Application Support/Claude/claude_desktop_config.json",
                "Library/Application Support/Code/User/mcp.json",
                ".config/zed/settings.json",
            ],
        ),
        (
            "win32",
            {},
            ["AppData/Roaming/Claude/claude_desktop_config.json", "AppData/Roaming/Zed/settings.json"],
        ),
        ("win32", {"APPDATA": "/a"}, ["/a/Code/User/mcp.json"]),
        (
            "linux",
            {},
            [
                *(
                    ".claude.json",
                    ".cursor/mcp.json",
                    ".codeium/windsurf/mcp_config.json",
                    ".codex/config.toml",
                ),
                *(".gemini/settings.json", "work/sub/.vscode/mcp.json", "work/.cursor/mcp.json"),
                ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            ],
        ),
    ],
)
def test_the_places_of_each_platform(platform: str, environment: dict[str, str], expected: list[str]) -> None:
    home = Path("/home/me")
    places = client_places(home=home, platform=platform, cwd=home / "work/sub", environment=environment)
    assert {home / path for path in expected} <= {place.path for place in places}
    assert {place.client for place in places} == CLIENT_TITLES.keys()
    assert len(set(places)) == len(places)


def test_only_files_that_exist_are_found_and_none_above_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for path in (tmp_path / ".cursor/mcp.json", home / ".cursor/mcp.json", home / "work/.cursor/mcp.json"):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    (home / ".claude.json").mkdir()
    found = find_clients(home=home, platform="linux", cwd=home / "work", environment={})
    assert [(file.title, file.path) for file in found] == [
        ("Cursor", home / ".cursor/mcp.json"),
        ("Cursor", home / "work/.cursor/mcp.json"),
    ]


@pytest.mark.parametrize("client", ["claude-desktop", "claude-code", "cursor", "windsurf", "cline", "gemini"])
def test_the_common_form_is_read(tmp_path: Path, client: ClientName) -> None:
    entry = {"command": "npx", "args": ["-y", "x"], "env": {"MODE": "a"}, "alwaysAllow": ["x"]}
    server = server_of(tmp_path, client, {"mcpServers": {"srv": entry}, "other": 1})
    assert server.definition == {"command": "npx", "args": ["-y", "x"], "env": {"MODE": "a"}}
    assert server.entry.config is not None
    assert server.entry.config.connection == "npx -y x"
    assert server.entry.source == tmp_path / f"{client}.settings"


def test_claude_code_knows_servers_for_everything_and_for_a_project(tmp_path: Path) -> None:
    document = {
        "mcpServers": {"a": {"command": "a"}, "b": {"command": "b"}},
        "projects": {
            str(tmp_path): {"mcpServers": {"b": {"command": "mine"}, "c": {"command": "c"}}},
            "/elsewhere": {"mcpServers": {"d": {"command": "d"}}},
        },
    }
    servers = servers_of(tmp_path, "claude-code", document)
    assert {server.name: server.definition["command"] for server in servers} == {
        "a": "a",
        "b": "mine",
        "c": "c",
    }


def test_vs_code_asks_for_inputs_which_become_variables(tmp_path: Path) -> None:
    text = """{
      // servers
      "inputs": [{"id": "perplexity-key", "type": "promptString", "password": true}],
      "servers": {"srv": {
        "type": "stdio", "command": "npx", "args": ["${workspaceFolder}/s.js", "${userHome}"],
        "env": {"KEY": "${input:perplexity-key}", "OTHER": "${env:OTHER}"}, "envFile": ".env",
      }},
    }"""
    server = server_of(tmp_path, "vscode", text)
    assert server.definition == {
        "command": "npx",
        "args": ["./s.js", "${HOME}"],
        "env": {"KEY": "${PERPLEXITY_KEY}", "OTHER": "${OTHER}"},
        "type": "stdio",
    }
    assert server.entry.notes == ("`envFile` is not taken over: name the variables in `env`",)


def test_windsurf_and_cline_urls(tmp_path: Path) -> None:
    windsurf = server_of(tmp_path, "windsurf", {"mcpServers": {"a": {"serverUrl": "https://h.example/sse"}}})
    assert windsurf.definition == {"url": "https://h.example/sse"}
    entry = {"url": "https://h.example", "type": "streamableHttp", "timeout": 60, "disabled": True}
    cline = server_of(tmp_path, "cline", {"mcpServers": {"a": entry}})
    assert cline.entry.config is not None
    assert cline.entry.config.mcp_transport_mode is McpTransportMode.STREAMABLE_HTTP
    assert (cline.entry.config.timeout_s, cline.entry.config.enabled) == (60, False)


def test_gemini_names_transports_variables_and_tools_in_its_own_way(tmp_path: Path) -> None:
    document = {
        "mcpServers": {
            "a": {"httpUrl": "https://h.example/$PART", "headers": {"X": "$KEY ${OTHER}"}, "timeout": 5000},
            "b": {"url": "https://h.example/x"},
            "c": {"command": "c", "includeTools": ["read(x)", "list"], "excludeTools": ["list.all"]},
        }
    }
    first, second, third = servers_of(tmp_path, "gemini", document)
    assert first.definition == {
        "url": "https://h.example/${PART}",
        "type": "http",
        "headers": {"X": "${KEY} ${OTHER}"},
        "timeout_s": 5.0,
    }
    assert second.definition == {"url": "https://h.example/x", "type": "sse"}
    assert third.entry.config is not None
    taken = [name for name in ("read", "list", "reader", "list.all") if third.entry.config.takes(name)]
    assert taken == ["read", "list"]


def test_codex_writes_toml(tmp_path: Path) -> None:
    text = """
    model = "x"
    [mcp_servers.docs]
    command = "npx"
    args = ["-y", "docs"]
    env = { MODE = "a" }
    env_vars = ["TOKEN"]
    tool_timeout_sec = 900
    disabled_tools = ["drop"]
    [mcp_servers.wiki]
    url = "https://h.example/mcp"
    bearer_token_env_var = "WIKI_TOKEN"
    http_headers = { X-Mode = "a" }
    env_http_headers = { X-Key = "WIKI_KEY" }
    enabled = false
    """
    docs, wiki = servers_of(tmp_path, "codex", text)
    assert docs.definition == {
        "command": "npx",
        "args": ["-y", "docs"],
        "env": {"MODE": "a", "TOKEN": "${TOKEN}"},
        "timeout_s": 300.0,
        "tool_filter": ["(?!(?:drop)$)"],
    }
    assert docs.entry.config is not None
    assert [name for name in ("drop", "dropped", "get") if docs.entry.config.takes(name)] == [
        "dropped",
        "get",
    ]
    headers = {"X-Mode": "a", "X-Key": "${WIKI_KEY}", "Authorization": "Bearer ${WIKI_TOKEN}"}
    assert wiki.definition == {"url": "https://h.example/mcp", "headers": headers, "disabled": True}


def test_zed_has_an_older_form_and_extensions(tmp_path: Path) -> None:
    document = {
        "context_servers": {
            "a": {"source": "custom", "command": "a", "args": ["x"], "env": {"M": "1"}},
            "b": {"command": {"path": "b", "args": ["y"], "env": None}, "settings": {}},
            "c": {"url": "https://h.example", "headers": {"X": "1"}, "enabled": False},
            "d": {"source": "extension", "settings": {}},
        }
    }
    first, second, third, fourth = servers_of(tmp_path, "zed", document)
    assert first.definition == {"command": "a", "args": ["x"], "env": {"M": "1"}}
    assert second.definition == {"command": "b", "args": ["y"]}
    assert third.definition == {"url": "https://h.example", "headers": {"X": "1"}, "disabled": True}
    assert fourth.entry.problem is not None
    assert "extension of Zed" in fourth.entry.notes[0]


def test_opencode_keeps_command_and_arguments_together(tmp_path: Path) -> None:
    document = {
        "mcp": {
            "a": {"type": "local", "command": ["npx", "-y", "x"], "environment": {"K": "{env:KEY}"}},
            "b": {
                "type": "remote",
                "url": "https://h.example",
                "headers": {"K": "{file:~/.key}"},
                "timeout": 9000,
            },
        }
    }
    first, second = servers_of(tmp_path, "opencode", document)
    assert first.definition == {"command": "npx", "args": ["-y", "x"], "env": {"K": "${KEY}"}}
    assert second.definition == {
        "url": "https://h.example",
        "headers": {"K": "{file:~/.key}"},
        "timeout_s": 9.0,
    }
    assert "`{file:~/.key}` means nothing here" in second.entry.notes[0]


@pytest.mark.parametrize("client", list(CLIENT_TITLES))
def test_a_client_without_servers_has_none(tmp_path: Path, client: ClientName) -> None:
    assert servers_of(tmp_path, client, "" if client == "codex" else "{}") == []


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("cursor", "{"),
        ("cursor", "[]"),
        ("cursor", '{"mcpServers": []}'),
        ("claude-code", '{"projects": 1}'),
        ("codex", "[x"),
        ("codex", "mcp_servers = 1"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, client: ClientName, text: str) -> None:
    with pytest.raises(ProjectToolsError, match=f"{client}.settings`: "):
        servers_of(tmp_path, client, text)


def test_an_entry_that_is_wrong_takes_no_other_along(tmp_path: Path) -> None:
    document = {
        "mcpServers": {"good": {"command": "x"}, "bad": 3, "worse": {"command": 4}, "a b": {"command": "y"}}
    }
    servers = servers_of(tmp_path, "cursor", document)
    assert [(server.name, server.entry.problem is None) for server in servers] == [
        ("good", True),
        ("bad", False),
        ("worse", False),
        ("a_b", True),
    ]
    assert merge_into(None, servers).added == ("good", "a_b")

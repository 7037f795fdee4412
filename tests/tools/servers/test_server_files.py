"""Servers of several files: what an entry means, which file counts, and what an entry that is wrong says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.redaction import REDACTED, redact_text
from penguiflow.safe_text import safe_line
from penguiflow.tools import AuthType, McpTransportMode, TransportType
from penguiflow.tools._connecting.plan import plan_connection
from penguiflow.tools._connecting.process import ServerCommand
from penguiflow.tools._connecting.session import ServerUrl
from penguiflow.tools._server_files.entries import entries_of, servers_of_text
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.project import ServerEntry, project_servers, read_servers


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def entry_of(folder: Path, server: Any, name: str = "srv") -> ServerEntry:
    write(folder / ".mcp.json", {"mcpServers": {name: server}})
    (entry,) = read_servers(folder).entries
    return entry


def config_of(folder: Path, server: Any) -> ExternalToolConfig:
    entry = entry_of(folder, server)
    assert entry.config is not None, entry.problem
    return entry.config


@pytest.mark.parametrize("key", ["type", "transport"])
@pytest.mark.parametrize(
    ("written", "transport", "mode"),
    [
        ("http", TransportType.MCP, McpTransportMode.STREAMABLE_HTTP),
        ("streamable-http", TransportType.MCP, McpTransportMode.STREAMABLE_HTTP),
        ("streamable_http", TransportType.MCP, McpTransportMode.STREAMABLE_HTTP),
        ("streamableHttp", TransportType.MCP, McpTransportMode.STREAMABLE_HTTP),
        ("sse", TransportType.MCP, McpTransportMode.SSE),
        ("openapi", TransportType.HTTP, McpTransportMode.AUTO),
        ("utcp", TransportType.UTCP, McpTransportMode.AUTO),
    ],
)
def test_a_url_is_opened_with_the_transport_that_either_key_names(
    tmp_path: Path, key: str, written: str, transport: TransportType, mode: McpTransportMode
) -> None:
    config = config_of(tmp_path, {key: written, "url": "https://h.example/x"})
    assert (config.transport, config.mcp_transport_mode) == (transport, mode)


@pytest.mark.parametrize(
    ("written", "transport"),
    [("stdio", TransportType.MCP), ("cli", TransportType.CLI), (None, TransportType.MCP)],
)
def test_a_command_is_a_server_over_pipes_or_a_command_line_tool(
    tmp_path: Path, written: str | None, transport: TransportType
) -> None:
    config = config_of(tmp_path, {"transport": written, "command": "run", "args": ["a b", 7]})
    assert (config.transport, config.connection) == (transport, "run 'a b' 7")


def test_all_settings_of_a_config_can_be_given(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        {
            "url": "https://h.example",
            "description": "what it is",
            "timeout_s": 7,
            "retry_policy": {"max_attempts": 1},
            "max_concurrency": 2,
            "tool_filter": ["read"],
            "approval_filter": ["write"],
            "allowed_hosts": ["inner.example"],
            "max_response_bytes": 5000,
            "auth_type": "oauth2_user",
            "auth_config": {"scope": "read"},
        },
    )
    assert (config.timeout_s, config.max_concurrency, config.max_response_bytes) == (7, 2, 5000)
    assert (config.tool_filter, config.approval_filter) == (["read"], ["write"])
    assert (config.description, config.allowed_hosts) == ("what it is", ["inner.example"])
    assert config.retry_policy.max_attempts == 1
    assert (config.auth_type, config.auth_config) == (AuthType.OAUTH2_USER, {"scope": "read"})


@pytest.mark.parametrize(
    ("auth", "kind", "settings"),
    [
        ("oauth", AuthType.OAUTH2_USER, {}),
        ("${KEY}", AuthType.BEARER, {"token": "${KEY}"}),
        ({"type": "oauth"}, AuthType.OAUTH2_USER, {}),
        ({"type": "api_key", "api_key": "${KEY}", "header": "X-Key"}, AuthType.API_KEY, None),
    ],
)
def test_auth_is_a_word_a_token_or_an_object(
    tmp_path: Path, auth: Any, kind: AuthType, settings: dict[str, str] | None
) -> None:
    config = config_of(tmp_path, {"url": "https://h.example", "auth": auth})
    assert config.auth_type is kind
    assert config.auth_config == (
        settings if settings is not None else {"api_key": "${KEY}", "header": "X-Key"}
    )


@pytest.mark.parametrize("switch", [{"disabled": True}, {"enabled": False}])
def test_a_server_that_is_switched_off_is_kept_as_such(tmp_path: Path, switch: dict[str, bool]) -> None:
    assert config_of(tmp_path, {"command": "run", **switch}).enabled is False
    assert project_servers(tmp_path) == []


def test_both_ways_to_refer_to_a_variable_are_expanded_when_connecting(tmp_path: Path) -> None:
    written = {"command": "run", "args": ["${A}", "${B:-b c}", "${env:C}"], "env": {"D": "${env:D}"}}
    plan = plan_connection(config_of(tmp_path, written), {"A": "1", "C": "3", "D": "4"})
    assert isinstance(plan, ServerCommand)
    assert (plan.arguments, plan.environment["D"]) == (["run", "1", "b c", "3"], "4")


def test_comments_and_the_key_of_vs_code_are_taken(tmp_path: Path) -> None:
    text = """\ufeff{ // servers
      "inputs": [], /* more */
      "servers": {"a": {"command": "run", "args": ["//no", "/* comment */", ",]"],},},
    }"""
    write(tmp_path / "mcp.json", text)
    (entry,) = read_servers(tmp_path).entries
    assert entry.config is not None
    assert entry.config.connection == "run //no '/* comment */' ',]'"


def test_of_two_servers_with_one_name_the_later_file_counts_and_both_are_known(tmp_path: Path) -> None:
    older = write(tmp_path / "mcp.json", {"mcpServers": {"a": {"command": "old"}, "b": {"command": "b"}}})
    own = write(tmp_path / ".mcp.json", {"mcpServers": {"a": {"command": "own"}}})
    given = write(
        tmp_path / "sub" / "given.json", {"mcpServers": {"c": {"command": "c"}, "a": {"command": "x"}}}
    )
    files = read_servers(tmp_path, [given])
    assert [(entry.name, entry.source) for entry in files.entries] == [
        ("a", given),
        ("b", older),
        ("c", given),
    ]
    assert files.entries[0].overrides == (older, own)
    assert [config.connection for config in files.configs] == ["x", "b", "c"]
    assert all(config.cwd == str(tmp_path) for config in files.configs)


def test_an_entry_that_is_wrong_takes_no_other_along(tmp_path: Path) -> None:
    path = write(
        tmp_path / ".mcp.json",
        {"mcpServers": {"good": {"command": "run"}, "bad": {"command": "run", "args": {"a": 1}}, "odd": 3}},
    )
    good, bad, odd = read_servers(tmp_path).entries
    assert good.config is not None
    assert (bad.config, odd.config) == (None, None)
    assert bad.problem is not None
    assert bad.problem.startswith(f"`{path}`: mcpServers.bad.args: ")
    assert odd.problem is not None
    assert odd.problem.startswith(f"`{path}`: mcpServers.odd: ")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ({"url": "rm -rf /"}, "`url` has to begin with http:// or https://"),
        ({"url": "${URL:-https://h.example}"}, "`url` has to begin with http:// or https://"),
        ({"command": "https://h.example"}, "write it as `url`"),
        ({"type": "stdio", "url": "https://h.example"}, "`stdio` needs a `command`"),
        ({"type": "http", "command": "run"}, "`http` needs a `url`"),
        ({"type": "sse", "transport": "http", "url": "https://h.example"}, "give one of them"),
        ({"type": "websocket", "url": "https://h.example"}, "srv.type: "),
        ({"url": "https://h.example", "auth": {"type": "magic"}}, "`auth.type` has to be one of"),
        ({"url": "https://h.example", "auth": "oauth", "auth_type": "none"}, "give either `auth`"),
        ({"url": "https://h.example", "auth_type": "bearer"}, "needs `token` in `auth_config`"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(tmp_path: Path, server: Any, message: str) -> None:
    entry = entry_of(tmp_path, server)
    assert entry.config is None
    assert entry.problem is not None
    assert message in entry.problem


def test_no_secret_of_an_entry_is_shown_whether_it_is_right_or_wrong(tmp_path: Path) -> None:
    canary = "canary-9f31c0de77"
    for server in (
        {"command": "run", "env": {"API_KEY": canary}},
        {"command": "run", "env": {"API_KEY": canary}, "args": {"x": canary}},
        {"url": "u", "headers": {"Authorization": f"Bearer {canary}"}, "auth": {"type": canary}},
    ):
        entry = entry_of(tmp_path, server)
        assert canary not in repr(entry)
        assert canary not in (entry.problem or "")
    assert redact_text(canary) == REDACTED


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("notes", "notes"),
        ("google-drive_2", "google-drive_2"),
        ("My Server", "My_Server"),
        ("io.github.x/y", "io_github_x_y"),
        ("g\u0456thub", "g_thub"),
        ("a\u202e\x1bb", "a_b"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_name_that_can_be_no_namespace_is_made_one_and_that_is_said(
    tmp_path: Path, written: str, name: str
) -> None:
    entry = entry_of(tmp_path, {"command": "run"}, written)
    assert entry.config is not None
    assert (entry.name, entry.config.name) == (name, name)
    assert bool(entry.notes) == (written != name)
    assert all(note.isprintable() and "\u202e" not in note for note in entry.notes)


@pytest.mark.parametrize("written", ["", ".", "\u5929\u6c14", "\x1b["])
def test_a_name_without_a_letter_or_digit_is_refused(tmp_path: Path, written: str) -> None:
    entry = entry_of(tmp_path, {"command": "run"}, written)
    assert entry.config is None
    assert entry.problem is not None
    assert "the name needs a letter" in entry.problem


def test_a_name_that_is_written_twice_starts_neither_server(tmp_path: Path) -> None:
    write(
        tmp_path / ".mcp.json",
        '{"mcpServers": {"a": {"command": "x"}, "b": {"command": "b"}, "a": {"command": "y"}}}',
    )
    first, other = read_servers(tmp_path).entries
    assert (first.name, first.config, other.name) == ("a", None, "b")
    assert first.problem is not None
    assert "is there twice" in first.problem


def test_two_names_that_become_one_are_told_apart_and_the_second_is_refused(tmp_path: Path) -> None:
    write(tmp_path / ".mcp.json", {"mcpServers": {"a b": {"command": "x"}, "a.b": {"command": "y"}}})
    first, second = read_servers(tmp_path).entries
    assert (first.name, second.name) == ("a_b", "a_b_2")
    assert first.config is not None
    assert second.problem is not None
    assert "becomes `a_b`, as another server" in second.problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expecting property name"),
        ("[1]", "is no JSON object"),
        ("{}", "mcpServers: Field required"),
        ('{"mcpServers": []}', "has to be an object with one member per server"),
        ("[" * 100_000, ""),
        (json.dumps({"mcpServers": {f"s{number}": {} for number in range(1001)}}), "more than 1000 servers"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_beside_the_others(
    tmp_path: Path, text: str, message: str
) -> None:
    broken = write(tmp_path / "broken.json", text)
    write(tmp_path / ".mcp.json", {"mcpServers": {"a": {"command": "run"}}})
    files = read_servers(tmp_path, [broken, tmp_path / "missing.json", tmp_path])
    assert [entry.name for entry in files.entries] == ["a"]
    first, missing, folder = files.problems
    assert first.path == broken
    assert first.message.startswith(f"`{broken}`: ")
    assert message in first.message
    assert "No such file" in missing.message
    assert "is no regular file" in folder.message


texts = st.text(max_size=6)
words = st.text(st.characters(exclude_characters="\0$", exclude_categories=["Cs"]), max_size=6)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
KEYS = [
    *("type", "transport", "command", "args", "env", "cwd", "url", "headers", "timeout_s", "tool_filter"),
    *(
        "auth",
        "auth_type",
        "auth_config",
        "disabled",
        "enabled",
        "retry_policy",
        "allowed_hosts",
        "utcp_mode",
    ),
]


def entries_in(document: Any) -> list[ServerEntry]:
    servers = servers_of_text(json.dumps(document))
    return entries_of(servers, source=Path("/p/.mcp.json"), project_root=Path("/p"))


@settings(max_examples=80)
@given(
    st.dictionaries(
        texts, any_json | st.dictionaries(st.sampled_from(KEYS), any_json, max_size=5), max_size=3
    )
)
def test_any_entry_is_a_config_or_says_in_one_line_what_is_wrong(servers: dict[str, Any]) -> None:
    for entry in entries_in({"mcpServers": servers}):
        assert (entry.config is None) != (entry.problem is None)
        assert safe_line(entry.problem or "") == (entry.problem or "")


@settings(max_examples=60)
@given(
    words.filter(lambda word: word and "://" not in word),
    st.lists(words, max_size=3),
    st.dictionaries(words.filter(bool), words, max_size=2),
)
def test_what_a_file_says_of_a_command_is_what_is_started(
    command: str, args: list[str], env: dict[str, str]
) -> None:
    (entry,) = entries_in({"mcpServers": {"srv": {"command": command, "args": args, "env": env}}})
    assert entry.config is not None
    plan = plan_connection(entry.config, {})
    assert isinstance(plan, ServerCommand)
    assert (plan.arguments, plan.environment) == ([command, *args], env)


@settings(max_examples=40)
@given(st.dictionaries(words.filter(bool), words, max_size=3), st.text("abc/?=&%", max_size=8))
def test_what_a_file_says_of_a_url_is_what_is_opened(headers: dict[str, str], path: str) -> None:
    url = f"https://h.example/{path}"
    (entry,) = entries_in({"mcpServers": {"srv": {"url": url, "headers": headers}}})
    assert entry.config is not None
    plan = plan_connection(entry.config, {})
    assert isinstance(plan, ServerUrl)
    assert (plan.url, plan.headers) == (url, headers)

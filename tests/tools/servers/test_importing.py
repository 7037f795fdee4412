"""Taking servers of other clients into the file of a project."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.redaction import REDACTED, redact_text
from penguiflow.tools._other_clients.dialects import translated
from penguiflow.tools._other_clients.merging import merged
from penguiflow.tools.other_clients import (
    CLIENT_TITLES,
    ClientFile,
    ClientName,
    import_servers,
    merge_into,
    read_client,
)
from penguiflow.tools.project import ProjectToolsError, read_servers
from tests.fakes.client_files import servers_of

CANARY = "canary-0c1f9b7e42d8"


def test_importing_writes_no_credential_and_says_what_to_export(tmp_path: Path) -> None:
    document = {
        "mcpServers": {
            "git": {"command": "git", "env": {"GITHUB_TOKEN": CANARY, "MODE": "fast", "REF": "${ELSEWHERE}"}},
            "wiki": {"url": "https://h.example", "headers": {"Authorization": f"Bearer {CANARY}1"}},
        }
    }
    servers = servers_of(tmp_path, "cursor", document)
    path = tmp_path / ".mcp.json"
    result = import_servers(path, servers)
    assert CANARY not in path.read_text()
    assert CANARY not in repr((servers, result))
    assert redact_text(f"{CANARY} {CANARY}1") == f"{REDACTED} {REDACTED}"
    assert [(variable.server, variable.name, variable.place) for variable in result.variables] == [
        ("git", "GITHUB_TOKEN", "env GITHUB_TOKEN"),
        ("git", "ELSEWHERE", "env REF"),
        ("wiki", "WIKI_TOKEN", "headers Authorization"),
    ]
    git, wiki = read_servers(tmp_path).configs
    assert git.env == {"GITHUB_TOKEN": "${GITHUB_TOKEN}", "MODE": "fast", "REF": "${ELSEWHERE}"}
    assert wiki.headers == {"Authorization": "Bearer ${WIKI_TOKEN}"}


def test_a_server_that_is_there_is_only_written_over_when_asked(tmp_path: Path) -> None:
    path = tmp_path / ".mcp.json"
    before = '{"mcpServers": {"a": {"command": "mine"}}, "more": 1}'
    path.write_text(before)
    path.chmod(0o640)
    servers = servers_of(tmp_path, "cursor", {"mcpServers": {"a": {"command": "theirs"}}})
    assert import_servers(path, servers).kept == ("a",)
    assert path.read_text() == before
    assert import_servers(path, servers, replace=True).replaced == ("a",)
    assert json.loads(path.read_text()) == {"mcpServers": {"a": {"command": "theirs"}}, "more": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == [".mcp.json", "cursor.settings"]


def test_of_two_clients_with_one_name_the_first_is_taken(tmp_path: Path) -> None:
    one = servers_of(tmp_path, "cursor", {"mcpServers": {"a": {"command": "one"}}})
    two = servers_of(tmp_path, "zed", {"context_servers": {"a": {"command": "two"}}})
    result = merge_into(None, [*one, *two])
    assert (result.added, result.kept) == (("a",), ("a",))
    assert json.loads(result.text)["mcpServers"] == {"a": {"command": "one"}}


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / ".mcp.json").symlink_to("real.json")
    import_servers(
        tmp_path / ".mcp.json", servers_of(tmp_path, "cursor", {"mcpServers": {"a": {"command": "a"}}})
    )
    assert (tmp_path / ".mcp.json").is_symlink()
    assert "mcpServers" in (tmp_path / "real.json").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"mcpServers": 3}'])
def test_a_project_file_that_is_wrong_is_named_and_stays(tmp_path: Path, text: str) -> None:
    servers = servers_of(tmp_path, "cursor", {"mcpServers": {"a": {"command": "a"}}})
    path = tmp_path / ".mcp.json"
    path.write_text(text)
    with pytest.raises(ProjectToolsError, match=r"\.mcp\.json`: "):
        import_servers(path, servers)
    assert path.read_text() == text


def test_the_files_of_other_clients_are_only_read(tmp_path: Path) -> None:
    servers_of(tmp_path, "cursor", {"mcpServers": {"a": {"command": "a", "env": {"A_TOKEN": CANARY}}}})
    path = tmp_path / "cursor.settings"
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    import_servers(tmp_path / ".mcp.json", read_client(ClientFile(client="cursor", path=path), cwd=tmp_path))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("${}env:input/abcKEY=- ", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abKEY-", max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = [
    *(
        "command",
        "args",
        "env",
        "url",
        "httpUrl",
        "serverUrl",
        "headers",
        "timeout",
        "tool_timeout_sec",
        "type",
    ),
    *("environment", "includeTools", "excludeTools", "enabled", "env_vars", "bearer_token_env_var", "oauth"),
    *("http_headers", "env_http_headers", "path"),
]


@settings(max_examples=80)
@given(st.sampled_from(list(CLIENT_TITLES)), st.dictionaries(st.sampled_from(KEYS), any_json, max_size=6))
def test_whatever_a_client_says_can_be_read_and_written(client: ClientName, value: dict[str, Any]) -> None:
    result = translated(client, value)
    written = merged(None, [("srv", result.definition)], replace=False)
    again = merged(None, [("srv", json.loads(written.text)["mcpServers"]["srv"])], replace=False)
    assert again.text == written.text, "a second look finds more to replace"


def test_a_number_of_any_size_is_a_timeout() -> None:
    assert translated("gemini", {"command": "a", "timeout": 10**400}).definition["timeout_s"] == 300.0

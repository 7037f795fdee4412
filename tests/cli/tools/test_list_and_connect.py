"""`penguiflow tools`: known servers, and what a real one offers."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.fakes.mcp_processes import child_pids, fastmcp_command, http_server, tiny_command
from tests.fakes.tools_commands import json_object, json_objects, one_error, server_of, tools, write_servers

CaptureFd = pytest.CaptureFixture[str]
SECRET = "hunter2-and-more"


def test_the_list_shows_the_presets_by_name(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "list") == 0
    heading, columns, line, *rows = capfd.readouterr().out.splitlines()
    assert (heading, columns.split()) == ("Presets:", ["NAME", "TRANSPORT", "AUTH", "CONNECTION"])
    assert line == "-" * 64
    names = [row.split()[0] for row in rows]
    assert names == sorted(names)
    assert "github" in names


def test_the_list_shows_the_servers_of_the_project_without_secrets(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(
        tmp_path,
        mine={"command": "my-server", "args": ["--fast"], "env": {"KEY": SECRET}},
        wiki={"url": f"https://me:{SECRET}@wiki.example/mcp", "headers": {"X-Key": SECRET}},
    )
    assert tools(tmp_path, "list") == 0
    text = capfd.readouterr().out
    assert tools(tmp_path, "list", "--json") == 0
    lines = capfd.readouterr().out
    assert "my-server --fast" in text.partition("Presets:")[0]
    own = [record for record in map(json.loads, lines.splitlines()) if record["source"] == "project"]
    assert [record["name"] for record in own] == ["mine", "wiki"]
    assert SECRET not in text + lines


def test_a_broken_server_is_named_and_does_not_hide_the_others(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, mine={"args": []}, other={"command": "my-server"})
    assert tools(tmp_path, "list") == 2
    stdout, stderr = capfd.readouterr()
    assert "my-server" in stdout
    message, hint = stderr.splitlines()
    assert ".mcp.json" in message
    assert "mine" in message
    assert hint.startswith("  Hint: ")
    assert tools(tmp_path, "connect", "mine") == 2
    assert "mine" in one_error(capfd)[0]


def test_a_file_that_is_no_list_of_servers_is_named_and_presets_still_work(
    tmp_path: Path, capfd: CaptureFd
) -> None:
    (tmp_path / ".mcp.json").write_text("{")
    assert tools(tmp_path, "list") == 2
    stdout, stderr = capfd.readouterr()
    assert "github" in stdout
    assert ".mcp.json" in stderr
    assert tools(tmp_path, "connect", "mine") == 2
    assert ".mcp.json" in one_error(capfd)[0]
    assert tools(tmp_path, "connect", "github") == 0


def test_servers_of_further_files_are_known_and_a_disabled_one_is_shown(
    tmp_path: Path, capfd: CaptureFd
) -> None:
    write_servers(tmp_path, mine={"command": "of-the-project"}, off={"command": "x", "disabled": True})
    more = tmp_path / "more.json"
    more.write_text(json.dumps({"mcpServers": {"mine": {"command": "of-the-file"}}}))
    assert tools(tmp_path, "list", "--mcp-config", str(more)) == 0
    listed = capfd.readouterr().out
    assert "of-the-file  (from more.json, which replaces .mcp.json" in listed
    assert "of-the-project" not in listed
    assert "x  (disabled)" in listed
    assert tools(tmp_path, "connect", "off", "--discover", "--trust") == 2
    assert "is disabled" in one_error(capfd)[0]


def test_without_discover_nothing_is_started_and_values_are_masked(tmp_path: Path, capfd: CaptureFd) -> None:
    started = tmp_path / "started"
    command = shlex.join(["touch", str(started)])
    assert tools(tmp_path, "connect", command, "--env", f"KEY={SECRET}") == 0
    stdout = capfd.readouterr().out
    for shown in (command, "KEY=***", "Dry run only. Use --discover to fetch tool list."):
        assert shown in stdout
    assert SECRET not in stdout
    assert not started.exists()


def test_a_preset_is_named_as_one(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "github") == 0
    assert capfd.readouterr().out.splitlines()[0] == "Preset: github"


@pytest.mark.parametrize("transport", ["http", "utcp", "cli"])
def test_another_transport_may_be_named(transport: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "https://api.example", "--transport", transport) == 0
    assert f"Transport:  {transport}\n" in capfd.readouterr().out


def test_a_dry_run_as_json_masks_as_well(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "github", "--env", f"KEY={SECRET}", "--json") == 0
    record = json_object(capfd)
    assert (record["v"], record["type"], record["name"]) == (1, "server", "github")
    assert record["env"] == {"KEY": "***"}


@pytest.mark.parametrize("word", ["no-equals-sign", "=value"])
def test_a_variable_of_another_form_is_refused(word: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "github", "--env", word) == 2
    assert "env" in one_error(capfd)[0]


@pytest.mark.parametrize("target", ["", "'not closed"])
def test_a_target_that_is_nothing_is_refused(target: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", target, "--discover") == 2
    assert "tools list" in one_error(capfd)[1]


@pytest.mark.process
def test_a_stdio_server_is_discovered_with_its_arguments(tmp_path: Path, capfd: CaptureFd) -> None:
    before = child_pids()
    assert tools(tmp_path, "connect", fastmcp_command(), "--discover") == 0
    stdout, stderr = capfd.readouterr()
    lines = stdout.splitlines()
    assert " - mcp_fastmcp.add: Add two numbers." in lines
    at = lines.index(" - mcp_fastmcp.add: Add two numbers.")
    assert lines[at + 1 : at + 3] == ["     a*: integer", "     b: integer = 1"]
    assert '     style: "short"|"long" = "short"' in lines
    assert stderr == ""
    assert child_pids() == before


@pytest.mark.process
def test_texts_of_a_server_cannot_control_the_terminal(tmp_path: Path, capfd: CaptureFd) -> None:
    for options in ([], ["--json"]):
        assert tools(tmp_path, "connect", tiny_command("hostile-text"), "--discover", *options) == 0
        assert not set(capfd.readouterr().out) & set("\x1b\x07\x9b\u202e")


@pytest.mark.process
def test_a_server_of_the_project_is_discovered_by_name_as_json(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, mine=server_of(tiny_command()))
    assert tools(tmp_path, "connect", "mine", "--discover", "--json", "--trust") == 0
    record = json_object(capfd)
    assert (record["state"], record["circuit"], record["held_back"]) == ("ready", "closed", [])
    assert record["server"] == "tiny 0.1"
    slow_once = next(tool for tool in record["tools"] if tool["name"] == "mine.slow_once")
    assert slow_once["args_schema"]["required"] == ["marker"]


@pytest.mark.process
def test_an_http_server_is_discovered(tmp_path: Path, capfd: CaptureFd) -> None:
    with http_server() as (url, _):
        assert tools(tmp_path, "connect", url, "--discover", "--max-tools", "1") == 0
    lines = capfd.readouterr().out.splitlines()
    assert sum(line.startswith(" - ") for line in lines) == 1
    assert lines[-1].endswith("more)")


@pytest.mark.process
@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("no-such-command-anywhere", "was not found"),
        ("http://127.0.0.1:9/mcp", "127.0.0.1:9"),
        (shlex.join([sys.executable, "-c", "raise SystemExit('no licence')"]), "exited"),
        ("sleep 60", "did not answer within 1 s"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_line_and_a_hint(
    target: str, named: str, tmp_path: Path, capfd: CaptureFd
) -> None:
    before = child_pids()
    timeout = "1" if target.startswith("sleep") else "10"
    assert tools(tmp_path, "connect", target, "--discover", "--timeout", timeout) == 3
    assert named in one_error(capfd)[0]
    assert child_pids() == before


@pytest.mark.process
def test_a_server_that_cannot_be_reached_is_a_json_line_too(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "no-such-command-anywhere", "--discover", "--json") == 3
    stdout, stderr = capfd.readouterr()
    assert json.loads(stdout)["code"] == "unreachable"
    assert stderr.startswith("✗ ")


@pytest.mark.process
def test_a_name_that_was_probably_mistyped_is_suggested(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, notebook={"command": "x"})
    assert tools(tmp_path, "connect", "notebok", "--discover") == 3
    assert "did you mean `notebook`?" in one_error(capfd)[1]


@pytest.mark.process
def test_the_connection_is_told_with_its_protocol_and_latency(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", tiny_command(), "--discover", "--no-show-tools") == 0
    stdout = capfd.readouterr().out
    for shown in ("State:      ready", "Answered:   tiny 0.1", "Protocol:   2025", "Latency:    "):
        assert shown in stdout
    assert "Discovered" not in stdout


def test_a_preset_that_needs_a_token_says_how_to_give_one(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "call", "github", "search_code", "--json") == 4
    assert json_objects(capfd)[0]["code"] == "needs_auth"
    assert tools(tmp_path, "call", "github", "search_code") == 4
    assert "--token-env GITHUB_PERSONAL_ACCESS_TOKEN" in one_error(capfd)[1]


def test_a_variable_of_a_token_that_is_not_set_is_named(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "github", "--token-env", "NO_SUCH_TOKEN_HERE") == 2
    assert "`NO_SUCH_TOKEN_HERE`" in one_error(capfd)[0]


@pytest.mark.process
def test_a_token_in_a_variable_and_headers_reach_a_url(
    tmp_path: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    with http_server() as (url, _):
        assert tools(tmp_path, "call", url, "authorization", "--token-env", "MY_TOKEN") == 0
        stdout, stderr = capfd.readouterr()
        assert (stdout, stderr) == ("Bearer [redacted]\n", "")
        refused = ("--header", "x-refuse-always: 401")
        assert tools(tmp_path, "connect", url, "--discover", *refused) == 4
        assert "login" in one_error(capfd)[1]


@pytest.mark.process
def test_a_token_in_a_variable_is_passed_on_to_a_command(
    tmp_path: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    monkeypatch.setenv("OTHER_TOKEN", "something-else-altogether")
    assert tools(tmp_path, "call", tiny_command(), "environment", "--token-env", "MY_TOKEN", "--json") == 0
    text = str(json_object(capfd)["result"])
    assert "MY_TOKEN" in text
    assert "OTHER_TOKEN" not in text
    assert SECRET not in text


def test_the_token_of_a_preset_goes_into_the_variable_its_server_reads(
    tmp_path: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    assert tools(tmp_path, "connect", "github", "--token-env", "MY_TOKEN", "--json") == 0
    assert json_object(capfd)["env"] == {"GITHUB_PERSONAL_ACCESS_TOKEN": "***"}


@pytest.mark.process
def test_a_server_whose_token_is_given_needs_no_sign_in(
    tmp_path: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    wanted: dict[str, object] = {"auth_type": "oauth2_user", "auth_config": {"token_env": "SERVER_TOKEN"}}
    write_servers(tmp_path, mine=server_of(tiny_command(), **wanted))
    assert tools(tmp_path, "connect", "mine", "--discover", "--trust") == 0
    listed = capfd.readouterr().out
    assert "mine.environment" in listed
    assert "calls need one: export SERVER_TOKEN=... and add --token-env SERVER_TOKEN" in listed
    assert tools(tmp_path, "call", "mine", "environment", "--trust") == 4
    assert "--token-env SERVER_TOKEN" in one_error(capfd)[1]
    assert tools(tmp_path, "call", "mine", "environment", "--token-env", "MY_TOKEN", "--json") == 0
    assert "SERVER_TOKEN" in str(json_object(capfd)["result"])


@pytest.mark.parametrize("word", ["no-colon", ": value"])
def test_a_header_of_another_form_is_refused(word: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "https://a.example", "--header", word) == 2
    assert "header" in one_error(capfd)[0]


def test_a_command_is_sent_no_headers(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "my-server", "--header", "X-A: b") == 2
    assert "--env" in one_error(capfd)[1]

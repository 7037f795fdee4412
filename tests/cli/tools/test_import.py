"""`penguiflow tools import`: servers of other programs in the file of this project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.tools_commands import json_object, json_objects, one_error, tools, write_servers

CaptureFd = pytest.CaptureFixture[str]
SECRET = "sk-live-0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def other_programs(home: Path) -> None:
    cursor = home / ".cursor" / "mcp.json"
    cursor.parent.mkdir()
    servers = {
        "docs": {"command": "docs-server", "args": ["--fast"], "env": {"API_KEY": SECRET}},
        "wiki": {"url": "https://wiki.example/mcp"},
        "broken": {"args": []},
    }
    cursor.write_text(json.dumps({"mcpServers": servers}))
    gemini = home / ".gemini" / "settings.json"
    gemini.parent.mkdir()
    gemini.write_text(json.dumps({"mcpServers": {"wiki": {"httpUrl": "https://other.example/mcp"}}}))


def test_without_a_program_the_servers_there_are_are_listed(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "import") == 0
    stdout = capfd.readouterr().out
    lines = [line.split() for line in stdout.splitlines()]
    assert ["cursor", "docs", "docs-server", "--fast"] in lines
    assert stdout.splitlines()[-1] == "Take them with: penguiflow tools import cursor, or --all"
    assert tools(tmp_path, "import", "--json") == 0
    records = json_objects(capfd)
    assert {record["source"] for record in records} == {"cursor", "gemini"}
    assert SECRET not in stdout + str(records)
    assert not (tmp_path / ".mcp.json").exists()


def test_the_servers_of_a_program_are_taken_without_their_secrets(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, wiki={"url": "https://mine.example/mcp"})
    assert tools(tmp_path, "import", "cursor") == 0
    stdout, stderr = capfd.readouterr()
    written = (tmp_path / ".mcp.json").read_text()
    servers = json.loads(written)["mcpServers"]
    assert servers["docs"]["command"] == "docs-server"
    assert servers["wiki"]["url"] == "https://mine.example/mcp"
    assert "✓ added docs" in stdout
    assert "kept wiki" in stdout
    assert "export " in stdout
    assert "broken" in stderr
    assert SECRET not in written + stdout + stderr


def test_a_dry_run_changes_nothing(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "import", "--all", "--dry-run") == 0
    stdout = capfd.readouterr().out
    assert "would add docs" in stdout
    assert "Dry run" in stdout
    assert not (tmp_path / ".mcp.json").exists()


def test_single_servers_can_be_taken_in_the_place_of_others(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, wiki={"url": "https://mine.example/mcp"})
    assert tools(tmp_path, "import", "gemini", "--server", "wiki", "--replace", "--json") == 0
    record = json_object(capfd)
    assert (record["replaced"], record["added"]) == (["wiki"], [])
    assert "other.example" in (tmp_path / ".mcp.json").read_text()


def test_of_two_servers_with_one_name_the_first_is_taken(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "import", "--all") == 0
    assert "`wiki` of gemini is left out: cursor has one of that name" in capfd.readouterr().err
    assert "wiki.example" in (tmp_path / ".mcp.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "said", "hinted"),
    [
        (["cursr"], "`cursr`", "did you mean `cursor`?"),
        (["cursor", "--server", "dosc"], "`dosc`", "did you mean `docs`?"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    arguments: list[str], said: str, hinted: str, tmp_path: Path, capfd: CaptureFd
) -> None:
    assert tools(tmp_path, "import", *arguments) == 2
    message, hint = one_error(capfd)
    assert said in message
    assert hinted in hint


def test_a_file_of_the_project_that_is_broken_is_not_written_over(tmp_path: Path, capfd: CaptureFd) -> None:
    (tmp_path / ".mcp.json").write_text("{")
    assert tools(tmp_path, "import", "gemini") == 2
    assert ".mcp.json" in one_error(capfd)[0]
    assert (tmp_path / ".mcp.json").read_text() == "{"

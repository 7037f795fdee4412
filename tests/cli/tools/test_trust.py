"""A server that a file of the project names is not started before a person has seen what would run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from penguiflow.tools.project import ServerEntry, read_servers
from penguiflow.tools.trust import TrustStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_trust import make_trusted
from tests.fakes.tools_commands import json_objects, one_error, tools, write_servers
from tests.fakes.tools_person import TypingPerson

CaptureFd = pytest.CaptureFixture[str]


def entry_of(folder: Path, **more: object) -> ServerEntry:
    write_servers(
        folder, mine={"command": "my-server", "args": ["--path", "a b"], "env": {"KEY": "v"}, **more}
    )
    (entry,) = read_servers(folder).entries
    return entry


async def test_the_exact_arguments_and_the_names_of_variables_are_shown(tmp_path: Path) -> None:
    person = TypingPerson("y")
    await make_trusted(entry_of(tmp_path), TrustStore(tmp_path / "trust.json"), person, trust=False)
    shown = "\n".join(person.told)
    for part in (
        "Program    my-server",
        "argument 1 --path",
        "argument 2 a b",
        "Variables  KEY",
        ".mcp.json",
    ):
        assert part in shown


async def test_a_yes_is_remembered_until_the_definition_changes(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust.json")
    await make_trusted(entry_of(tmp_path), store, TypingPerson("y"), trust=False)
    silent = TypingPerson()
    await make_trusted(entry_of(tmp_path), TrustStore(tmp_path / "trust.json"), silent, trust=False)
    assert silent.told == []
    changed = TypingPerson("o")
    await make_trusted(entry_of(tmp_path, cwd="elsewhere"), store, changed, trust=False)
    assert "changed since you allowed it" in changed.told[0]


@pytest.mark.parametrize("answer", ["", "n", "maybe"])
async def test_everything_but_a_yes_starts_nothing(answer: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="was not started") as raised:
        await make_trusted(
            entry_of(tmp_path), TrustStore(tmp_path / "trust.json"), TypingPerson(answer), trust=False
        )
    assert (raised.value.exit_code, raised.value.code) == (2, "not_trusted")


def test_without_a_terminal_the_command_is_named_and_not_started(tmp_path: Path, capfd: CaptureFd) -> None:
    started = tmp_path / "started"
    write_servers(tmp_path, mine={"command": "touch", "args": [str(started)]})
    for command in (["connect", "mine", "--discover"], ["call", "mine", "any"]):
        assert tools(tmp_path, *command) == 2
        message, hint = one_error(capfd)
        assert shlex.join(["touch", str(started)]) in message
        assert "--trust" in hint
    assert tools(tmp_path, "doctor") == 2
    capfd.readouterr()
    assert not started.exists()


def test_trust_given_once_holds_for_the_next_commands(tmp_path: Path, capfd: CaptureFd) -> None:
    started = tmp_path / "started"
    write_servers(tmp_path, mine={"command": "touch", "args": [str(started)]})
    assert tools(tmp_path, "connect", "mine", "--discover", "--trust") == 3
    assert started.exists()
    assert tools(tmp_path, "doctor", "--json") == 3
    assert json_objects(capfd)[0]["state"] == "failed"


def test_a_damaged_file_of_decisions_allows_nothing_and_is_named(
    tmp_path: Path, home: Path, capfd: CaptureFd
) -> None:
    write_servers(tmp_path, mine={"command": "touch", "args": ["x"]})
    decisions = home / ".config" / "penguiflow" / "trusted_servers.json"
    decisions.parent.mkdir(parents=True, mode=0o700)
    decisions.write_text(json.dumps([1])[:-1])
    decisions.chmod(0o600)
    assert tools(tmp_path, "connect", "mine", "--discover") == 2
    assert "trusted_servers.json" in one_error(capfd)[0]


def test_a_credential_among_the_arguments_is_not_shown(tmp_path: Path, capfd: CaptureFd) -> None:
    credential = "sk-live-0123456789abcdef0123456789abcdef"
    write_servers(tmp_path, mine={"command": "my-server", "args": ["--api-key", credential]})
    for options in ([], ["--json"]):
        assert tools(tmp_path, "connect", "mine", "--discover", *options) == 2
        stdout, stderr = capfd.readouterr()
        assert "my-server" in stderr
        assert credential not in stdout + stderr

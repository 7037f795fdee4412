"""`penguiflow tools call`: one call of one tool of a real server."""

from __future__ import annotations

import json
import shlex
from io import StringIO
from pathlib import Path

import pytest

from tests.fakes.command import penguiflow
from tests.fakes.mcp_processes import child_pids, fastmcp_command, tiny_command
from tests.fakes.tools_commands import json_object, json_objects, one_error, server_of, tools, write_servers

CaptureFd = pytest.CaptureFixture[str]
pytestmark = pytest.mark.process


def test_arguments_are_sent_with_their_types_and_results_keep_theirs(
    tmp_path: Path, capfd: CaptureFd
) -> None:
    before = child_pids()
    assert tools(tmp_path, "call", fastmcp_command(), "add", "a=3", "b=4", "--json") == 0
    record = json_object(capfd)
    assert (record["type"], record["tool"], record["result"]) == ("tool_result", "mcp_fastmcp.add", 7)
    assert child_pids() == before


def test_members_of_objects_are_arguments_and_an_object_is_shown_as_json(
    tmp_path: Path, capfd: CaptureFd
) -> None:
    words = ("place.city=Rome", "style=long", "times=2")
    assert tools(tmp_path, "call", fastmcp_command(), "mcp_fastmcp.describe", *words) == 0
    stdout, stderr = capfd.readouterr()
    assert (json.loads(stdout), stderr) == ({"text": "Rome long 2"}, "")


def test_arguments_may_come_as_json_from_a_file_or_stdin(
    tmp_path: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "args.json").write_text('{"text": "from a file"}')
    server = tiny_command()
    assert tools(tmp_path, "call", server, "echo", "--args", f"@{tmp_path}/args.json", "times=2") == 0
    assert "from a file" in capfd.readouterr().out
    monkeypatch.setattr("sys.stdin", StringIO('{"text": "from stdin"}'))
    assert tools(tmp_path, "call", server, "echo", "--args", "-") == 0
    assert "from stdin" in capfd.readouterr().out


@pytest.mark.parametrize("args", ["[1]", "{", "@no/such/file"])
def test_json_arguments_of_another_form_are_refused(args: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "call", "never-started", "echo", "--args", args) == 2
    assert "--args" in one_error(capfd)[0]


@pytest.mark.parametrize(
    ("words", "code", "said", "hinted"),
    [
        (["echo", "times=x"], 2, "`times` should be an integer", "integer"),
        (["echo", "tiems=1"], 2, "no argument `tiems`", "did you mean `times`?"),
        (["slow_once"], 2, "missing: `marker`", "marker=VALUE (string)"),
        (["ehco"], 5, "has no tool `ehco`", "did you mean `echo`?"),
        (["die"], 2, "may destroy something", "--yes"),
    ],
)
def test_what_does_not_fit_the_tool_is_one_line_and_a_hint(
    words: list[str], code: int, said: str, hinted: str, tmp_path: Path, capfd: CaptureFd
) -> None:
    assert tools(tmp_path, "call", tiny_command(), *words) == code
    message, hint = one_error(capfd)
    assert said in message
    assert hinted in hint


def test_an_error_of_the_tool_ends_with_its_text(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "call", tiny_command(), "refuse", "text=no more paper", "--json") == 5
    stdout, stderr = capfd.readouterr()
    record = json.loads(stdout)
    assert (record["type"], record["code"]) == ("error", "tool_error")
    assert "no more paper" in record["message"]
    assert stderr.startswith("✗ ")


def test_a_server_that_dies_or_does_not_answer_is_unreachable(tmp_path: Path, capfd: CaptureFd) -> None:
    before = child_pids()
    assert tools(tmp_path, "call", tiny_command(), "die", "--yes") == 3
    assert capfd.readouterr().err.startswith("✗ ")
    assert tools(tmp_path, "call", tiny_command(), "slow_write", "marker=never", "--timeout", "1") == 3
    assert "did not answer within 1 s" in capfd.readouterr().err
    assert child_pids() == before


def test_a_call_that_needs_approval_is_made_with_yes_only(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, mine=server_of(tiny_command(), approval_filter=["echo"]))
    assert tools(tmp_path, "call", "mine", "echo", "text=a", "--trust") == 2
    assert "needs the approval of a person" in one_error(capfd)[0]
    assert tools(tmp_path, "call", "mine", "echo", "text=a", "--yes") == 0
    assert json.loads(capfd.readouterr().out) == {"text": "a"}


def test_a_long_text_is_shown_whole_and_saved_on_request(tmp_path: Path, capfd: CaptureFd) -> None:
    saved = tmp_path / "long.txt"
    assert tools(tmp_path, "call", tiny_command(), "large", "size=50000") == 0
    shown = capfd.readouterr().out
    assert len(shown.strip()) >= 50_000
    assert tools(tmp_path, "call", tiny_command(), "large", "size=50000", "-o", str(saved)) == 0
    assert saved.read_text().strip() == shown.strip()
    assert saved.stat().st_mode & 0o077 == 0
    assert f"to {saved}" in capfd.readouterr().out
    assert tools(tmp_path, "call", "never-started", "large", "-o", str(saved)) == 2
    assert "is there already" in one_error(capfd)[0]


def test_texts_of_a_server_cannot_control_the_terminal(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "call", tiny_command(), "echo", "text=\x1b]0;t\x07\x9b\u202e") == 0
    assert tools(tmp_path, "call", tiny_command(), "refuse", "text=\x1b]0;t\x07\x9b\u202e") == 5
    stdout, stderr = capfd.readouterr()
    assert not set(stdout + stderr) & set("\x1b\x07\x9b\u202e")


def test_the_installed_command_writes_the_result_alone_to_stdout(tmp_path: Path) -> None:
    done = penguiflow(tmp_path, "tools", "call", tiny_command(), "large", "size=3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "xxx\n", "")


def changing_server(folder: Path) -> tuple[str, Path]:
    """Return the command of a server whose tools change when the file returned says so."""
    python, tiny = shlex.split(tiny_command())
    habits, script = folder / "habits", folder / "changing.py"
    habits.write_text("")
    script.write_text(
        "import pathlib, runpy, sys\n"
        f"sys.argv[1:] = pathlib.Path({str(habits)!r}).read_text().split()\n"
        f"runpy.run_path({tiny!r}, run_name='__main__')\n"
    )
    return shlex.join([python, str(script)]), habits


def test_a_tool_that_changed_since_it_was_seen_is_held_back(tmp_path: Path, capfd: CaptureFd) -> None:
    command, habits = changing_server(tmp_path)
    assert tools(tmp_path, "connect", command, "--discover") == 0
    habits.write_text("changed-echo")
    capfd.readouterr()
    assert tools(tmp_path, "call", command, "echo", "text=a") == 5
    assert "changed since it was approved" in one_error(capfd)[0]
    assert tools(tmp_path, "call", command, "where") == 0
    capfd.readouterr()
    assert tools(tmp_path, "doctor", command, "--json") == 5
    (finding,) = json_objects(capfd)
    assert "`echo`" in finding["problems"][0]["message"]
    assert tools(tmp_path, "connect", command, "--discover", "--approve-changes") == 2
    assert "echo" in one_error(capfd)[0]


def test_two_commands_of_one_name_are_two_servers(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", tiny_command(), "--discover") == 0
    assert tools(tmp_path, "connect", tiny_command("changed-echo"), "--discover") == 0
    assert "Held back" not in capfd.readouterr().out

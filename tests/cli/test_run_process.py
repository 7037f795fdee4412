"""`penguiflow run` as a script uses it: the installed command, pipes, exit codes, signals."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import desk_agent
from tests.fakes.command import PENGUIFLOW, penguiflow

pytestmark = pytest.mark.process

DESK = f"{desk_agent.__file__}:build_planner"
DESK_WITH_SERVER = f"{desk_agent.__file__}:build_with_server"
WAIT_S = 20


def ask(cwd: Path, question: str, *options: str) -> subprocess.CompletedProcess[str]:
    return penguiflow(cwd, "run", question, "--agent", DESK, *options)


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def kept(cwd: Path) -> list[str]:
    file = cwd / desk_agent.KEPT_FILE
    return file.read_text().splitlines() if file.exists() else []


def token_of(done: subprocess.CompletedProcess[str]) -> str:
    return next(line.removeprefix("Resume token: ") for line in done.stdout.splitlines() if "token: " in line)


def test_the_answer_is_all_that_stdout_gets(tmp_path: Path) -> None:
    done = ask(tmp_path, "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello, person.\n", "")


def test_json_lines_tell_the_run_from_question_to_result(tmp_path: Path) -> None:
    done = ask(tmp_path, "hello", "--json")
    lines = lines_of(done)
    assert done.returncode == 0
    assert {line["v"] for line in lines} == {1}
    assert next(line["question"] for line in lines if line["type"] == "run_started") == "hello"
    assert (lines[-1]["type"], lines[-1]["answer"]) == ("result", "Hello, person.")
    assert done.stderr == ""


def test_control_sequences_in_an_answer_never_reach_the_terminal(tmp_path: Path) -> None:
    for done in (ask(tmp_path, "escape"), ask(tmp_path, "escape", "--json")):
        assert done.returncode == 0
        assert not set(done.stdout) & set("\x1b\x07\x9b\u202e")
    assert "[/red]" in ask(tmp_path, "escape").stdout


def test_what_a_tool_prints_is_in_the_lines_and_not_between_them(tmp_path: Path) -> None:
    done = ask(tmp_path, "print", "--json")
    lines = lines_of(done)
    printed = " ".join(line["text"] for line in lines if line["type"] == "output")
    for words in ("printed by the tool", "logged by the tool", "printed by a child"):
        assert words in printed
    assert (done.returncode, lines[-1]["type"], done.stderr) == (0, "result", "")


def test_what_a_tool_prints_goes_to_stderr_of_a_person(tmp_path: Path) -> None:
    done = ask(tmp_path, "print")
    assert "printed" not in done.stdout.partition("Seen:")[0]
    assert "printed by the tool\n" in done.stderr


def test_a_call_that_needs_approval_ends_with_its_token_and_nothing_ran(tmp_path: Path) -> None:
    done = ask(tmp_path, "note milk")
    assert (done.returncode, done.stderr, kept(tmp_path)) == (4, "", [])
    for part in ("keep", '"text": "milk"', "I use keep.", "Resume token:"):
        assert part in done.stdout


def test_the_printed_command_approves_in_another_process(tmp_path: Path) -> None:
    paused = ask(tmp_path, "note milk")
    command = next(line for line in paused.stdout.splitlines() if line.endswith("--input approve"))
    words = shlex.split(command)
    assert words[0] == "penguiflow"
    done = penguiflow(tmp_path, *words[1:])
    assert done.returncode == 0
    assert "milk" in done.stdout
    assert kept(tmp_path) == ["milk"]


def resume(cwd: Path, token: str, reply: str, *options: str) -> subprocess.CompletedProcess[str]:
    return penguiflow(cwd, "run", "--resume", token, "--input", reply, "--agent", DESK, *options)


def test_an_edited_call_runs_with_the_edited_arguments_only(tmp_path: Path) -> None:
    token = token_of(ask(tmp_path, "note milk"))
    done = resume(tmp_path, token, '{"decision": "edit", "args": {"text": "bread"}}')
    assert (done.returncode, kept(tmp_path)) == (0, ["bread"])


def test_a_rejected_call_does_not_run_and_the_model_reads_the_reason(tmp_path: Path) -> None:
    token = token_of(ask(tmp_path, "note milk"))
    done = resume(tmp_path, token, "reject: too expensive")
    assert (done.returncode, kept(tmp_path)) == (0, [])
    assert "too expensive" in done.stdout


def test_a_question_of_the_agent_is_answered_by_the_input_as_it_stands(tmp_path: Path) -> None:
    paused = ask(tmp_path, "ask")
    assert paused.returncode == 4
    assert "Which city?" in paused.stdout
    done = resume(tmp_path, token_of(paused), "Berlin: the capital")
    assert done.returncode == 0
    assert "Berlin: the capital" in done.stdout


def test_an_input_that_does_not_fit_leaves_the_run_waiting(tmp_path: Path) -> None:
    token = token_of(ask(tmp_path, "note milk"))
    for reply in ("maybe", '{"decision": "edit", "args": {"text": 5}}'):
        done = resume(tmp_path, token, reply)
        assert (done.returncode, done.stdout) == (2, "")
        assert "still waits" in done.stderr
    assert resume(tmp_path, token, "approve").returncode == 0
    assert kept(tmp_path) == ["milk"]


def test_a_token_works_once(tmp_path: Path) -> None:
    token = token_of(ask(tmp_path, "note milk"))
    assert resume(tmp_path, token, "approve").returncode == 0
    again = resume(tmp_path, token, "approve")
    assert (again.returncode, kept(tmp_path)) == (2, ["milk"])
    assert token in again.stderr


def test_an_error_before_the_run_is_a_json_line_too(tmp_path: Path) -> None:
    done = resume(tmp_path, "no-such-token", "approve", "--json")
    (line,) = lines_of(done)
    assert (done.returncode, line["type"], line["code"]) == (2, "error", "unknown_token")
    assert done.stderr.startswith("✗ no run of this project waits")


@pytest.mark.parametrize(
    ("question", "exit_code", "named"), [("crash", 1, "the model is gone"), ("wander", 7, "stopped")]
)
def test_a_run_without_an_answer_says_why(question: str, exit_code: int, named: str, tmp_path: Path) -> None:
    done = ask(tmp_path, question)
    assert done.returncode == exit_code
    assert named in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("agent", "named"),
    [("nowhere.agent:build", "`nowhere`"), ("broken.py:build_planner", "division by zero")],
)
def test_an_agent_that_cannot_be_loaded_is_an_error_and_never_the_demo(
    agent: str, named: str, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    done = penguiflow(tmp_path, "run", "hello", "--agent", agent)
    assert (done.returncode, done.stdout) == (3, "")
    assert named in done.stderr
    assert "Hint:" in done.stderr
    assert "demo" not in done.stderr


def test_a_missing_key_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(
        "from penguiflow.planner.react import ReactPlanner\n"
        "from penguiflow.catalog import tool\n"
        "from pydantic import BaseModel\n"
        "class Text(BaseModel):\n"
        "    text: str\n"
        "async def look(args: Text, ctx: object) -> Text:\n"
        "    return args\n"
        "def build_planner(model=None, state_store=None):\n"
        "    return ReactPlanner(llm=model, catalog=[look], state_store=state_store)\n"
    )
    done = penguiflow(
        tmp_path, "run", "hello", "--agent", "real.py:build_planner", "--model", "openai/gpt-5-mini"
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert "OPENAI_API_KEY" in done.stderr


def test_a_folder_without_an_agent_gets_the_demo_and_is_told(tmp_path: Path) -> None:
    done = penguiflow(tmp_path, "run", "What can you do?")
    assert done.returncode == 0
    assert "demo" in done.stderr
    assert done.stdout.strip()


def test_a_session_goes_on_under_its_name(tmp_path: Path) -> None:
    named, last, new = (
        lines_of(ask(tmp_path, "hello", "--json", *options))[-1]["session_id"]
        for options in (["--session", "desk"], ["--session", "last"], [])
    )
    assert (named, last) == ("desk", "desk")
    assert new != "desk"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_do_no_harm(closed: str, tmp_path: Path) -> None:
    command = shlex.join([PENGUIFLOW, "run", "hello", "--agent", DESK])
    done = subprocess.run(f"{command} {closed}", shell=True, cwd=tmp_path, check=False, timeout=WAIT_S)
    assert done.returncode == 0
    assert ask(tmp_path, "hello", "--session", "last").returncode == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".penguiflow").write_text("a file")
    done = ask(tmp_path, "hello")
    assert done.returncode == 1
    assert ".penguiflow" in done.stderr
    assert "Traceback" not in done.stderr


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


@contextmanager
def running(cwd: Path, question: str, agent: str) -> Generator[subprocess.Popen[str]]:
    """A run with JSON lines; killed at the end whatever happens, so that a failing test ends too."""
    process = subprocess.Popen(
        [PENGUIFLOW, "run", question, "--json", "--agent", agent],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(WAIT_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def read_until(process: subprocess.Popen[str], kind: str) -> None:
    assert process.stdout is not None
    assert any(json.loads(line)["type"] == kind for line in process.stdout), f"no `{kind}` line came"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_so_and_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path, "wait", DESK_WITH_SERVER) as process:
        read_until(process, "tool_call")
        servers = children_of(process.pid)
        assert servers
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=WAIT_S)
        assert (process.returncode, stderr) == (130, "")
        assert json.loads(stdout.splitlines()[-1])["type"] == "interrupted"
        assert not [pid for pid in servers if Path(f"/proc/{pid}").exists()]


def test_a_reader_that_leaves_ends_the_run_without_a_traceback(tmp_path: Path) -> None:
    with running(tmp_path, "wander", DESK) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(WAIT_S) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""

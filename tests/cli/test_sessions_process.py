"""`penguiflow sessions` as a person uses it: the installed command, an agent, a terminal."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import desk_agent
from tests.fakes.command import PENGUIFLOW, penguiflow
from tests.fakes.history import asked, run_of
from tests.fakes.history_files import in_history, keep

pytestmark = pytest.mark.process

DESK = f"{desk_agent.__file__}:build_planner"
WAIT_S = 20
ON_TERMINAL = "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])"
"""Makes what stdin is the terminal of the command that takes the program's place."""


def ask(cwd: Path, question: str, *options: str) -> subprocess.CompletedProcess[str]:
    return penguiflow(cwd, "run", question, "--agent", DESK, *options)


def questions(cwd: Path, session_id: str) -> list[str]:
    runs = in_history(cwd, lambda store: store.list_runs(session_id=session_id))
    return [run.question for run in reversed(runs)]


def test_a_name_stands_for_its_session_when_asking_and_a_fork_goes_on_by_itself(tmp_path: Path) -> None:
    assert ask(tmp_path, "hello", "--session", "first").returncode == 0
    assert penguiflow(tmp_path, "sessions", "name", "first", "tea time").returncode == 0
    forked = penguiflow(tmp_path, "sessions", "fork", "tea time")
    fork = forked.stdout.strip()

    in_name = ask(tmp_path, "hello again", "--session", "tea time")
    in_fork = ask(tmp_path, "hello fork", "--session", fork[:8])
    fork_run = json.loads(ask(tmp_path, "more", "--session", fork, "--json").stdout.splitlines()[0])

    assert (in_name.returncode, in_fork.returncode) == (0, 0)
    assert questions(tmp_path, "first") == ["hello", "hello again"]
    assert questions(tmp_path, fork) == ["hello fork", "more"]
    assert fork_run["session_id"] == fork


def test_a_session_that_is_not_clear_is_no_new_one(tmp_path: Path) -> None:
    for digit in "01":
        keep(tmp_path, run_of(asked(), run_id=digit, session_id="abcd" + digit * 28))

    refused = ask(tmp_path, "hello", "--session", "abcd", "--json")

    assert refused.returncode == 2
    assert json.loads(refused.stdout)["code"] == "ambiguous_session"


def test_a_reader_that_leaves_early_ends_an_export_quietly(tmp_path: Path) -> None:
    keep(tmp_path, [event for n in range(2_000) for event in run_of(asked("x" * 200), run_id=f"run-{n}")])

    with subprocess.Popen(
        [PENGUIFLOW, "sessions", "export", "last"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"type": "header"')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(WAIT_S) == 130


@pytest.mark.parametrize(
    ("answer", "code", "left"), [(b"y\n", 0, 0), (b"n\n", 0, 1), (b"\n", 0, 1), (b"\x03", 130, 1)]
)
def test_on_a_terminal_a_person_is_asked_before_anything_goes(
    tmp_path: Path, answer: bytes, code: int, left: int
) -> None:
    keep(tmp_path, run_of(asked("Old question?")))

    terminal, other_end = os.openpty()
    command = [PENGUIFLOW, "sessions", "prune", "--older-than", "1d"]
    process = subprocess.Popen([sys.executable, "-c", ON_TERMINAL, *command], cwd=tmp_path, stdin=other_end)
    try:
        os.close(other_end)
        shown = _read_until(terminal, b"for good? [y/N]")
        # A signal between the question and the wait for its answer is seen with the next key only.
        shown += _read_until(terminal, None, again=answer)
        assert process.wait(WAIT_S) == code
    finally:
        process.kill()
        process.wait()
        os.close(terminal)

    assert b"Old question?" in shown
    assert len(in_history(tmp_path, lambda store: store.list_sessions())) == left


def _read_until(terminal: int, text: bytes | None, *, again: bytes = b"") -> bytes:
    """Read what a terminal shows until a text, or until the program ends; `again` is typed until it does."""
    shown, deadline = b"", time.monotonic() + WAIT_S
    if again:
        os.write(terminal, again)
    while text is None or text not in shown:
        readable, _, _ = select.select([terminal], [], [], 2 if again else WAIT_S)
        assert readable or (again and time.monotonic() < deadline), f"nothing more is shown after {shown!r}"
        if not readable:
            os.write(terminal, again)
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how a terminal says that the other end is closed
            return shown
        if not piece:
            return shown
        shown += piece
    return shown


def test_keeping_sessions_loads_neither_models_nor_servers_nor_screens(tmp_path: Path) -> None:
    keep(tmp_path, run_of(asked()))
    heavy = ("litellm", "fastmcp", "mcp", "textual", "rich", "httpx", "penguiflow_tui.demo")
    lines = [
        "list",
        "show last",
        "name last x",
        "fork last",
        "archive x",
        "export x",
        "prune --archived-only --dry-run",
    ]
    program = (
        "import sys\n"
        "from penguiflow_cli.app import exit_code_of\n"
        f"for line in {lines!r}:\n"
        "    assert exit_code_of(['sessions', *line.split()]) == 0, line\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "[]"

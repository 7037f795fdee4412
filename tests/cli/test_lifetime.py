"""However a command is stopped, it cleans up and tells by its exit code."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penguiflow_cli._errors import CommandError
from penguiflow_cli._lifetime import run_command
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

WAITING_COMMAND = """
import asyncio, sys
from pathlib import Path
from penguiflow_cli._lifetime import run_command
from penguiflow_cli.project import Project

async def body():
    print("started", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned up", flush=True)

sys.exit(run_command(body, Project(root=Path.cwd())))
"""


def test_the_exit_code_of_a_command_is_what_its_body_returns(tmp_path: Path) -> None:
    async def body() -> ExitCode:
        return ExitCode.STOPPED

    assert run_command(body, Project(root=tmp_path)) is ExitCode.STOPPED


def test_an_expected_error_of_the_body_becomes_a_message_and_its_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def body() -> ExitCode:
        raise CommandError("nothing there", exit_code=ExitCode.NO_AGENT)

    assert run_command(body, Project(root=tmp_path)) is ExitCode.NO_AGENT
    assert capsys.readouterr().err == "✗ nothing there\n"
    assert not (tmp_path / ".penguiflow").exists()


def test_signals_mean_what_they_meant_before_once_the_command_is_done(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def body() -> ExitCode:
        return ExitCode.OK

    run_command(body, Project(root=tmp_path))
    assert signal.getsignal(signal.SIGTERM) is before


def stopped(tmp_path: Path, number: signal.Signals) -> tuple[int, str, str]:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING_COMMAND],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=10)
    return process.returncode, stdout, stderr


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cleans_up_without_a_traceback(number: signal.Signals, tmp_path: Path) -> None:
    assert stopped(tmp_path, number) == (130, "cleaned up\n", "")

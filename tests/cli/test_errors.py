"""What a person reads when a command ends by an error."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from penguiflow_cli._errors import CommandError, Messages, OutputClosed, end_with
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project


def test_an_expected_error_is_one_line_and_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    error = CommandError("no agent `a.b:c`", exit_code=ExitCode.NO_AGENT, hint="check the name")
    assert end_with(error) is ExitCode.NO_AGENT
    assert capsys.readouterr() == ("", "✗ no agent `a.b:c`\n  Hint: check the name\n")


def test_a_defect_is_one_line_and_a_report_without_secrets_or_locals(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(password: str) -> None:
        raise RuntimeError("boom with api_key=sk-abcdefghijklmnop1234567890")

    with pytest.raises(RuntimeError) as caught:
        broken("-".join(["hunter", "2"]))
    assert end_with(caught.value, Project(root=tmp_path)) is ExitCode.FAILED
    stderr = capsys.readouterr().err
    (report,) = (tmp_path / ".penguiflow" / "crash").iterdir()
    assert str(report) in stderr
    assert len(stderr.splitlines()) == 2
    for text in (stderr, report.read_text()):
        assert "RuntimeError" in text
        assert "abcdefghijklmnop" not in text
        assert "hunter-2" not in text


def test_a_defect_in_a_folder_that_cannot_be_written_is_still_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert end_with(RuntimeError("boom"), Project(root=file)) is ExitCode.FAILED
    assert capsys.readouterr().err == "✗ Unexpected RuntimeError: boom\n"


def test_a_closed_pipe_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    assert end_with(OutputClosed()) is ExitCode.INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_messages_show_control_sequences_and_hide_secrets() -> None:
    stream = io.StringIO()
    messages = Messages(stream)
    messages.note("a\nb \x1b[31m password=hunter2")
    messages.failure("bad \x9b", "token ghp_abcdefghijklmnopqrstuvwxyz012345")
    assert stream.getvalue() == ("a⏎b ␛[31m password=[redacted]\n✗ bad \\x9b\n  Hint: token [redacted]\n")


def test_a_closed_stderr_does_not_stop_a_command() -> None:
    stream = io.StringIO()
    stream.close()
    Messages(stream).note("nobody hears this")


def test_the_state_folder_is_private_and_ignored_by_git(tmp_path: Path) -> None:
    project = Project(root=tmp_path)
    project.prepare()
    project.prepare()
    assert (project.state_dir / ".gitignore").read_text() == "*\n"
    assert project.state_dir.stat().st_mode & 0o077 == 0
    assert project.history_path == tmp_path / ".penguiflow" / "history.sqlite3"

"""The only writer of stderr, and the errors a command may end with.

A `CommandError` is expected: it says what is wrong and what to do, and carries the exit code. Anything
else is a defect: a person reads one line, the traceback goes into a redacted report.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import typer

from penguiflow._clock import wall_clock
from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_line, safe_text
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project
from penguiflow_tui.crash import write_crash_report

_MESSAGE_CHARS = 2_000
_DEFAULT_CODES = {
    ExitCode.USAGE: "usage",
    ExitCode.NO_AGENT: "no_agent",
    ExitCode.MODEL: "model_not_ready",
    ExitCode.INTERRUPTED: "interrupted",
}


class CommandError(Exception):
    """A command cannot go on. `code` is the stable name programs read in `--json` output."""

    def __init__(
        self, message: str, *, exit_code: ExitCode, hint: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.hint = hint
        self.code = code or _DEFAULT_CODES.get(exit_code, "failed")


class OutputClosed(Exception):
    """Nobody reads our stdout any more (`penguiflow ... | head`)."""


class Messages:
    """Writes what a person should read while or after a command works.

    Secrets and control sequences never pass. A closed or broken stderr changes nothing about the command.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    @property
    def live(self) -> bool:
        """Whether a person watches, so that progress is worth showing."""
        return self._stream.isatty()

    def note(self, text: str) -> None:
        """Write one line."""
        self._write(safe_line(redact_text(text), max_chars=_MESSAGE_CHARS))

    def failure(self, message: str, hint: str | None = None) -> None:
        """Write an error, and below it what to do about it."""
        self._write("✗ " + safe_text(redact_text(message), max_chars=_MESSAGE_CHARS))
        if hint:
            self._write("  Hint: " + safe_text(redact_text(hint), max_chars=_MESSAGE_CHARS))

    def interrupted(self) -> None:
        """Begin a new line after the `^C` that a terminal shows; a file or pipe gets nothing."""
        if self.live:
            self._write("")

    def _write(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()


def end_with(error: Exception, project: Project | None = None) -> ExitCode:
    """Tell the person about the error that ended the command, and return its exit code.

    A report of a defect goes into `project`, or below the working folder when no project was opened yet.
    """
    messages = Messages()
    match error:
        case CommandError():
            messages.failure(error.message, error.hint)
            return error.exit_code
        case OutputClosed():
            return ExitCode.INTERRUPTED
        case typer.TyperException():
            messages.failure(error.format_message(), "`penguiflow --help` lists commands and options.")
            return ExitCode.USAGE
        case typer.Abort():
            return ExitCode.INTERRUPTED
        case _:
            report = _write_crash_report(error, project or Project(root=Path.cwd()))
            where = f"The report without secrets is `{report}`." if report else None
            messages.failure(f"Unexpected {type(error).__name__}: {error}", where)
            return ExitCode.FAILED


def _write_crash_report(error: Exception, project: Project) -> Path | None:
    try:
        project.prepare()
        return write_crash_report(project.crash_dir, error, at=wall_clock())
    except OSError:
        return None

"""What `penguiflow sessions import` does: take in a file, checked as a whole before anything is written."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from penguiflow.sessions.shelf.importing import Imported, import_history
from penguiflow.state.summaries import SessionSummary
from penguiflow_cli._errors import CommandError, Messages
from penguiflow_cli._json_lines import error_line
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._new_history import open_or_create_history
from penguiflow_cli._output import Output
from penguiflow_cli._sessions_history import refusals_told
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

STDIN = "-"


def import_file(name: str, as_id: str | None, project_root: Path, *, json_lines: bool) -> ExitCode:
    """Import the file and print the id of its session. A project without a history gets one."""
    project = Project(root=project_root)

    async def importing() -> ExitCode:
        output = Output()
        try:
            with _opened(name) as file, refusals_told():
                imported, summary = await _import(file, as_id, project)
        except CommandError as error:
            if json_lines:
                output.json_line(error_line(error))
            raise
        _tell(imported, summary, output, json_lines=json_lines)
        return ExitCode.OK

    return run_command(importing, project)


async def _import(
    file: IO[bytes], as_id: str | None, project: Project
) -> tuple[Imported, SessionSummary | None]:
    store = await open_or_create_history(project)
    try:
        imported = await import_history(store, file, as_id=as_id)
        return imported, await store.find_session(imported.session_id)
    finally:
        await store.aclose()


@contextmanager
def _opened(name: str) -> Generator[IO[bytes]]:
    """Open a file, or what comes on stdin, which is put aside because it is read twice."""
    try:
        if name != STDIN:
            with open(name, "rb") as file:
                if not file.seekable():
                    raise OSError("it cannot be read twice; give `-` and let it come on stdin")
                yield file
            return
        with tempfile.TemporaryFile() as aside:
            shutil.copyfileobj(sys.stdin.buffer, aside)
            yield aside
    except OSError as exc:
        raise CommandError(
            f"`{name}` cannot be read: {exc.strerror or exc}",
            exit_code=ExitCode.USAGE,
            code="file_not_read",
            hint="name a file that `penguiflow sessions export` wrote.",
        ) from exc


def _tell(imported: Imported, summary: SessionSummary | None, output: Output, *, json_lines: bool) -> None:
    if json_lines:
        output.json_line(
            {
                "v": 1,
                "type": "imported",
                "session_id": imported.session_id,
                "run_id": imported.run_id,
                "events": imported.events,
                "new_events": imported.new_events,
            }
        )
        return
    output.line(imported.session_id)
    messages = Messages()
    messages.note(f"{imported.events} events, {imported.new_events} of them new.")
    if imported.new_events and summary is not None and summary.state == "waiting":
        messages.note("It waits for a person; that can be answered only where it was asked.")

"""What `penguiflow sessions export` and `penguiflow runs export` do: a history as a file, or on stdout."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from penguiflow.sessions.projections.jsonl import line_of
from penguiflow.sessions.shelf.exporting import export_session as records_of_session
from penguiflow.sessions.shelf.finding import find_session
from penguiflow.state.events import JsonObject
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import Messages
from penguiflow_cli._new_file import new_file
from penguiflow_cli._output import Output
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli.exit_codes import ExitCode

STDOUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Where to write; `force` writes over a file that is there."""

    project_root: Path
    output: str = STDOUT
    force: bool = False
    json_lines: bool = False


def export_session(name: str, options: ExportOptions, *, with_parents: bool) -> ExitCode:
    """Write the session, with what it took over of its parents when that is wanted."""

    async def exporting(store: SqliteStateStore, output: Output) -> ExitCode:
        session_id = (await find_session(store, name)).session_id
        await write_records(records_of_session(store, session_id, with_parents=with_parents), options, output)
        return ExitCode.OK

    return with_sessions(options.project_root, exporting, json_lines=options.json_lines)


async def write_records(records: AsyncGenerator[JsonObject], options: ExportOptions, output: Output) -> None:
    """Write the records to stdout or a file, and tell about the file.

    Raises:
        CommandError: the file is there already, or cannot be written.
    """
    async with aclosing(records):
        if options.output == STDOUT:
            async for record in records:
                output.json_line(record)
            return
        path = Path(options.output)
        last: JsonObject = {}
        with new_file(path, force=options.force) as file:
            async for last in records:
                file.write(line_of(last))
    counts = {"events": last["events"], "contents": last["contents"]}
    if options.json_lines:
        output.json_line({"v": 1, "type": "exported", "file": str(path), **counts})
    else:
        Messages().note(f"Wrote {counts['events']} events and {counts['contents']} contents to `{path}`.")

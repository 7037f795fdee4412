"""What `penguiflow sessions name`, `archive` and `restore` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penguiflow.sessions.shelf.finding import find_session
from penguiflow.sessions.shelf.marking import archive_session, name_session
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import Messages
from penguiflow_cli._output import Output
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli._sessions_text import called, session_line
from penguiflow_cli.exit_codes import ExitCode


def name(session: str, new_name: str, project_root: Path, *, json_lines: bool) -> ExitCode:
    """Name a session and say so; with `json_lines` print its line."""

    async def naming(store: SqliteStateStore, output: Output) -> ExitCode:
        session_id = (await find_session(store, session)).session_id
        await name_session(store, session_id, new_name)
        summary = await find_session(store, session_id)
        if json_lines:
            output.json_line(session_line(summary))
        elif summary.name:
            Messages().note(f"Session {session_id} is called `{summary.name}`.")
        else:
            Messages().note(f"Session {session_id} has no name.")
        return ExitCode.OK

    return with_sessions(project_root, naming, json_lines=json_lines)


def archive(sessions: Sequence[str], project_root: Path, *, archived: bool, json_lines: bool) -> ExitCode:
    """Put sessions away or take them back; none of them when one is not found."""

    async def putting(store: SqliteStateStore, output: Output) -> ExitCode:
        found = {each.session_id: each for each in [await find_session(store, text) for text in sessions]}
        for session_id, summary in found.items():
            changed = await archive_session(store, session_id, archived=archived)
            if json_lines:
                output.json_line(session_line(await find_session(store, session_id)))
            else:
                Messages().note(f"{called(summary)}: {_what_happened(archived, changed)}")
        return ExitCode.OK

    return with_sessions(project_root, putting, json_lines=json_lines)


def _what_happened(archived: bool, changed: bool) -> str:
    if archived:
        return "archived." if changed else "was archived already."
    return "restored." if changed else "was not archived."

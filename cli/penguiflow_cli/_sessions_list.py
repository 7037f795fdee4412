"""What `penguiflow sessions list` does: one line per session, the one changed last first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow._clock import wall_clock
from penguiflow.sessions.shelf.finding import find_session
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.summaries import SessionSummary
from penguiflow_cli._errors import Messages
from penguiflow_cli._output import Output
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli._sessions_text import session_line, session_row, session_table, shown_ids
from penguiflow_cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """The options of `penguiflow sessions list`; `archived=None` lists all."""

    project_root: Path
    archived: bool | None = False
    limit: int = 20
    after: str | None = None
    json_lines: bool = False


def list_sessions(options: ListOptions) -> ExitCode:
    """Print a table, on a terminal as wide as that, or JSON lines."""

    async def listing(store: SqliteStateStore, output: Output) -> ExitCode:
        after = (await find_session(store, options.after)).session_id if options.after is not None else None
        found = await store.list_sessions(limit=options.limit + 1, after=after, archived=options.archived)
        sessions = found[: options.limit]
        if options.json_lines:
            for session in sessions:
                output.json_line(session_line(session))
            return ExitCode.OK
        print_sessions(output, sessions)
        _tell_the_rest(options, sessions, more=len(found) > len(sessions))
        return ExitCode.OK

    return with_sessions(options.project_root, listing, json_lines=options.json_lines)


def print_sessions(output: Output, sessions: Sequence[SessionSummary]) -> None:
    """Print the sessions for a person, or for a program that takes lines apart."""
    if output.width is None:
        for session in sessions:
            output.line(session_row(session))
    elif sessions:
        for line in session_table(sessions, width=output.width, now=wall_clock()):
            output.styled_line(line)


def _tell_the_rest(options: ListOptions, sessions: Sequence[SessionSummary], *, more: bool) -> None:
    messages = Messages()
    if more:
        messages.note(f"Older ones: add --after {shown_ids(sessions)[-1]}, or a larger --limit.")
    elif not sessions and options.archived is False:
        messages.note("No sessions here; --all shows those that were put away, too.")
    elif not sessions:
        messages.note("No sessions here.")

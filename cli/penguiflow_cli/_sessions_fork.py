"""What `penguiflow sessions fork` does: begin a session that goes on from another one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from penguiflow.sessions.shelf.finding import find_session
from penguiflow.sessions.shelf.forking import fork_session
from penguiflow.sessions.shelf.past import past_of
from penguiflow.state.events import RunStarted
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError, Messages
from penguiflow_cli._output import Output
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli.exit_codes import ExitCode

_LAST = re.compile(r"last(?:~(\d{1,9}))?")


def fork(session: str, at: str | None, project_root: Path, *, json_lines: bool) -> ExitCode:
    """Fork the session and print the id of the new one; how to go on is told on stderr."""

    async def forking(store: SqliteStateStore, output: Output) -> ExitCode:
        session_id = (await find_session(store, session)).session_id
        at_run = None if at is None else the_run_meant(at, await _runs_of(store, session_id), session_id)
        made = await fork_session(store, session_id, at_run=at_run)
        if json_lines:
            output.json_line({"v": 1, "type": "fork", **asdict(made)})
            return ExitCode.OK
        output.line(made.session_id)
        messages = Messages()
        if not made.remembers:
            messages.note(
                "The history of the fork has the past; the agent itself starts without a memory of it "
                "(it keeps none in this history)."
            )
        root = "" if project_root == Path.cwd() else f" --project-root {project_root}"
        messages.note(f"Go on: penguiflow run QUESTION --session {made.session_id}{root}")
        return ExitCode.OK

    return with_sessions(project_root, forking, json_lines=json_lines)


def the_run_meant(text: str, run_ids: Sequence[str], session_id: str) -> str:
    """Return the run of a session, whose runs are given in the order in which they began.

    Raises:
        CommandError: none is meant, or several are.
    """
    if counted := _LAST.fullmatch(text):
        back = int(counted[1] or 0) + 1
        meant = [run_ids[-back]] if back <= len(run_ids) else []
    else:
        meant = [text] if text in run_ids else [run_id for run_id in run_ids if run_id.startswith(text)]
    if len(meant) == 1 and text:
        return meant[0]
    several = len(meant) > 1
    raise CommandError(
        f"`{text}` is the beginning of {len(meant)} runs"
        if several
        else f"no run of the session is called `{text}`",
        exit_code=ExitCode.USAGE,
        code="ambiguous_run" if several else "unknown_run",
        hint=f"`penguiflow sessions show {session_id}` lists its runs.",
    )


async def _runs_of(store: SqliteStateStore, session_id: str) -> Sequence[str]:
    """Return the session's runs and those that it took over."""
    own = await store.load_session(session_id)
    past = (await past_of(store, own)).events
    return [event.run_id for event in (*past, *own) if isinstance(event.body, RunStarted)]

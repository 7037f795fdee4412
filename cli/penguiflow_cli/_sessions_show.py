"""What `penguiflow sessions show` does: one session, and its newest runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from penguiflow._clock import wall_clock
from penguiflow.safe_text import safe_line
from penguiflow.sessions.shelf.finding import find_session
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.summaries import SessionSummary
from penguiflow_cli._errors import Messages
from penguiflow_cli._output import Output
from penguiflow_cli._run_words import iso_time
from penguiflow_cli._runs_list import run_line
from penguiflow_cli._runs_table import run_row, run_table
from penguiflow_cli._sessions_history import with_sessions
from penguiflow_cli._sessions_text import cost_of, session_line, state_span_of
from penguiflow_cli._styled import Span
from penguiflow_cli.exit_codes import ExitCode

_RUNS_SHOWN = 20
_LABEL = 10


def show_session(name: str, project_root: Path, *, json_lines: bool) -> ExitCode:
    """Print the session and its runs, the one begun last first."""

    async def showing(store: SqliteStateStore, output: Output) -> ExitCode:
        session = await find_session(store, name)
        runs = await store.list_runs(session_id=session.session_id, limit=_RUNS_SHOWN)
        if json_lines:
            for record in (session_line(session), *(run_line(run) for run in runs)):
                output.json_line(record)
            return ExitCode.OK
        for line in session_facts(session):
            output.styled_line(line)
        if runs and output.width is not None:
            output.line()
            for styled in run_table(runs, width=output.width, now=wall_clock()):
                output.styled_line(styled)
        elif runs:
            output.line()
            for run in runs:
                output.line(run_row(run))
        if session.runs > len(runs):
            Messages().note(
                f"All runs: penguiflow runs list --session {session.session_id} --limit {session.runs}"
            )
        return ExitCode.OK

    return with_sessions(project_root, showing, json_lines=json_lines)


def session_facts(session: SessionSummary) -> list[list[Span]]:
    """Return one line for each thing that is known of a session."""
    state = state_span_of(session)
    cost = cost_of(session)
    facts = [
        ("Session", Span(safe_line(session.session_id), "active")),
        ("Name", Span(safe_line(session.name), "strong")),
        ("Title", Span(safe_line(session.title))),
        ("Agent", Span(safe_line(session.agent))),
        ("State", replace(state, text=state.text + (", archived" if session.archived else ""))),
        ("Begun", Span(iso_time(session.created_at))),
        ("Changed", Span(iso_time(session.updated_at))),
        ("Runs", Span(f"{session.runs}" + (f", cost {cost}" if cost else ""))),
        ("Fork of", Span(_parent(session))),
        ("Last", Span(safe_line(session.last_line))),
    ]
    return [[Span(f"{label:<{_LABEL}}", "muted"), fact] for label, fact in facts if fact.text]


def _parent(session: SessionSummary) -> str:
    if session.parent_session_id is None:
        return ""
    return f"{safe_line(session.parent_session_id)} at run {safe_line(session.parent_run_id or '')}"

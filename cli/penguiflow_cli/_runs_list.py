"""What `penguiflow runs list` does: one line per run, the one begun last first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from penguiflow._clock import wall_clock
from penguiflow.sessions.shelf.finding import find_session
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.summaries import RunSummary
from penguiflow_cli._errors import Messages
from penguiflow_cli._history import read_history
from penguiflow_cli._output import Output
from penguiflow_cli._run_names import SHORT_ID_CHARS, find_run
from penguiflow_cli._run_words import state_word
from penguiflow_cli._runs_table import duration_ms, run_row, run_table
from penguiflow_cli._sessions_history import refusals_told
from penguiflow_cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """The options of `penguiflow runs list`."""

    project_root: Path
    session: str | None = None
    limit: int = 20
    after: str | None = None
    json_lines: bool = False


def list_runs(options: ListOptions) -> ExitCode:
    """Print a table, on a terminal as wide as that, or JSON lines."""

    async def listing(store: SqliteStateStore, output: Output) -> ExitCode:
        after = (await find_run(store, options.after)).run_id if options.after is not None else None
        session_id = await _session_id(store, options.session)
        found = await store.list_runs(session_id=session_id, limit=options.limit + 1, after=after)
        runs = found[: options.limit]
        if options.json_lines:
            for run in runs:
                output.json_line(run_line(run))
            return ExitCode.OK
        _print_runs(output, runs)
        _tell_the_rest(runs, more=len(found) > len(runs))
        return ExitCode.OK

    return read_history(options.project_root, listing, json_lines=options.json_lines)


def run_line(run: RunSummary) -> dict[str, Any]:
    """Return the JSON line of a run; `duration_ms` counts from the question to the last event."""
    return {
        "v": 1,
        "type": "run",
        **asdict(run),
        "state": state_word(run.state, run.reason),
        "duration_ms": duration_ms(run),
    }


def _print_runs(output: Output, runs: Sequence[RunSummary]) -> None:
    if output.width is None:
        for run in runs:
            output.line(run_row(run))
    elif runs:
        for line in run_table(runs, width=output.width, now=wall_clock()):
            output.styled_line(line)


def _tell_the_rest(runs: Sequence[RunSummary], *, more: bool) -> None:
    messages = Messages()
    if not runs:
        messages.note("No runs here.")
    elif more:
        messages.note(f"Older ones: add --after {runs[-1].run_id[:SHORT_ID_CHARS]}, or a larger --limit.")


async def _session_id(store: SqliteStateStore, name: str | None) -> str | None:
    if name is None:
        return None
    with refusals_told():
        return (await find_session(store, name)).session_id

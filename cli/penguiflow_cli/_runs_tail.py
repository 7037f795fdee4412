"""What `penguiflow runs tail` does: the last lines of a run, then each new one until it ends or waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow._clock import wall_clock
from penguiflow.state.events import (
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
)
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import Messages
from penguiflow_cli._history import options_for_project, read_history
from penguiflow_cli._output import Output
from penguiflow_cli._run_ending import RunEnding, exit_code_of_ending
from penguiflow_cli._run_names import find_run, load_run
from penguiflow_cli._tail_views import tail_view
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_tui.model.figures import duration_text

_POLL_S = 0.25
_PAGE = 1_000
_SILENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TailOptions:
    """The options of `penguiflow runs tail`; `lines` of `None` are all."""

    project_root: Path
    run: str
    lines: int | None = 10
    json_lines: bool = False


def tail_run(options: TailOptions) -> ExitCode:
    """Follow a run, and end with the exit code that `penguiflow run` has for such an end."""

    async def tailing(store: SqliteStateStore, output: Output) -> ExitCode:
        run = await find_run(store, options.run)
        view = tail_view(
            output,
            json_lines=options.json_lines,
            resume_options=options_for_project(options.project_root, Path.cwd()),
        )
        events = await load_run(store, run)
        view.show(events, at_most=options.lines)
        if run.is_flow:  # nothing tells when the trace of a flow has ended
            return ExitCode.OK
        ending = ending_of(events)
        if ending is None:
            _tell_silence(wall_clock() - events[-1].ts)
            async for more in new_events(store, run.run_id, after_seq=events[-1].seq):
                view.show(more)
                ending = ending_of(more)
                if ending is not None:
                    break
        assert ending is not None  # the loop has no other end
        view.end(ending)
        return exit_code_of_ending(ending)

    return read_history(options.project_root, tailing, json_lines=options.json_lines)


def ending_of(events: Iterable[RunEvent]) -> RunEnding | None:
    """Return the event that ended the run or made it wait; `None` when it goes on after the last event."""
    ending: RunEnding | None = None
    for event in events:
        match event.body:
            case (PersonAsked() | RunFinished() | RunFailed() | RunInterrupted()) as body:
                ending = body
            case RunStarted() | PersonAnswered():
                ending = None
            case _:
                pass
    return ending


async def new_events(
    store: HistoryStore, run_id: str, *, after_seq: int, poll_s: float = _POLL_S
) -> AsyncIterator[Sequence[RunEvent]]:
    """Yield what is appended to a run, without end."""
    while True:
        events = await store.read_run(run_id, after_seq=after_seq, limit=_PAGE)
        if events:
            after_seq = events[-1].seq
            yield events
        else:
            await asyncio.sleep(poll_s)  # another process writes, and a file tells nobody


def _tell_silence(silent_s: float) -> None:
    """Warn of a run that nobody may be working on any more."""
    if silent_s >= _SILENCE_S:
        ago = duration_text(silent_s * 1000)
        Messages().note(f"The last event came {ago} ago; whatever ran this may be gone. Ctrl+C ends.")

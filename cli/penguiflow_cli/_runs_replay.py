"""What `penguiflow runs replay` does: play a recorded run, on the screen of the workbench or as text."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError, Messages
from penguiflow_cli._history import open_history, options_for_project, read_history
from penguiflow_cli._json_lines import JsonLinesView
from penguiflow_cli._output import Output
from penguiflow_cli._recordings import StoredRun
from penguiflow_cli._run_names import find_run, load_run
from penguiflow_cli._tail_views import TextTail
from penguiflow_cli._text_replay import play, recorded_result
from penguiflow_cli._text_view import TextView
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project
from penguiflow_tui.replay.playback import INSTANT
from penguiflow_tui.terminal import has_terminal

_MAX_SPEED = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """The options of `penguiflow runs replay`, as they were given."""

    project_root: Path
    run: str
    speed: str = "1"
    json_lines: bool = False


def replay(options: ReplayOptions) -> ExitCode:
    """Play the run: on the screen at a terminal, else as the lines that `penguiflow run` writes.

    Raises:
        CommandError: the speed is none.
    """
    speed = read_speed(options.speed)
    if options.json_lines or not has_terminal():
        return _play_as_text(options, speed)
    return _play_on_screen(options, speed)


def read_speed(text: str) -> float:
    """Read `2`, `2x`, `0.5` or `instant`; 0 is at once, too.

    Raises:
        CommandError: it is none of them.
    """
    word = text.strip().lower()
    if word == "instant":
        return INSTANT
    try:
        speed = float(word.removesuffix("x"))
    except ValueError:
        speed = math.nan
    if speed == 0:
        return INSTANT
    if not 0 < speed <= _MAX_SPEED:
        raise CommandError(
            f"`{text}` is no speed",
            exit_code=ExitCode.USAGE,
            hint=f"a number up to {_MAX_SPEED:g}, for example 0.5, 2 or 16; or `instant`.",
        )
    return speed


def _play_as_text(options: ReplayOptions, speed: float) -> ExitCode:
    resume_options = options_for_project(options.project_root, Path.cwd())

    async def playing(store: SqliteStateStore, output: Output) -> ExitCode:
        run = await find_run(store, options.run)
        events = await load_run(store, run)
        if run.is_flow and not options.json_lines:  # a flow has no answer, so its events are what there is
            await play(events, TextTail(output, resume_options), speed=speed)
            return ExitCode.OK
        view = JsonLinesView(output) if options.json_lines else TextView(output, Messages(), resume_options)
        await play(events, view, speed=speed)
        view.end(recorded_result(events))
        return ExitCode.OK

    return read_history(options.project_root, playing, json_lines=options.json_lines)


def _play_on_screen(options: ReplayOptions, speed: float) -> ExitCode:
    from penguiflow_cli._workbench import open_replay  # noqa: PLC0415 - text needs no Textual

    @asynccontextmanager
    async def open_recording(project: Project) -> AsyncGenerator[StoredRun]:
        async with open_history(project) as store:
            run = await find_run(store, options.run)
            summary = await store.find_run(run.run_id)
            title = run.run_id if summary is None else summary.question or run.run_id
            yield StoredRun(store, run, title=title)

    return open_replay(project_root=options.project_root, open_recording=open_recording, speed=speed)

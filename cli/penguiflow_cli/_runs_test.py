"""What `penguiflow runs test` does: make a test file of a run, and see that it passes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow.llm.cassette import CassetteError
from penguiflow.sessions.discovery import AgentError
from penguiflow.sessions.recordings.errors import RecordingError
from penguiflow.sessions.recordings.pytest_file import TestFile, name_for, pytest_file
from penguiflow.sessions.recordings.recording import Recording
from penguiflow.sessions.recordings.replaying import Replayed, replay_async, tape_beside
from penguiflow.sessions.recordings.taking import take_recording
from penguiflow.sessions.recordings.tape import write_tape
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._agents import DEMO
from penguiflow_cli._errors import CommandError
from penguiflow_cli._history import read_history
from penguiflow_cli._output import Output
from penguiflow_cli._run_names import find_run
from penguiflow_cli.exit_codes import ExitCode

DEFAULT_FOLDER = Path("tests") / "recorded"
DEMO_TARGET = "penguiflow_tui.demo.agent:build_planner"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOptions:
    """The options of `penguiflow runs test`, as they were given."""

    __test__ = False  # for pytest: this is no test

    run: str
    folder: Path | None
    name: str | None
    agent: str | None
    ignored: Sequence[str]
    force: bool
    json_lines: bool
    project_root: Path


def make_test(options: TestOptions) -> ExitCode:
    """Write the files, replay them once, and say what came of it."""

    async def make(store: SqliteStateStore, output: Output) -> ExitCode:
        run = await find_run(store, options.run)
        try:
            recording = await take_recording(store, run.run_id)
            _check_ignored(options.ignored, recording)
            files = _files(options, recording)
            calls = await _write(files, recording, options, store, run.run_id)
            replayed = await replay_async(
                files.recording, agent=files.agent, project_root=options.project_root
            )
        except (RecordingError, CassetteError, AgentError) as exc:
            raise _as_command_error(exc) from exc
        _tell(output, options, files, model_calls=calls, replayed=replayed)
        return ExitCode.OK

    return read_history(options.project_root, make, json_lines=options.json_lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    test: Path
    recording: Path
    tape: Path
    agent: str | None
    parents_up: int


def _files(options: TestOptions, recording: Recording) -> _Files:
    name = options.name or name_for(recording.question)
    if not _NAME.fullmatch(name):
        raise CommandError(
            f"`{name}` is no name of a test",
            exit_code=ExitCode.USAGE,
            hint="use small letters, digits and `_`, for example --name saves_a_note.",
        )
    folder = (options.project_root / (options.folder or DEFAULT_FOLDER)).resolve()
    try:
        parents_up = len(folder.relative_to(options.project_root).parts)
    except ValueError as exc:
        raise CommandError(
            f"`{folder}` is not in the project `{options.project_root}`",
            exit_code=ExitCode.USAGE,
            hint="the test has to find the agent: name a folder of the project with --output.",
        ) from exc
    recorded = folder / f"test_{name}.recording.json"
    agent = options.agent or (DEMO if recording.agent == DEMO else None)
    return _Files(
        test=folder / f"test_{name}.py",
        recording=recorded,
        tape=tape_beside(recorded),
        agent=DEMO_TARGET if agent == DEMO else agent,
        parents_up=parents_up,
    )


async def _write(
    files: _Files, recording: Recording, options: TestOptions, store: SqliteStateStore, run_id: str
) -> int:
    there = [path for path in (files.test, files.recording, files.tape) if path.exists()]
    if there and not options.force:
        raise CommandError(
            f"`{there[0]}` is there already",
            exit_code=ExitCode.USAGE,
            code="file_exists",
            hint="write it anew with --force, or give another --name.",
        )
    text = pytest_file(
        recording,
        TestFile(
            name=files.test.stem.removeprefix("test_"),
            agent=files.agent,
            parents_up=files.parents_up,
            ignored=options.ignored,
        ),
    )
    try:
        files.test.parent.mkdir(parents=True, exist_ok=True)
        calls = await write_tape(store, run_id, files.tape, overwrite=True)
        _replace(files.recording, recording.text())
        _replace(files.test, text)
    except OSError as exc:
        raise CommandError(
            f"`{exc.filename or files.test.parent}` cannot be written: {exc.strerror or exc}",
            exit_code=ExitCode.FAILED,
            hint="name a folder of yours with --output.",
        ) from exc
    return calls


def _replace(path: Path, text: str) -> None:
    """Write the whole file or leave it as it was."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _check_ignored(ignored: Sequence[str], recording: Recording) -> None:
    known = sorted({f"{call.tool}.{name}" for call in recording.calls for name in call.args})
    for path in ignored:
        if path not in known:
            raise CommandError(
                f"no call of this run has an argument `{path}`",
                exit_code=ExitCode.USAGE,
                hint=f"its arguments are: {', '.join(known) or 'none'}.",
            )


def _as_command_error(error: RecordingError | CassetteError | AgentError) -> CommandError:
    hint = getattr(error, "hint", None)
    if isinstance(error, AssertionError):
        return CommandError(
            f"the files were written, but the replay went another way: {error}",
            exit_code=ExitCode.FAILED,
            code=error.code,
            hint="the agent is not the one that was recorded: record a new run, or name it with --agent.",
        )
    return CommandError(str(error), exit_code=ExitCode.FAILED, code=error.code, hint=hint)


def _tell(
    output: Output, options: TestOptions, files: _Files, *, model_calls: int, replayed: Replayed
) -> None:
    paths = [files.test, files.recording, files.tape]
    shown = [str(path.relative_to(options.project_root)) for path in paths]
    if options.json_lines:
        output.json_line(
            {
                "v": 1,
                "type": "test",
                "test": shown[0],
                "recording": shown[1],
                "cassette": shown[2],
                "model_calls": model_calls,
                "tool_calls": len(replayed.calls),
                "passed": True,
            }
        )
        return
    for path in shown:
        output.line(path)
    output.line(
        f"Replayed offline: {model_calls} model calls, {len(replayed.calls)} tool calls, the same answer. "
        f"Run it with: pytest {shown[0]}"
    )

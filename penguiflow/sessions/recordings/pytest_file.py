"""The text of the test file for a recorded run."""

from __future__ import annotations

import pprint
import re
from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow.sessions.recordings.recording import Recording

_MAX_NAME_CHARS = 50
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """What stands in the file beside the recording. Its folder lies `parents_up` below the project."""

    __test__ = False  # for pytest: this is no test

    name: str
    agent: str | None
    parents_up: int
    ignored: Sequence[str] = ()


def name_for(question: str) -> str:
    """Return a name of a file and a function, made of the words of the question."""
    words = re.findall(r"[a-z0-9]+", question.lower())
    name = "_".join(words)[:_MAX_NAME_CHARS].strip("_")
    return name or "recorded_run"


def pytest_file(recording: Recording, file: TestFile) -> str:
    """Return the file. It holds no text of the run but its tool calls and its answer, as Python literals."""
    ignored = set(file.ignored)
    calls = [
        (
            call.tool,
            {name: value for name, value in call.args.items() if f"{call.tool}.{name}" not in ignored},
        )
        for call in recording.calls
    ]
    return f'''"""A recorded run of the agent, replayed offline: the real prompts, planner and approvals.

It fails when prompts, tools, tool calls or the answer change. When the change is meant, run the agent again
and write this file anew with `penguiflow runs test`.
"""

from __future__ import annotations

from pathlib import Path

from penguiflow.sessions.recordings import replay

RECORDING = Path(__file__).with_suffix(".recording.json")
PROJECT = Path(__file__).parents[{file.parents_up}]
AGENT = {file.agent!r}

# These differ from run to run and are not compared: ids, times, latencies and costs of every event, dates in
# system prompts, and these arguments, named `tool.argument`.
VOLATILE_ARGUMENTS = {_literal(sorted(ignored))}

QUESTION = {_literal(recording.question)}
CALLS = {_literal(calls)}
REASON = {recording.reason!r}
ANSWER = {_literal(recording.answer)}


def test_{file.name}() -> None:
    run = replay(RECORDING, agent=AGENT, project_root=PROJECT)

    assert run.run.question == QUESTION
    assert run.calls_without(VOLATILE_ARGUMENTS) == CALLS
    assert run.reason == REASON
    assert run.answer == ANSWER
'''


def _literal(value: object) -> str:
    """Return a Python literal in ASCII, so that nothing in it can hide from whoever reads the file."""
    text = pprint.pformat(value, width=_WIDTH, sort_dicts=True)
    return text if text.isascii() else ascii(value)

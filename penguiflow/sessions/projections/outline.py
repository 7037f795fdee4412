"""A run step by step, in the order in which things happened; each call and question with how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.sessions.projections.recorded_flow import recorded
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedDecision, RecordedRun
from penguiflow.state.events import (
    EventBody,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedPieces:
    """Text that came in pieces: a model's thinking, or the partial output of the tool call `source`."""

    source: str
    text: str


OutlineEntry: TypeAlias = RecordedCall | RecordedDecision | StreamedPieces | EventBody
"""A body stands for itself: a model call, an action, output, a connection, a note, ..."""

THINKING = "thinking"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineStep:
    """What happened in one step; number 0 is what came before the first."""

    number: int
    entries: tuple[OutlineEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutline:
    """The question and the end are in `run`."""

    run: RecordedRun
    steps: tuple[OutlineStep, ...]


def outline(events: Sequence[RunEvent]) -> RunOutline:
    """Fold the events of one run or of the trace of a flow, in the order of their `seq`; at least one."""
    run = recorded(events)
    calls, decisions = iter(run.calls), iter(run.decisions)
    begun = {event.body.call_id for event in events if isinstance(event.body, ToolStarted)}
    drafts = [_Draft(0)]
    for event in events:
        body = event.body
        match body:
            case StepStarted(step=number) if number != drafts[-1].number:
                drafts.append(_Draft(number))
            case ToolStarted():
                drafts[-1].entries.append(next(calls))
            case PersonAsked():
                drafts[-1].entries.append(next(decisions))
            case TextStreamed(channel="thinking", text=text):
                drafts[-1].add_piece(THINKING, text)
            case ToolStreamed(stream_id=source, text=text):
                drafts[-1].add_piece(source, text)
            case ToolFinished(call_id=call_id) if call_id in begun:
                pass  # told with its beginning
            case _ if not isinstance(body, _TOLD_ELSEWHERE):
                drafts[-1].entries.append(body)
            case _:
                pass
    steps = (draft.step() for draft in drafts)
    return RunOutline(run=run, steps=tuple(step for step in steps if step.number or step.entries))


_TOLD_ELSEWHERE = (
    RunStarted,
    RunFinished,
    RunFailed,
    RunInterrupted,
    PersonAnswered,
    StepStarted,
    TextStreamed,
)


class _Draft:
    """A step while it is being filled."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.entries: list[OutlineEntry | list[str]] = []
        self._pieces: dict[str, list[str]] = {}

    def add_piece(self, source: str, text: str) -> None:
        """Keep a piece where the first one of its source came."""
        if source not in self._pieces:
            self._pieces[source] = [source]
            self.entries.append(self._pieces[source])
        self._pieces[source].append(text)

    def step(self) -> OutlineStep:
        entries = (
            StreamedPieces(source=entry[0], text="".join(entry[1:])) if isinstance(entry, list) else entry
            for entry in self.entries
        )
        return OutlineStep(number=self.number, entries=tuple(entries))

"""Hears one run and hands on what happened, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from penguiflow.planner.events import PlannerEvent
from penguiflow.sessions.bodies import answered_before
from penguiflow.sessions.contents import Contents, RawContent
from penguiflow.sessions.json_parts import object_in
from penguiflow.sessions.streamed_text import Piece, StreamedText
from penguiflow.sessions.translate import history_body
from penguiflow.state.events import (
    EventBody,
    MemoryRead,
    PersonAnswered,
    PersonAsked,
    TextChannel,
    TextStreamed,
    ToolStreamed,
)


class Record(Protocol):
    """Takes one thing that happened, and the large texts that belong to it."""

    def __call__(self, body: EventBody, contents: Sequence[RawContent] = ()) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A run that goes on with the answer it was given before; `unrecorded` when the history lacks it."""

    asked: PersonAsked
    unrecorded: bool


class RunRecorder:
    """Translates the events of one run and joins its streamed text.

    `going_on` is the decision with which the run goes on, or with which it went on before. It is recorded at
    the first sign that the agent accepted it, because a refused decision never happened.
    """

    def __init__(
        self, record: Record, contents: Contents, *, going_on: PersonAnswered | Recovery | None = None
    ) -> None:
        self._record = record
        self._contents = contents
        self._unaccepted = going_on
        self._text = StreamedText()
        self._channel: TextChannel | None = None
        self._ended = False

    @property
    def accepted(self) -> bool:
        """Whether the run is on its way: the decision, if there was one, cannot be refused any more."""
        return self._unaccepted is None

    def hear(self, event: PlannerEvent) -> None:
        """Take one event of a planner; after `end` it is ignored, the run it belongs to is over."""
        if self._ended:
            return
        if isinstance(self._unaccepted, Recovery):
            self._accept_recovery(self._unaccepted, event)
        self.accept()
        if event.event_type == "memory_read":
            shown, contents = self._contents.keep(event.extra.get("memory"))
            self._record(MemoryRead(content=shown), contents)
            return
        body = history_body(event)
        if isinstance(body, ToolStreamed):
            self._hear_tool(body)
            return
        if isinstance(body, TextStreamed):
            self._begin_channel(body.channel)
            self._text.add(body)
        elif body is not None:
            light, contents = self._contents.lighten(body, event.exchange)
            self._hand_on(self._text.take_settled())
            self._record(light, contents)
        if event.extra.get("done") is True:
            self._hand_on(self._text.take_all())

    def _hear_tool(self, chunk: ToolStreamed) -> None:
        """Take a chunk of a tool's output; the last one of a stream is recorded without text, behind it."""
        if chunk.text:
            self._text.add(replace(chunk, done=False))
        if chunk.done:
            self._hand_on(self._text.take_ended(chunk))
            self._record(replace(chunk, text=""))

    def record(self, body: EventBody) -> None:
        """Record something else that happened now, after the text that came before it."""
        self._hand_on(self._text.take_settled())
        self._record(body)

    def accept(self) -> None:
        """Record the decision, once."""
        going_on, self._unaccepted = self._unaccepted, None
        if isinstance(going_on, PersonAnswered):
            self._record(going_on)

    def _accept_recovery(self, recovery: Recovery, event: PlannerEvent) -> None:
        answer: object = event.extra.get("answer") if event.event_type == "resume" else None
        if recovery.unrecorded and answer is not None:
            self._unaccepted = answered_before(recovery.asked, object_in(answer))

    def show_text(self) -> None:
        """Hand on the text that can be shown now."""
        self._hand_on(self._text.take_ready())

    def end(self) -> None:
        """Hand on what is left and hear no more."""
        self._hand_on(self._text.take_all())
        self._ended = True

    def _begin_channel(self, channel: TextChannel | None) -> None:
        """Close the thought before the answer begins: joined pieces must not change their order."""
        if channel != self._channel:
            self._hand_on(self._text.take_all())
            self._channel = channel

    def _hand_on(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._record(piece)

"""Hears one run and hands on what happened, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penguiflow.planner.events import PlannerEvent
from penguiflow.sessions.streamed_text import Piece, StreamedText
from penguiflow.sessions.translate import history_body
from penguiflow.state.events import EventBody, PersonAnswered, TextChannel, TextStreamed, ToolStreamed


class RunRecorder:
    """Translates the events of one run and joins its streamed text.

    `answered` is the decision with which the run goes on. It is recorded at the first sign that the agent
    accepted it, because a refused decision never happened.
    """

    def __init__(
        self, record: Callable[[EventBody], None], *, answered: PersonAnswered | None = None
    ) -> None:
        self._record = record
        self._unaccepted = answered
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
        self.accept()
        body = history_body(event)
        if isinstance(body, TextStreamed) or (isinstance(body, ToolStreamed) and not body.done):
            self._begin_channel(body.channel if isinstance(body, TextStreamed) else self._channel)
            self._text.add(body)
        elif body is not None:
            self.record(body)
        if event.extra.get("done") is True:
            self._hand_on(self._text.take_all())

    def record(self, body: EventBody) -> None:
        """Record something else that happened now, after the text that came before it."""
        self._hand_on(self._text.take_all())
        self._record(body)

    def accept(self) -> None:
        """Record the decision, once."""
        if self._unaccepted is not None:
            answered, self._unaccepted = self._unaccepted, None
            self._record(answered)

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

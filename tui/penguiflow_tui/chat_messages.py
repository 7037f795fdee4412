"""What the chat column tells the screen: typed messages upward, values downward."""

from __future__ import annotations

from textual.message import Message

from penguiflow.planner.approvals import Decision
from penguiflow.state.events import JsonObject
from penguiflow_tui.model.web_address import WebAddress


class QuestionSubmitted(Message):
    """The person asked something. The composer keeps the text until the screen takes it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__()


class DecisionMade(Message):
    """The person decided about a request."""

    def __init__(self, request_id: str, decision: Decision) -> None:
        self.request_id = request_id
        self.decision = decision
        super().__init__()


class EditChecked(Message):
    """Edited arguments shall be checked; with `submit` they shall run when they are valid."""

    def __init__(self, request_id: str, args: JsonObject, *, submit: bool) -> None:
        self.request_id = request_id
        self.args = args
        self.submit = submit
        super().__init__()


class CardDeferred(Message):
    """The person folded the card; the request stays open."""


class AttentionWanted(Message):
    """Something waits for the person, who may look elsewhere."""


class WorkFailed(Message):
    """Something that ran beside the screen ended with an error nobody expected."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__()


class LeaveWanted(Message):
    """The person is done with a screen that was laid over another one, or with the only one."""


class CopyRequested(Message):
    """This text shall go to the clipboard."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__()


class LinkOpened(Message):
    """The person wants to see this address in a browser."""

    def __init__(self, address: WebAddress) -> None:
        self.address = address
        super().__init__()

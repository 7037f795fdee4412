"""The questions of a session to a person: which are open, and what becomes of those that are not."""

from __future__ import annotations

from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.history import SessionHistory
from penguiflow.sessions.results import AlreadyDecidedError, RequestNotFoundError
from penguiflow.sessions.standing import OpenRequest
from penguiflow.state.events import PersonAnswered, PersonAsked, RunInterrupted


class Questions:
    """Answers are taken by the agent, exactly once; this only knows what the history tells about them."""

    def __init__(self, agent: Agent, history: SessionHistory) -> None:
        self._agent = agent
        self._history = history

    @property
    def waiting(self) -> tuple[OpenRequest, ...]:
        """The open ones, the oldest first."""
        return self._history.standing.open_requests

    def open(self, request_id: str) -> OpenRequest:
        """Return an open question.

        Raises:
            AlreadyDecidedError: it has its answer.
            RequestNotFoundError: this session never asked it.
        """
        asked = self.asked(request_id)
        for request in self.waiting:
            if request.asked.request_id == request_id:
                return request
        raise already_decided(asked.asked.request_id)

    def asked(self, request_id: str) -> OpenRequest:
        """Return a question that this session asked, open or not.

        Raises:
            RequestNotFoundError: it never did.
        """
        events, _ = self._history.since(0)
        for event in events:
            if isinstance(event.body, PersonAsked) and event.body.request_id == request_id:
                return OpenRequest(run_id=event.run_id, asked=event.body)
        raise RequestNotFoundError(
            f"this session has no question `{request_id}`; open the session that asked it"
        )

    def was_answered(self, request_id: str) -> bool:
        """Whether the history tells an answer; one that was given up by this process alone is none."""
        events, _ = self._history.since(0)
        return any(
            event.body.request_id == request_id and event.body.decision != "cancelled"
            for event in events
            if isinstance(event.body, PersonAnswered)
        )

    async def still_open(self, request: OpenRequest) -> None:
        """Look whether another process answered in the meantime.

        Raises:
            AlreadyDecidedError: it did, and its answer is shown now.
            StoreError: the store cannot be read.
        """
        await self._history.refresh(request.run_id)
        self.open(request.asked.request_id)

    async def taken_by_somebody(self, request: OpenRequest) -> None:
        """Show what became of a question whose answer the agent knows to be given.

        When the store does not tell yet, the question is closed for this process only: who answered may be
        about to write the run's real end.
        """
        await self._history.refresh(request.run_id)
        if request in self.waiting:
            cancelled = PersonAnswered(request_id=request.asked.request_id, decision="cancelled")
            self._history.show_here_only(request.run_id, cancelled)
            self._history.show_here_only(request.run_id, RunInterrupted())

    async def give_up(self, request: OpenRequest) -> bool:
        """End the run that waits, without an answer; `False` when somebody answered before."""
        token = request.asked.request_id
        if not await self._agent.discard(token):
            await self.taken_by_somebody(request)
            return False
        self._history.start_writing()
        self._history.record(request.run_id, PersonAnswered(request_id=token, decision="cancelled"))
        self._history.record(request.run_id, RunInterrupted())
        return True


def already_decided(request_id: str) -> AlreadyDecidedError:
    """Return the refusal of a second answer."""
    return AlreadyDecidedError(
        f"the question `{request_id}` has its answer already; the session's events tell which"
    )

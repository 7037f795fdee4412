"""Driving one run of an agent from the question, or from a decision, to its end or to its next pause."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable

from penguiflow.planner.approvals import DecisionError
from penguiflow.planner.events import observe_runs
from penguiflow.redaction import redact_text
from penguiflow.sessions.agent_port import Agent, AgentOutcome, Answered, Paused
from penguiflow.sessions.bodies import UNNAMED_ERROR, person_asked, run_failed
from penguiflow.sessions.history import SessionHistory
from penguiflow.sessions.history_form import history_form
from penguiflow.sessions.recorder import RunRecorder
from penguiflow.sessions.results import RunOutcome, RunResult, SessionError
from penguiflow.state.errors import StoreError
from penguiflow.state.events import (
    OutputCaptured,
    PersonAnswered,
    PersonAsked,
    RunFailed,
    RunFinished,
    RunInterrupted,
)


class AgentRun:
    """Owns the task in which the agent works."""

    def __init__(self, run_id: str, agent: Agent, history: SessionHistory, recorder: RunRecorder) -> None:
        self._run_id = run_id
        self._agent = agent
        self._history = history
        self.recorder = recorder
        self._task: asyncio.Task[RunResult] | None = None

    @property
    def working(self) -> bool:
        return self._task is None or not self._task.done()

    async def drive(
        self, call: Callable[[], Awaitable[AgentOutcome]], *, ready: Callable[[], Awaitable[None]]
    ) -> RunResult:
        """Run `call` after `ready` and return how it ended; cancelling the caller interrupts the run.

        Raises:
            KeyError, DecisionError, SessionError: `call` refused the decision to go on.
        """
        caller = asyncio.current_task()
        cancelled_before = caller.cancelling() if caller else 0
        self._task = asyncio.create_task(self._work(call, ready), name=f"penguiflow-run-{self._run_id}")
        try:
            result = await self._task
        except asyncio.CancelledError:
            if caller is not None and caller.cancelling() > cancelled_before:
                raise
            return self._result("interrupted")  # by `stop`, which is no cancellation of the caller
        if caller is not None and caller.cancelling() > cancelled_before:
            raise asyncio.CancelledError  # the agent kept working, but the caller must not miss its own end
        return result

    async def stop(self, *, grace_s: float) -> bool:
        """Cancel the run and wait for its end; `False` when the agent does not end within the grace time."""
        if self._task is None or self._task.done():
            return False
        self._task.cancel()
        done, _ = await asyncio.wait([self._task], timeout=grace_s)
        return bool(done)

    async def _work(
        self, call: Callable[[], Awaitable[AgentOutcome]], ready: Callable[[], Awaitable[None]]
    ) -> RunResult:
        try:
            with observe_runs(self.recorder.hear):
                await ready()
                await asyncio.to_thread(self._agent.check_ready)  # may import for a second
                outcome = await call()
        except asyncio.CancelledError:
            self._interrupted()
            raise
        except Exception as error:  # whatever an agent raises is how its run ended
            if not self.recorder.accepted and isinstance(error, KeyError | DecisionError | SessionError):
                raise
            return self._failed(error)
        finally:
            self.recorder.end()
        self.recorder.accept()
        return await self._paused(outcome) if isinstance(outcome, Paused) else self._answered(outcome)

    def _answered(self, outcome: Answered) -> RunResult:
        totals = self._history.totals(self._run_id)
        self._history.record(
            self._run_id,
            RunFinished(
                reason=outcome.reason,
                answer=outcome.answer,
                steps=totals.steps,
                llm_calls=totals.llm_calls,
                latency_ms=totals.worked_ms,
                cost_usd=totals.cost_usd,
            ),
        )
        ended: RunOutcome = "answered" if outcome.reason == "answer_complete" else "stopped"
        return self._result(ended, answer=redact_text(outcome.answer))

    async def _paused(self, pause: Paused) -> RunResult:
        asked = person_asked(pause, step=self._history.totals(self._run_id).steps)
        try:
            shown = await self._history.record_durably(self._run_id, asked)
        except StoreError as error:
            # A pause that is not stored would be lost with the process: nobody may rely on it.
            await self._agent.discard(asked.request_id)
            return self._failed(error)
        except asyncio.CancelledError:
            self._history.record(self._run_id, asked)
            cancelled = PersonAnswered(request_id=asked.request_id, decision="cancelled")
            self._history.record(self._run_id, cancelled)
            self._interrupted()
            raise
        return self._result("paused", request=shown)

    def _failed(self, error: Exception) -> RunResult:
        self.recorder.end()
        failed = history_form(run_failed(error))
        if failed.code == UNNAMED_ERROR:
            text = "".join(traceback.format_exception(error))
            self._history.record(self._run_id, OutputCaptured(stream="stderr", text=text))
        if self.recorder.accepted:
            self._history.record(self._run_id, failed)
        else:  # the question is still open, so the run is not over
            text = f"the decision was not taken: {failed.message}"
            self._history.record(self._run_id, OutputCaptured(stream="log", text=text))
        return self._result("failed", error=failed)

    def _interrupted(self) -> None:
        self.recorder.end()
        if self.recorder.accepted:
            self._history.record(self._run_id, RunInterrupted())

    def _result(
        self,
        outcome: RunOutcome,
        *,
        answer: str = "",
        request: PersonAsked | None = None,
        error: RunFailed | None = None,
    ) -> RunResult:
        totals = self._history.totals(self._run_id)
        return RunResult(
            run_id=self._run_id,
            outcome=outcome,
            answer=answer,
            request=request,
            error=error,
            cost_usd=totals.cost_usd,
            steps=totals.steps,
        )

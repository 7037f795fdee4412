"""The hop: one task per node takes the next item, calls the node in this very task, and delivers.

Normal course: take -> call -> deliver, without a task, a timer or an event object of its own.
Everything else (deadline, cancelled trace, failure, retry) leaves that path, and pure functions
decide it.
"""

from __future__ import annotations

import asyncio
from typing import Final

from penguiflow._clock import monotonic_clock
from penguiflow._envelope import Conversion
from penguiflow._runtime.budgets import deadline_answer, deadline_of
from penguiflow._runtime.context import Context
from penguiflow._runtime.delivery import Delivery
from penguiflow._runtime.floe import Floe
from penguiflow._runtime.intake import Intake
from penguiflow._runtime.interrupts import Interrupts, NodeCancelledItself
from penguiflow._runtime.origin import CURRENT_WORKER
from penguiflow._runtime.reports import Reports
from penguiflow._runtime.retry import flow_error
from penguiflow._runtime.services import Services
from penguiflow._runtime.trace import Trace, trace_id_of
from penguiflow._runtime.worker_task import WorkerTask
from penguiflow.errors import TraceCancelled
from penguiflow.node import Node
from penguiflow.types import Message

BURST: Final = 64
"""Items a worker may handle without suspending before it lets others run."""


class Worker:
    """Works for one node, one item at a time, in the order of arrival."""

    __slots__ = (
        "_accept",
        "_burst",
        "_busy",
        "_closing",
        "_context",
        "_delivery",
        "_give",
        "_intake",
        "_interrupts",
        "_node",
        "_reports",
        "_services",
        "blocked_on",
        "due",
        "item",
        "origin",
    )

    def __init__(
        self,
        node: Node,
        context: Context,
        intake: Intake,
        way_out: Floe,
        conversion: Conversion,
        services: Services,
    ) -> None:
        self.due: float | None = None
        self.origin: Trace | None = None
        """The trace that is worked for."""
        self.item: object = None
        """What is worked on."""
        self.blocked_on: list[Floe] = []
        self._node = node
        self._context = context
        self._intake = intake
        self._accept = conversion.accept
        self._give = conversion.give
        self._services = services
        self._delivery = Delivery(context, way_out, services)
        self._interrupts = Interrupts()
        self._reports = Reports(services.announcer, context, self._interrupts)
        self._burst = 0
        self._busy = False
        self._closing = False

    @property
    def node(self) -> Node:
        """The node this worker works for."""
        return self._node

    async def run(self) -> None:
        """Work until the task is cancelled."""
        task = asyncio.current_task()
        assert isinstance(task, WorkerTask)  # as the crew starts it
        CURRENT_WORKER.set(self)
        self._interrupts.bind(task)
        if self._node.policy.timeout_s is not None:
            self._services.watchdog.add(self)
        traces, farewells = self._services.traces, self._services.farewells
        intake, inbox = self._intake, self._context.inbox
        try:
            while not self._closing:
                parcel = intake.take() if self._burst < BURST else None
                if parcel is None:
                    self.item = trace = item = origin = None  # an idle worker keeps nothing alive
                    if self._burst >= BURST or self._interrupts.is_ending():
                        await self._pause()
                    else:
                        # Not in a method of its own, whose frame every awakening would pass through.
                        turn = inbox.line_up()
                        try:
                            await turn
                        except BaseException:
                            inbox.leave(turn)
                            raise
                    self._burst = 0
                    continue
                self._burst += 1
                self._busy = True
                trace, item, origin, _ = parcel
                self.item = item
                self.origin = origin if trace is None else trace
                if trace is not None:
                    trace.holders.append(self)
                try:
                    await self._attempt(trace, item, 0)
                except (Exception, asyncio.CancelledError) as problem:  # noqa: BLE001 - sorted out there
                    await self._recover(trace, item, problem)
                finally:
                    self._busy = False
                    intake.done(parcel)
                    if trace is not None:
                        traces.release(trace, self)
                if farewells.pending or task.cancelling():
                    await self._tidy_up()
        finally:
            await self._reports.worker_ended()

    def can_go_on(self) -> bool:
        """Tell whether it works, or could take an item."""
        return not self.blocked_on and (self._busy or self._intake.has_next())

    def is_busy(self) -> bool:
        """Tell whether an item is being worked on."""
        return self._busy

    def is_timed_out(self) -> bool:
        """Tell whether the node is being cancelled because it is overdue."""
        return self._interrupts.reason == "timeout"

    def is_interrupted(self) -> bool:
        """Tell whether the node is being cancelled already."""
        return self._interrupts.is_pending()

    def close(self) -> None:
        """End after the current item, even if the node swallows the cancellation of the task."""
        self._closing = True

    def cancel_invocation(self) -> None:
        """Interrupt what is done for the current item, because its trace was cancelled."""
        self._interrupts.request("trace_cancelled")

    def time_out_invocation(self) -> None:
        """Interrupt the current call of the node, because it is overdue."""
        self._interrupts.request("timeout")

    async def _tidy_up(self) -> None:
        if not self._closing:
            await self._interrupts.disown()
        await self._services.farewells.say()

    async def _pause(self) -> None:
        """Let others run, or end."""
        if self._interrupts.is_ending():
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    async def _attempt(self, trace: Trace | None, item: object, attempt: int) -> None:
        if trace is not None and (trace.cancelled or self._is_late(item)):
            await self._decline(trace, item)
            return
        heard = self._services.announcer.is_heard()
        self._reports.started = monotonic_clock()
        if heard:
            await self._reports.node_start(trace, attempt)
            self._reports.started = monotonic_clock()  # what the listeners took is not the node's
        value = item if self._accept is None else self._accept(item)
        timeout_s = self._node.policy.timeout_s
        if timeout_s is None:
            result: object = await self._node.func(value, self._context)
        else:
            self._services.watchdog.stamp(self, timeout_s)
            try:
                result = await self._node.func(value, self._context)
            finally:
                self.due = None
        if self._closing or self._interrupts.reason is not None:
            raise asyncio.CancelledError  # the node swallowed the interruption: its result is void
        if result is not None:
            if self._give is not None:
                result = self._give(result, item)
            if not self._delivery.at_once(trace, result, self.origin):
                await self._delivery.deliver(item, result)
        if heard:
            await self._reports.node_success(trace, attempt)

    def _is_late(self, item: object) -> bool:
        deadline = deadline_of(item)
        return deadline is not None and self._services.clock() > deadline

    async def _decline(self, trace: Trace, item: object) -> None:
        if trace.cancelled:
            await self._reports.trace_cancel_drop(trace)
        else:
            await self._skip(trace, item)

    async def _recover(self, trace: Trace | None, item: object, problem: BaseException) -> None:
        attempt = 0
        while True:
            if not isinstance(problem, asyncio.CancelledError) and not self._closing:
                await self._interrupts.disown()
            failure = await self._interrupts.cause_of(problem, trace_id=trace_id_of(item))
            if isinstance(failure, TraceCancelled):
                await self._reports.node_trace_cancelled(trace)
                return
            if self._closing:
                raise asyncio.CancelledError  # no further attempt
            if isinstance(failure, NodeCancelledItself):
                failure = failure.original
            try:
                if not await self._prepare_retry(trace, item, failure, attempt):
                    return
                attempt += 1
                await self._attempt(trace, item, attempt)
                return
            except (Exception, asyncio.CancelledError) as exc:  # noqa: BLE001 - sorted out in the next round
                problem = exc

    async def _prepare_retry(
        self, trace: Trace | None, item: object, failure: BaseException, attempt: int
    ) -> bool:
        """Report a failed attempt and wait for the next one; False: the item is finished."""
        await self._reports.attempt_failed(trace, attempt, failure)
        delay = self._node.policy.next_delay_s(attempt)
        if delay is None:
            await self._give_up(trace, item, failure, attempt)
            return False
        await self._reports.node_retry(trace, attempt + 1, failure, delay)
        deadline, now = deadline_of(item), self._services.clock()
        if deadline is not None and now + delay > deadline:
            await asyncio.sleep(deadline - now)
            await self._skip(trace, item)
            return False
        await asyncio.sleep(delay)
        return True

    async def _give_up(self, trace: Trace | None, item: object, failure: BaseException, attempt: int) -> None:
        error = flow_error(
            self._node,
            failure,
            trace_id=trace_id_of(item),
            attempt=attempt,
            latency_ms=self._reports.latency_ms(),
        )
        await self._reports.node_failed(trace, attempt, error)
        if self._services.emit_errors_to_rookery and error.trace_id is not None:
            await self._delivery.to_rookery(error)
        elif trace is not None:
            trace.failure = error  # told when the trace has ended: another branch may still answer
        else:
            self._services.no_result(None if self.origin is None else self.origin.trace_id, error)

    async def _skip(self, trace: Trace | None, item: object) -> None:
        """Answer in place of the node, because the deadline has passed."""
        if isinstance(item, Message):
            await self._reports.deadline_skip(trace, item.deadline_s)
            await self._delivery.to_rookery(deadline_answer(item))

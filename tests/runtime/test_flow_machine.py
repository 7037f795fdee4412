"""Callers, cancellations, failures and stops in any order, on small graphs and under any schedule.

Whatever happens: nothing is lost, nothing comes twice, order is kept per edge, trace and stream, every
account returns to zero and no task is left.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from itertools import count, pairwise
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from penguiflow import FlowError, FlowEvent, FlowStopped, PenguiFlow
from penguiflow.core import TraceCancelled
from tests.fakes.flow_model import CHILD, FAILING, PATHS, Account, Behaviour, Job, Shape, build
from tests.fakes.flows import message, settled
from tests.fakes.virtual_time import VirtualTimeLoop

SETTLED = 50
"""Steps of the loop after which nothing more happens without time passing."""
SHARED = ("shared-0", "shared-1")
STREAMS = ("stream-0", "stream-1")
ANY: tuple[Behaviour, ...] = (
    "pass",
    "yield",
    "slow",
    "fail once",
    "fail",
    "time out",
    "stream",
    "swallow",
    "insist",
    "group",
    "limit",
)
PLAIN: tuple[Behaviour, ...] = ("pass", "yield", "slow")
PATIENCE_S = st.sampled_from([0.0, 0.1, 0.5, 1e6])


async def observe(event: FlowEvent) -> None:
    """A listener that lets others run."""
    await asyncio.sleep(0)


class FlowMachine(RuleBasedStateMachine):
    """Drives one flow in a virtual loop of its own; `account` knows what is to be expected."""

    loop: VirtualTimeLoop
    flow: PenguiFlow
    account: Account

    def __init__(self) -> None:
        super().__init__()
        self.callers: set[asyncio.Task[None]] = set()
        self.running = False
        self.steps = SETTLED
        self.numbers = count()
        self.round_trips = 0

    @initialize(
        shape=st.sampled_from(list(PATHS)),
        maxsize=st.integers(1, 4),
        lanes=st.integers(1, 3),
        seed=st.integers(0, 2**32),
        eager=st.booleans(),
        observed=st.booleans(),
    )
    def build_and_run(
        self, shape: Shape, maxsize: int, lanes: int, seed: int, eager: bool, observed: bool
    ) -> None:
        self.loop = VirtualTimeLoop(seed)
        if eager and sys.version_info >= (3, 12):
            self.loop.set_task_factory(asyncio.eager_task_factory)
        self.account, self.lanes, self.maxsize = Account(shape), lanes, maxsize
        self.flow, self.workers = build(
            self.account, maxsize=maxsize, lanes=lanes, middlewares=[observe] if observed else []
        )
        self.do_run()

    @precondition(lambda self: not self.running)
    @rule()
    def do_run(self) -> None:
        async def run() -> None:
            self.flow.run()

        self._await(run())
        self.running = True
        self._settle()

    @rule(behaviour=st.sampled_from(ANY), patience_s=PATIENCE_S)
    def emit(self, behaviour: Behaviour, patience_s: float) -> None:
        self._call(self._emit(self._new_job(behaviour), patience_s))

    @rule(behaviour=st.sampled_from(PLAIN), trace_id=st.sampled_from(SHARED))
    def emit_another_of_a_trace(self, behaviour: Behaviour, trace_id: str) -> None:
        self._call(self._emit(self.account.job(trace_id, behaviour), 1e6))

    @rule(behaviour=st.sampled_from(ANY))
    def emit_nowait(self, behaviour: Behaviour) -> None:
        async def emit() -> None:
            with suppress(asyncio.QueueFull):
                self.flow.emit_nowait(self.account.message(job))
                self.account.accept(job)

        job = self._new_job(behaviour)
        self._await(emit())
        self._settle()

    @precondition(lambda self: self.account.shape != "loop")
    @rule(stream_id=st.sampled_from(STREAMS), done=st.booleans(), patience_s=PATIENCE_S)
    def emit_chunk(self, stream_id: str, done: bool, patience_s: float) -> None:
        async def emit() -> None:
            parent = message(trace_id=stream_id, meta={"path": ()})
            with suppress(TimeoutError, FlowStopped, TraceCancelled):
                async with asyncio.timeout(patience_s):
                    await self.flow.emit_chunk(parent=parent, text="text", done=done)

        self._call(emit())

    @rule(patience_s=PATIENCE_S)
    def fetch(self, patience_s: float) -> None:
        self._call(self._fetch(patience_s))

    @precondition(lambda self: self.running)
    @rule(behaviour=st.sampled_from((*PLAIN, "fail")), twin=st.booleans())
    def round_trip(self, behaviour: Behaviour, twin: bool) -> None:
        self.round_trips += 1
        paths = len(PATHS[self.account.shape])
        if twin and paths == 1 and behaviour not in FAILING:
            self._call(self._round_trip(self.account.job("twins", behaviour), 1), kind="twin")
            return
        job = self._new_job(behaviour)
        self.account.asked_for.add(job.trace_id)
        self._call(self._round_trip(job, 1 if behaviour in FAILING else paths))

    @precondition(lambda self: self.running)
    @rule(choice=st.integers(0, 1000))
    def cancel(self, choice: int) -> None:
        owed = sorted({job.trace_id for job in self.account.owed()})
        known = [*owed, *SHARED, *STREAMS, "twins", "unknown"]
        trace_id = known[choice % len(known)]
        held = self._await(self.flow.cancel(trace_id))
        assert held or trace_id not in owed, f"{trace_id} has something in the flow, but cancel denies it"
        if trace_id in (*SHARED, "twins"):
            self.account.in_doubt.add(trace_id)
        elif held and trace_id not in STREAMS:
            self.account.cancelled.add(trace_id)
        self.account.forget_stream(trace_id)
        self._settle()

    @rule(steps=st.sampled_from([0, 1, 2, 3, SETTLED]))
    def hurry(self, steps: int) -> None:
        """Let the loop make only so many steps after each of the next rules."""
        self.steps = steps
        self._settle()

    @rule(choice=st.integers(0, 1000))
    def give_up(self, choice: int) -> None:
        """A caller goes away; but not one of the twins, since the next would get its answer."""
        names = sorted(caller.get_name() for caller in self.callers)
        patient = [name for name in names if name.startswith("caller")]
        for caller in self.callers:
            if patient and caller.get_name() == patient[choice % len(patient)]:
                caller.cancel()
        self._settle()

    @rule(seconds=st.sampled_from([0.1, 0.3, 1.0, 30.0]))
    def let_time_pass(self, seconds: float) -> None:
        self._await(asyncio.sleep(seconds))
        self._settle()

    @precondition(lambda self: self.running)
    @rule()
    def stop(self) -> None:
        self._await(self.flow.stop())
        self.running = False
        self.steps = SETTLED
        self._settle()
        self.account.run += 1
        self.account.fed.clear()
        self.account.in_doubt.clear()
        self.account.asked_for.clear()
        assert not self.callers, "a caller waits although the flow has stopped"
        assert not asyncio.all_tasks(self.loop), "something still works although the flow has stopped"
        assert len(self.flow.services.traces) == 0
        assert len(self.flow.services.streams) == 0
        assert self.flow.statistics().queued == 0

    @invariant()
    def only_workers_and_callers_are_tasks(self) -> None:
        tasks = {task for task in asyncio.all_tasks(self.loop) - self.callers if task.get_name() != CHILD}
        names = {task.get_name() for task in tasks}
        assert all(name.startswith("penguiflow:") for name in names), names
        assert len(tasks) == (self.workers if self.running else 0)

    @invariant()
    def every_queue_keeps_its_bound(self) -> None:
        for floe in self.flow.statistics().floes:
            excess = self.lanes if floe.source == floe.target else 0
            assert floe.depth <= self.maxsize + excess, floe

    @invariant()
    def nobody_waits_for_what_is_there(self) -> None:
        if not self.running or self.steps < SETTLED:
            return
        for floe in self.flow.statistics().floes:
            assert not floe.waiting_producers or floe.depth + floe.reserved >= self.maxsize, floe
        for context in self.flow.statistics().contexts:
            if context.max_concurrency == 1:
                assert context.in_flight == 1 or not context.depth_in, context
            elif context.owner == "Rookery" and not self.round_trips:
                assert not context.waiting_consumers or not context.depth_in, context

    @invariant()
    def order_is_kept(self) -> None:
        self.account.check_order(self.lanes)
        for numbers in self.account.fed.values():
            assert all(later in (earlier + 1, 0) for earlier, later in pairwise(numbers)), numbers

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        try:
            if self.running:
                self._drain()
                self.stop()
        finally:
            self._await(self._dismiss_everybody())
            self.loop.close()

    def _drain(self) -> None:
        """Fetch until nothing comes any more; then the flow owes nothing and holds nothing."""
        self.let_time_pass(100.0)
        while self._await(self._fetch(300.0)):
            pass
        for trace_id in sorted(self.account.asked_for):
            while self._await(self._fetch(300.0, trace_id)):
                pass
        assert not self.account.owed(), f"lost: {self.account.owed()}"
        assert len(self.flow.services.traces) == 0
        statistics = self.flow.statistics()
        assert (statistics.queued, statistics.in_flight, statistics.waiting_producers) == (0, 0, 0)
        self.order_is_kept()

    def _new_job(self, behaviour: Behaviour) -> Job:
        if self.account.shape == "loop" and behaviour in ("stream", "insist"):
            behaviour = "swallow"  # the others would emit into the loop
        return self.account.job(f"trace-{len(self.account.jobs)}", behaviour)

    async def _emit(self, job: Job, patience_s: float) -> None:
        with suppress(TimeoutError, FlowStopped):
            async with asyncio.timeout(patience_s):
                await self.flow.emit(self.account.message(job))
                self.account.accept(job)

    async def _fetch(self, patience_s: float, trace_id: str | None = None) -> bool:
        with suppress(TimeoutError, FlowStopped, TraceCancelled):
            async with asyncio.timeout(patience_s):
                self.account.receive(await self.flow.fetch(trace_id=trace_id), sought=trace_id is not None)
                return True
        return False

    async def _round_trip(self, job: Job, results: int) -> None:
        with suppress(FlowStopped, TraceCancelled):
            await self.flow.emit(self.account.message(job), trace_id=job.trace_id)
            self.account.accept(job)
            for _ in range(results):
                out = await self.flow.fetch(trace_id=job.trace_id)
                self.account.receive(out, sought=True)
                assert isinstance(out, FlowError) or out.meta["job"] == job.number, "a twin's answer"

    async def _dismiss_everybody(self) -> None:
        await self.flow.stop()
        for caller in self.callers:
            caller.cancel()
        await asyncio.gather(*self.callers, return_exceptions=True)

    def _call(self, caller: Coroutine[Any, Any, Any], kind: str = "caller") -> None:
        async def start() -> None:
            self.callers.add(asyncio.create_task(caller, name=f"{kind}-{next(self.numbers):04}"))

        self._await(start())
        self._settle()

    def _settle(self) -> None:
        self._await(settled(self.steps))
        done = {caller for caller in self.callers if caller.done()}
        self.callers -= done
        for caller in done:
            if not caller.cancelled():
                caller.result()

    def _await(self, what: Coroutine[Any, Any, Any]) -> Any:  # the result of whatever is awaited
        return self.loop.run_until_complete(what)


FlowMachine.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
test_no_order_of_events_loses_repeats_reorders_or_leaks_anything = FlowMachine.TestCase

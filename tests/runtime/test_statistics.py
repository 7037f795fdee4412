"""How full and how busy a flow says it is."""

from __future__ import annotations

import asyncio

from penguiflow.core import OPEN_SEA
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped


async def test_statistics_tell_what_waits_what_runs_and_what_has_passed() -> None:
    gate = Gate()
    flow = chain(untyped(gate.wait, "gate", max_concurrency=2), untyped(passes_on, "next"), queue_maxsize=1)
    async with running(flow):
        callers = [asyncio.create_task(flow.emit(message(number))) for number in range(5)]
        await settled()
        full = flow.statistics()
        gate.opened.set()
        results = [await flow.fetch() for _ in callers]
        await asyncio.gather(*callers)
        await settled()
        empty = flow.statistics()

    contexts = {context.owner: context for context in full.contexts}
    floes = {(floe.source, floe.target): floe for floe in full.floes}
    assert (full.running, full.traces, full.in_flight, full.queued, full.waiting_producers) == (
        True,
        3,
        2,
        1,
        2,
    )
    assert (contexts["gate"].in_flight, contexts["gate"].max_concurrency) == (2, 2)
    into_gate = floes["OpenSea", "gate"]
    assert (into_gate.depth, into_gate.capacity, into_gate.taken, into_gate.waiting_producers) == (1, 1, 2, 2)
    assert len(results) == 5
    assert (empty.traces, empty.in_flight, empty.queued, empty.waiting_producers) == (0, 0, 0, 0)
    assert sum(floe.taken for floe in empty.floes if floe.target == "Rookery") == 5


async def test_an_unbounded_floe_has_no_capacity() -> None:
    flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"), queue_maxsize=0)

    assert all(floe.capacity is None for floe in flow.statistics().floes)


def test_a_flow_that_does_not_run_says_so() -> None:
    statistics = chain(untyped(passes_on, "a"), untyped(passes_on, "b")).statistics()

    assert not statistics.running
    assert [context.owner for context in statistics.contexts] == [OPEN_SEA.name, "Rookery", "a", "b"]

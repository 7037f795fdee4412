"""A long run under random load: nothing lost, nothing twice, no task and no memory left behind.

    python benchmarks/soak.py [--minutes 10] [--seed N] [--traces 2000] [--loop uvloop]

Thousands of traces go through a branching flow whose nodes pass on, pause, retry, fail, hang, stream and
loop, while random traces are cancelled and random fetches time out. Every 30 seconds the flow is let run
empty and looked at. The exit code is 1 if a message was lost, doubled or came late, if the flow still
counts anything, if a task is left, or if memory has grown since the warm-up.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from memory import resident_bytes
from options import from_arguments, parser
from soak_flow import HEADERS, build, new_job
from soak_ledger import Ledger

from penguiflow import Message, PenguiFlow

ROUND_S = 30.0
DRAIN_S = 30.0
GROWTH_MIB = 6.0
COLLECTORS = 2
CANCELLED_SHARE = 0.15
TIMED_OUT_SHARE = 0.05
HEADER = "    s   peak  RSS MiB  objects  tasks  traces      sent   results  cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The empty flow at the end of a round; `peak` traces were on their way in it at once."""

    elapsed_s: float
    peak: int
    resident_mib: float
    objects: int
    tasks: int
    traces: int
    queued: int
    in_flight: int

    @property
    def is_empty(self) -> bool:
        """Tell whether the flow counts nothing any more."""
        return not (self.traces or self.queued or self.in_flight)


class Soak:
    """The load on one flow; `traces` are kept on their way."""

    def __init__(self, flow: PenguiFlow, random: Random, *, traces: int) -> None:
        self.ledger = Ledger()
        self._flow = flow
        self._random = random
        self._traces = traces

    async def round(self, seconds: float) -> None:
        """Load the flow for so long, then wait until everything owed has come."""
        async with asyncio.TaskGroup() as group:
            collectors = [group.create_task(self._collect()) for _ in range(COLLECTORS)]
            async with asyncio.TaskGroup() as cancels:
                await self._send(asyncio.get_running_loop().time() + seconds, cancels)
            await self._wait_until_empty()
            for collector in collectors:
                collector.cancel()
        self.ledger.end_round()

    async def _send(self, until: float, cancels: asyncio.TaskGroup) -> None:
        now = asyncio.get_running_loop().time
        while now() < until:
            if len(self.ledger) >= self._traces:
                await asyncio.sleep(0.001)
                continue
            message = Message(payload=new_job(self._random), headers=HEADERS)
            self.ledger.owes(message.trace_id, message.payload)
            await self._flow.emit(message)
            if self._random.random() < CANCELLED_SHARE:
                cancels.create_task(self._cancel(message.trace_id, self._random.choice((0.0, 0.002, 0.05))))

    async def _cancel(self, trace_id: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self.ledger.cancel(trace_id, known=await self._flow.cancel(trace_id))

    async def _collect(self) -> None:
        while True:
            patience = 0.0 if self._random.random() < TIMED_OUT_SHARE else None
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    item = await self._flow.fetch()
                    self.ledger.receive(item)

    def _is_busy(self) -> bool:
        return bool(len(self.ledger) or self._flow.statistics().traces)

    async def _wait_until_empty(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self._is_busy():  # noqa: ASYNC110 - looked at from outside
                    await asyncio.sleep(0.01)


def look(flow: PenguiFlow, *, elapsed_s: float, peak: int) -> Look:
    statistics = flow.statistics()
    gc.collect()
    return Look(
        elapsed_s=elapsed_s,
        peak=peak,
        resident_mib=resident_bytes() / 2**20,
        objects=len(gc.get_objects()),
        tasks=len(asyncio.all_tasks()),
        traces=statistics.traces,
        queued=statistics.queued,
        in_flight=statistics.in_flight,
    )


def line(at: Look, ledger: Ledger) -> str:
    """Return a line under `HEADER`; what was sent, received and cancelled counts from the start."""
    flow = f"{at.resident_mib:>9.1f}{at.objects:>9}{at.tasks:>7}{at.traces:>8}"
    return (
        f"{at.elapsed_s:>5.0f}{at.peak:>7}{flow}{ledger.sent:>10}{ledger.results:>10}{ledger.cancelled:>11}"
    )


def faults(looks: list[Look], ledger: Ledger) -> list[str]:
    """Return what is wrong with a run; the first look is the warm-up."""
    warm, last = looks[0], looks[-1]
    found = list(ledger.complaints)
    found += [f"the flow still counted after {at.elapsed_s:.0f} s: {at}" for at in looks if not at.is_empty]
    if last.tasks > warm.tasks:
        found.append(f"{last.tasks - warm.tasks} tasks more than after the warm-up")
    if last.resident_mib > warm.resident_mib + GROWTH_MIB:
        found.append(f"memory grew from {warm.resident_mib:.1f} to {last.resident_mib:.1f} MiB")
    return found


async def soak(minutes: float, seed: int, traces: int) -> list[str]:
    """Run the rounds, print a line after each, and return what is wrong."""
    flow, loop = build(), asyncio.get_running_loop()
    flow.run()
    load = Soak(flow, Random(seed), traces=traces)
    began, looks = loop.time(), list[Look]()
    round_s = min(ROUND_S, minutes * 60 / 4)
    print(HEADER)
    while not looks or looks[-1].elapsed_s + round_s / 2 < minutes * 60:
        await load.round(round_s)
        at = look(flow, elapsed_s=loop.time() - began, peak=load.ledger.take_peak())
        looks.append(at)
        print(line(at, load.ledger), flush=True)
    await flow.stop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    return [*faults(looks, load.ledger), *(f"left after stop: {task!r}" for task in left)]


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--traces", type=int, default=2000, help="traces on their way at once")
    chosen = arguments.parse_args()
    options = from_arguments(chosen)
    logging.disable()  # thousands of nodes fail as they should
    with asyncio.Runner(loop_factory=options.new_event_loop) as runner:
        found = runner.run(soak(chosen.minutes, chosen.seed, chosen.traces))
    print("\n".join(found) or "nothing lost, nothing twice, nothing left")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

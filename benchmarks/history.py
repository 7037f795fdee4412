"""What it costs to keep a history in a SQLite file, and whether it stays as quick when it grows.

    python benchmarks/history.py [--events 200000] [--batch 1000]

Appends runs of 100 events, five to a session, in batches. The baseline is bare `sqlite3`: the finished rows
of the same batch, one `executemany` into the same table of another file, in turns with the store. Time is CPU
time of the process, its threads included. Then reads, in wall time, what a person sees first: the newest
sessions, the newest runs, the end of a run. `--events 1000000` takes a minute or two.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory import resident_bytes

from penguiflow.state._sqlite_rows import INSERT_EVENT, event_row
from penguiflow.state._sqlite_schema import connect, prepare_file
from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    ModelCalled,
    RunEvent,
    RunFinished,
    RunStarted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
)
from penguiflow.state.sqlite import SqliteStateStore

_EVENTS_PER_RUN = 100
_RUNS_PER_SESSION = 5
_TAIL = 100
_READS = 21
_REQUIRED_PER_S = 20_000
_REQUIRED_MS = 50.0


def run_events(number: int) -> Iterator[RunEvent]:
    """The events of one run: steps of a model call, a tool call and some streamed text."""
    bodies: list[EventBody] = [RunStarted(question="What is new on the shelf? " * 3, agent="demo", model="m")]
    while len(bodies) < _EVENTS_PER_RUN - 1:
        bodies += step(len(bodies) // 6 + 1)
    del bodies[_EVENTS_PER_RUN - 1 :]
    bodies.append(
        RunFinished(reason="answer_complete", answer="Nothing. " * 20, steps=16, llm_calls=16, latency_ms=1.0)
    )
    for seq, body in enumerate(bodies):
        yield RunEvent(
            session_id=f"{number // _RUNS_PER_SESSION:032x}",
            run_id=f"{number:032x}",
            seq=seq,
            ts=1.78e9 + number + seq / 100,
            elapsed_ms=float(seq * 10),
            body=body,
        )


def step(number: int) -> list[EventBody]:
    call_id = f"call_{number}"
    return [
        StepStarted(step=number),
        ModelCalled(
            step=number,
            attempt=1,
            latency_ms=812.5,
            model="m",
            cost_usd=0.0004,
            input_tokens=900,
            output_tokens=60,
        ),
        ActionChosen(step=number, next_node="search", thought="I look once more", args={"text": "penguins"}),
        ToolStarted(step=number, call_id=call_id, tool="search", args={"text": "penguins"}),
        ToolFinished(
            step=number, call_id=call_id, tool="search", result={"rows": [1, 2, 3], "text": "snippet " * 20}
        ),
        TextStreamed(step=number, channel="answer", text="a few words of the answer "),
    ]


def batches(events: int, size: int) -> Iterator[list[RunEvent]]:
    """All events in batches; no more than one batch is in memory."""
    batch: list[RunEvent] = []
    for number in range(events // _EVENTS_PER_RUN):
        for event in run_events(number):
            batch.append(event)
            if len(batch) == size:
                yield batch
                batch = []
    if batch:
        yield batch


@dataclass
class Appending:
    """What appending took. Memory is in bytes, when a tenth of the events was there and in the end."""

    events: int = 0
    store_s: float = 0.0
    bare_s: float = 0.0
    early_memory: int = 0
    late_memory: int = 0


class BareFile:
    """The same table in another file, and nothing in front of it."""

    def __init__(self, path: Path) -> None:
        prepare_file(path)
        self._db = connect(path, busy_timeout_s=1.0)
        self._db.execute("PRAGMA synchronous = NORMAL")

    def append(self, rows: Sequence[tuple[object, ...]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(INSERT_EVENT, rows)
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


async def append(store: SqliteStateStore, bare: BareFile, events: int, size: int) -> Appending:
    """Append everything to both files, batch by batch."""
    done = Appending()
    for batch in batches(events, size):
        started = time.process_time()
        await store.append_events(batch)
        appended = time.process_time()
        rows = [event_row(event) for event in batch]
        prepared = time.process_time()
        bare.append(rows)
        done.bare_s += time.process_time() - prepared
        done.store_s += appended - started
        done.events += len(batch)
        if not done.early_memory and done.events * 10 >= events:
            done.early_memory = resident_bytes()
    done.late_memory = resident_bytes()
    return done


async def warm_up(folder: Path) -> None:
    """Let what is built with its first use be built."""
    store = await SqliteStateStore.open(folder / "warm-up.sqlite3")
    await store.append_events(list(run_events(0)))
    await store.load_run(f"{0:032x}")
    await store.aclose()


async def read_ms(read: Callable[[], Awaitable[Sequence[object]]]) -> tuple[float, int]:
    """Return the median time of a read, and how many lines it gave."""
    samples: list[float] = []
    lines = 0
    for _ in range(_READS):
        started = time.perf_counter()
        lines = len(await read())
        samples.append((time.perf_counter() - started) * 1000)
    return statistics.median(samples), lines


async def main(events: int, size: int, folder: Path) -> None:
    """Append, read, and print."""
    await warm_up(folder)
    store = await SqliteStateStore.open(folder / "history.sqlite3")
    bare = BareFile(folder / "bare.sqlite3")
    done = await append(store, bare, events, size)
    bare.close()
    print_appending(done, folder)
    last = f"{done.events // _EVENTS_PER_RUN - 1:032x}"
    middle = f"{done.events // _EVENTS_PER_RUN // 2:032x}"
    print("reading (median wall time)")
    for name, read in {
        "newest sessions": lambda: store.list_sessions(),
        "newest runs": lambda: store.list_runs(),
        "runs behind the middle one": lambda: store.list_runs(after=middle),
        "end of the last run": lambda: store.read_run(last, after_seq=_EVENTS_PER_RUN - 1 - _TAIL),
        "end of the middle run": lambda: store.read_run(middle, after_seq=_EVENTS_PER_RUN - 1 - _TAIL),
    }.items():
        took, lines = await read_ms(read)
        verdict = "ok" if took <= _REQUIRED_MS else "over"
        print(f"  {name:28}{took:8.2f} ms  {lines:4} lines   (required: at most {_REQUIRED_MS:g})  {verdict}")
    await store.aclose()


def print_appending(done: Appending, folder: Path) -> None:
    per_s = done.events / done.store_s
    verdict = "ok" if per_s >= _REQUIRED_PER_S else "over"
    size = sum(path.stat().st_size for path in folder.glob("history.sqlite3*"))
    print(f"appending {done.events:,} events")
    print(
        f"  the store         {per_s:>10,.0f} events/s   (required: at least {_REQUIRED_PER_S:,})  {verdict}"
    )
    print(f"  bare executemany  {done.events / done.bare_s:>10,.0f} events/s")
    print(f"  ratio             {done.store_s / done.bare_s:>10.2f}x")
    print(f"  on the disk       {size / done.events:>10.0f} bytes/event")
    early, late = done.early_memory / 2**20, done.late_memory / 2**20
    print(f"  memory            {early:>10.0f} MiB at 10 %, {late:.0f} MiB at 100 %")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(options.events, options.batch, Path(name)))

"""Histories of many events and runs are read in pages, and a page takes no more memory than a page."""

from __future__ import annotations

import resource
from pathlib import Path

from penguiflow.state.events import TextStreamed
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import answered, asked, event_at, run_of

EVENTS = 100_000
RUNS = 10_000
PAGE = 1_000
MAX_GROWTH_BYTES = 15_000_000
"""A page of events takes half a megabyte; all of them would take fifty."""


def memory_in_use() -> int:
    """Return the memory of this process in bytes: now, or where the system does not tell, at its peak."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def test_a_run_of_a_hundred_thousand_events_is_read_in_pages(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    await store.append_events([event_at(0, asked())])
    for start in range(1, EVENTS, PAGE):
        texts = (
            TextStreamed(step=1, channel="answer", text=f"piece {seq} " * 20)
            for seq in range(start, start + PAGE)
        )
        await store.append_events([event_at(start + number, text) for number, text in enumerate(texts)])

    last, before, growth = -1, memory_in_use(), 0
    while page := await store.read_run("run-1", after_seq=last, limit=PAGE):
        assert [event.seq for event in page] == list(range(last + 1, last + 1 + len(page)))
        last = page[-1].seq
        growth = max(growth, memory_in_use() - before)

    assert last == EVENTS
    assert growth < MAX_GROWTH_BYTES
    (line,) = await store.list_runs()
    assert line.updated_at == float(EVENTS)
    await store.aclose()


async def test_ten_thousand_runs_are_listed_in_pages(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    for start in range(0, RUNS, PAGE):
        runs = (
            run_of(asked(), answered(), run_id=f"run-{number}", session_id=f"session-{number // 2}")
            for number in range(start, start + PAGE)
        )
        await store.append_events([event for run in runs for event in run])

    run_ids, session_ids = await run_pages(store), await session_pages(store)

    assert run_ids == [f"run-{number}" for number in reversed(range(RUNS))]
    assert session_ids == [f"session-{number}" for number in reversed(range(RUNS // 2))]
    of_one = await store.list_runs(session_id="session-7")
    assert [line.run_id for line in of_one] == ["run-15", "run-14"]
    await store.aclose()


async def run_pages(store: SqliteStateStore) -> list[str]:
    found: list[str] = []
    while page := await store.list_runs(limit=100, after=found[-1] if found else None):
        found += [line.run_id for line in page]
    return found


async def session_pages(store: SqliteStateStore) -> list[str]:
    found: list[str] = []
    while page := await store.list_sessions(limit=100, after=found[-1] if found else None):
        found += [line.session_id for line in page]
    return found

"""What becomes of a history file when the disk is full or read-only, and when whoever writes it is killed."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from penguiflow.state.contents import Content
from penguiflow.state.errors import StoreError
from penguiflow.state.events import RunEvent, StepStarted, TextStreamed
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import asked, event_at, person_asked, run_of

ROOT = Path(__file__).parents[2]
LARGE = "x" * 20_000


@contextmanager
def small_disk(folder: Path, size: str) -> Generator[None]:
    """Mount a file system of its own in the folder, which takes a superuser."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)


@contextmanager
def files_no_larger_than(size: int) -> Generator[None]:
    """Let every write behind this size fail, as on a disk without room; anybody may do that to themselves."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def batch(number: int) -> tuple[list[RunEvent], list[Content]]:
    """Ten events and a large text."""
    events = [
        event_at(seq, TextStreamed(step=1, channel="answer", text=f"{seq}" * 100))
        for seq in range(number * 10, number * 10 + 10)
    ]
    return events, [Content(session_id="session-1", content_id=f"history_{number}", text=LARGE)]


async def fill(store: SqliteStateStore) -> tuple[int, StoreError]:
    """Append until it fails; return how many batches there was room for."""
    for number in range(1_000):
        try:
            await store.append_events(*batch(number))
        except StoreError as error:
            return number, error
    raise AssertionError("there was room for everything")


async def check_whole_batches(store: SqliteStateStore, batches: int) -> None:
    assert [event.seq for event in await store.load_run("run-1")] == list(range(batches * 10))
    for number in range(batches + 1):
        text = await store.load_content("session-1", f"history_{number}")
        assert text == (LARGE if number < batches else None)


async def test_what_no_longer_fits_is_refused_as_a_whole_and_fits_when_there_is_room(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    with files_no_larger_than(400_000):
        batches, error = await fill(store)
        assert batches > 2
        assert error.hint
        await check_whole_batches(store, batches)
        with pytest.raises(StoreError):
            await store.save_planner_state("token", {"trajectory": "x" * 400_000})
        with pytest.raises(StoreError):
            await store.artifact_store.put_bytes(bytes(400_000))
        assert await store.peek_planner_state("token") is None

    await store.append_events(*batch(batches))
    await store.save_planner_state("token", {"trajectory": "x" * 400_000})

    await check_whole_batches(store, batches + 1)
    await store.aclose()
    again = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    await check_whole_batches(again, batches + 1)
    await again.aclose()


async def test_a_full_disk_says_so_and_writing_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m"):
        filler = tmp_path / "filler"
        filler.write_bytes(bytes(500_000))
        store = await SqliteStateStore.open(tmp_path / "history.sqlite3")

        batches, error = await fill(store)

        assert batches > 2
        assert "disk is full" in f"{error} {error.hint}"
        await check_whole_batches(store, batches)
        filler.unlink()
        await store.append_events(*batch(batches))
        await check_whole_batches(store, batches + 1)
        await store.aclose()


async def test_no_history_is_begun_on_a_full_disk_and_one_is_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path, "64k"):
        filler = tmp_path / "filler"
        filler.write_bytes(bytes(60_000))
        with pytest.raises(StoreError, match=r"history\.sqlite3") as caught:
            await SqliteStateStore.open(tmp_path / "history.sqlite3")
        assert caught.value.hint

        filler.unlink()
        remount(tmp_path, "size=2m")
        store = await SqliteStateStore.open(tmp_path / "history.sqlite3")

        await store.append_events(run_of(asked()))
        await store.aclose()


@contextmanager
def read_only(folder: Path) -> Generator[None]:
    """Let nobody write into the folder; what is not allowed does not stop a superuser, a mount does."""
    if os.geteuid() == 0:
        remount(folder, "ro")
        yield
        remount(folder, "rw")
        return
    for path in (*folder.iterdir(), folder):
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextmanager
def folder_that_can_be_locked(folder: Path) -> Generator[None]:
    if os.geteuid() != 0:
        yield
        return
    with small_disk(folder, "2m"):
        yield


async def test_a_read_only_history_is_refused_with_what_to_do_and_opens_when_it_can_be_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.sqlite3"
    with folder_that_can_be_locked(tmp_path):
        store = await SqliteStateStore.open(path)
        await store.append_events(run_of(asked()))
        await store.aclose()
        with read_only(tmp_path), pytest.raises(StoreError, match=r"history\.sqlite3") as caught:
            await SqliteStateStore.open(path)
        assert "writable" in str(caught.value.hint)

        again = await SqliteStateStore.open(path)

        assert len(await again.load_run("run-1")) == 1
        await again.aclose()


_APPEND_AND_DIE = """
import asyncio, os, signal, sys
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import asked, person_asked, run_of

async def main(path):
    store = await SqliteStateStore.open(path)
    events = run_of(asked(), *[asked(f"question {n}") for n in range(200)], person_asked())
    for event in events:
        await store.append_events([event])
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1]))
"""


def events_of_the_killed() -> Sequence[RunEvent]:
    return run_of(asked(), *[asked(f"question {n}") for n in range(200)], person_asked())


async def write_and_be_killed(path: Path) -> Path:
    """Let a process write and be killed; return the log that it leaves behind."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _APPEND_AND_DIE, str(path), cwd=ROOT)
    assert await asyncio.wait_for(process.wait(), 30) == -signal.SIGKILL
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > 0
    return log


@pytest.mark.process
async def test_the_log_that_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    await write_and_be_killed(path)

    store = await SqliteStateStore.open(path)

    assert list(await store.load_run("run-1")) == events_of_the_killed()
    assert [each.state for each in await store.list_sessions()] == ["waiting"]
    await store.append_events([event_at(202, StepStarted(step=1))])
    await store.aclose()


@pytest.mark.process
@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
async def test_a_log_whose_end_is_damaged_is_taken_over_as_far_as_it_is_whole(
    tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "history.sqlite3"
    log = await write_and_be_killed(path)
    content = bytearray(log.read_bytes())
    half = len(content) // 2 + 777
    content[half:] = b"" if damage == "cut off" else b"\xff" * (len(content) - half)
    log.write_bytes(content)

    store = await SqliteStateStore.open(path)

    found = list(await store.load_run("run-1"))
    assert 10 < len(found) < 200
    assert found == events_of_the_killed()[: len(found)]
    assert [each.runs for each in await store.list_sessions()] == [len(found)]  # each of them is a question
    await store.append_events(events_of_the_killed())
    assert list(await store.load_run("run-1")) == events_of_the_killed()
    await store.aclose()

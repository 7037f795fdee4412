"""The real command over a file that a flow has written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from penguiflow.state.postgres import PostgresStateStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.flows import chain, message, passes_on, running, untyped
from tests.fakes.postgres import PostgresServer

SQLITE = """
from penguiflow.state import SqliteStateStore

async def open_store():
    return await SqliteStateStore.open("history.db")
"""

POSTGRES = """
from penguiflow.state import PostgresStateStore

async def open_store():
    return await PostgresStateStore.open({dsn!r}, schema={schema!r})
"""


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> SqliteStateStore | PostgresStateStore:
    """A store, and a module beside the test's files that opens the same one; the test closes it."""
    if request.param == "sqlite":
        (tmp_path / "my_project.py").write_text(SQLITE, encoding="utf-8")
        return await SqliteStateStore.open(tmp_path / "history.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    dsn, schema = server.dsn(), server.new_schema()
    (tmp_path / "my_project.py").write_text(POSTGRES.format(dsn=dsn, schema=schema), encoding="utf-8")
    return await PostgresStateStore.open(dsn, schema=schema)


@pytest.mark.process
async def test_the_command_shows_what_a_flow_wrote_into_its_store(
    store: SqliteStateStore | PostgresStateStore, tmp_path: Path
) -> None:
    flow = chain(untyped(passes_on, "first"), untyped(passes_on, "second"), state_store=store)
    sent = message("größe")
    async with running(flow):
        await flow.emit(sent)
        await flow.fetch()
    await store.aclose()

    done = subprocess.run(  # noqa: ASYNC221 - nothing else is to run meanwhile
        [
            *(sys.executable, "-P", "-m", "penguiflow.admin", "replay", sent.trace_id),
            *("--state-store", "my_project:open_store"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    headline, *lines = done.stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert (done.returncode, done.stderr) == (0, "")
    assert headline == f"# replay trace={sent.trace_id} events={len(events)}"
    assert [(event["event"], event["node_name"]) for event in events] == [
        ("node_start", "first"),
        ("node_success", "first"),
        ("node_start", "second"),
        ("node_success", "second"),
    ]


@pytest.mark.process
def test_a_reader_that_has_read_enough_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m penguiflow.admin history t --state-store many:store | head -n 1"
    (tmp_path / "many.py").write_text(
        "from penguiflow.state import InMemoryStateStore, StoredEvent\n"
        "async def store():\n"
        "    store = InMemoryStateStore()\n"
        "    for n in range(5000):\n"
        "        await store.save_event(StoredEvent('t', n, 'k', None, None, {'text': 'x' * 100}))\n"
        "    return store\n",
        encoding="utf-8",
    )

    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)

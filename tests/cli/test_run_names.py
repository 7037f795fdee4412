"""What a person may call a run."""

from __future__ import annotations

import pytest

from penguiflow.state.models import StoredEvent
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._run_names import NamedRun, find_run, load_run, short_ids
from penguiflow_cli.exit_codes import ExitCode
from tests.fakes.history import answered, asked, run_of

FLOW_EVENT = StoredEvent(
    trace_id="trace-of-a-flow", ts=1.0, kind="node_start", node_name="parse", node_id="n", payload={}
)


@pytest.fixture
async def store(tmp_path: object) -> object:
    found = await SqliteStateStore.open(f"{tmp_path}/history.sqlite3")
    for run_id in ("abcd1111", "abcd2222", "ffff0000"):
        await found.append_events(run_of(asked(f"Question of {run_id}?"), answered(), run_id=run_id))
    await found.save_event(FLOW_EVENT)
    yield found
    await found.aclose()


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("abcd1111", "abcd1111"),
        ("abcd1", "abcd1111"),
        ("ffff", "ffff0000"),
        ("last", "ffff0000"),
        ("last~0", "ffff0000"),
        ("last~1", "abcd2222"),
        ("last~2", "abcd1111"),
    ],
)
async def test_a_run_is_found_by_its_id_its_beginning_or_its_age(
    store: SqliteStateStore, name: str, run_id: str
) -> None:
    assert await find_run(store, name) == NamedRun(run_id=run_id)


@pytest.mark.parametrize(
    ("name", "code", "message", "hinted"),
    [
        ("abcd", "ambiguous_run", "the beginning of 2 runs", ["abcd1111", "abcd2222", "Question of"]),
        ("zzzz", "unknown_run", "no run of this project is called `zzzz`", ["ffff0000", "abcd2222"]),
        ("fff", "unknown_run", "4 characters or more", ["ffff0000"]),
        ("", "unknown_run", "4 characters or more", ["ffff0000"]),
        ("last~3", "unknown_run", "no run `last~3`: the history has 3", ["ffff0000"]),
        ("last~x", "unknown_run", "called `last~x`", ["ffff0000"]),
    ],
)
async def test_a_name_without_one_run_is_refused_with_candidates(
    store: SqliteStateStore, name: str, code: str, message: str, hinted: list[str]
) -> None:
    with pytest.raises(CommandError) as refused:
        await find_run(store, name)
    assert (refused.value.code, refused.value.exit_code) == (code, ExitCode.USAGE)
    assert message in refused.value.message
    assert all(part in (refused.value.hint or "") for part in hinted)


async def test_a_trace_id_names_the_stored_events_of_a_flow(store: SqliteStateStore) -> None:
    found = await find_run(store, "trace-of-a-flow")
    assert found == NamedRun(run_id="trace-of-a-flow", is_flow=True)
    assert [event.kind for event in await load_run(store, found)] == ["flow_happened"]


async def test_an_empty_history_says_how_to_begin(tmp_path: object) -> None:
    store = await SqliteStateStore.open(f"{tmp_path}/empty.sqlite3")
    try:
        with pytest.raises(CommandError, match="history has 0") as refused:
            await find_run(store, "last")
    finally:
        await store.aclose()
    assert "penguiflow run" in (refused.value.hint or "")


def test_short_ids_are_as_long_as_it_takes_to_tell_them_apart() -> None:
    assert short_ids(["0123456789a", "0123456789b"]) == ["0123456789a", "0123456789b"]
    assert short_ids(["0123456789a", "f123456789b"]) == ["01234567", "f1234567"]
    assert short_ids(["same", "same"]) == ["same", "same"]

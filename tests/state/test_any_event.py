"""Whatever an event says, it comes back as it was: from its record, and from every store."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguiflow.state.events import KnownBody, RunEvent, from_record, to_record
from penguiflow.state.protocol import HistoryStore
from tests.fakes.any_events import KNOWN_BODIES, any_event, bodies_of
from tests.fakes.history import event_at

_numbers = count()

# Each example takes a run of its own, so that one store serves them all.
stores_are_reused = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(any_event())
def test_an_event_survives_its_record_as_json_text(event: RunEvent) -> None:
    assert from_record(json.loads(json.dumps(to_record(event)))) == event


@pytest.mark.parametrize("body", KNOWN_BODIES, ids=lambda body: body.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_kind_survives_its_record_with_all_its_fields(
    body: type[KnownBody], data: st.DataObject
) -> None:
    event = event_at(0, data.draw(bodies_of(body)))

    assert from_record(json.loads(json.dumps(to_record(event)))) == event


@stores_are_reused
@given(event=any_event(session_id="session", run_id="run"))
async def test_an_event_survives_every_store(store: HistoryStore, event: RunEvent) -> None:
    place = f"{next(_numbers)}"
    event = RunEvent(
        session_id=f"session {place}",
        run_id=f"run {place}",
        seq=event.seq,
        ts=event.ts,
        elapsed_ms=event.elapsed_ms,
        body=event.body,
    )

    await store.append_events([event])
    await store.append_events([event])  # and is known by what it says

    assert list(await store.load_run(event.run_id)) == [event]
    assert list(await store.load_session(event.session_id)) == [event]


@stores_are_reused
@given(event=any_event())
async def test_any_name_that_is_unicode_can_be_a_place(store: HistoryStore, event: RunEvent) -> None:
    await store.delete_session(event.session_id)

    await store.append_events([event])

    assert list(await store.load_session(event.session_id)) == [event]
    assert list(await store.read_run(event.run_id, after_seq=event.seq - 1)) == [event]
    assert await store.delete_session(event.session_id) is True

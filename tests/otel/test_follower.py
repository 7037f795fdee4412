"""Following a session: what is sent, and when, whatever the session's events are like."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from penguiflow.sessions.projections.otel_courier import Courier, Troubles
from penguiflow.sessions.projections.otel_follower import TelemetryFollower
from penguiflow.sessions.projections.otel_values import SpanValue
from penguiflow.state.errors import StoreError
from penguiflow.state.events import ContentRef, FlowHappened, ModelCalled, RunEvent, StepStarted
from tests.fakes.history import answered, asked, event_at, run_of

MODEL = ModelCalled(
    step=1, attempt=1, latency_ms=1.0, model="m", messages=(ContentRef(content_id="p", chars=1),), reply="yes"
)


class FakeSession:
    """Events that the test writes down, and a store of texts."""

    def __init__(self, *events: RunEvent, error: Exception | None = None) -> None:
        self.events = list(events)
        self.error = error
        self.looks = 0

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        self.looks += 1
        return self.events[cursor:], len(self.events)

    async def load_content(self, content_id: str) -> str | None:
        if self.error is not None:
            raise self.error
        return f"text of {content_id}"


class Kept:
    """An outlet that keeps what it gets."""

    def __init__(self) -> None:
        self.spans: list[SpanValue] = []

    def deliver(self, span: SpanValue) -> None:
        self.spans.append(span)

    def close(self) -> None: ...

    def give_up(self) -> None: ...

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]


def following(session: FakeSession, *, content: bool = False) -> tuple[TelemetryFollower, Kept]:
    kept = Kept()
    follower = TelemetryFollower(session, Courier(lambda: kept, Troubles()), content=content)
    follower.start()
    return follower, kept


async def test_what_happened_before_is_not_sent_again() -> None:
    session = FakeSession(*run_of(asked(), MODEL))
    follower, kept = following(session)

    session.events.append(event_at(2, answered()))
    await follower.aclose()

    assert kept.names == ["invoke_agent helper"]
    assert kept.spans[0].start_ns == 0


async def test_closing_at_once_misses_nothing() -> None:
    session = FakeSession()
    follower, kept = following(session)
    session.events += run_of(asked(), MODEL, answered())

    await follower.aclose()

    assert kept.names == ["chat m", "invoke_agent helper"]


async def test_a_run_that_waits_or_works_has_not_ended() -> None:
    session = FakeSession()
    follower, kept = following(session)
    session.events += run_of(asked(), MODEL)

    await follower.aclose()

    assert kept.names == ["chat m"]


async def test_traces_of_flows_outside_of_runs_end_with_the_session() -> None:
    session = FakeSession()
    follower, kept = following(session)
    events = [FlowHappened(event=event, trace_id="t", node="n") for event in ("node_start", "node_success")]
    session.events += run_of(*events)

    await follower.aclose()

    assert kept.names == ["node n", "invoke_workflow"]


async def test_many_events_let_others_work_in_between() -> None:
    session = FakeSession()
    follower, _ = following(session)
    session.events += [event_at(seq, StepStarted(step=seq)) for seq in range(5_000)]
    turns = 0

    closing = asyncio.create_task(follower.aclose())
    while not closing.done():
        turns += 1
        await asyncio.sleep(0)

    assert turns >= 10


async def test_an_odd_event_is_told_and_the_others_are_sent() -> None:
    session = FakeSession()
    follower, kept = following(session)
    session.events += [event_at(0, asked()), event_at(1, MODEL, ts=math.nan), event_at(2, answered())]

    await follower.aclose()

    assert kept.names == ["invoke_agent helper"]
    assert "model_called" in (follower.troubles.reason or "")


async def test_content_that_cannot_be_read_is_told_and_the_span_goes_without() -> None:
    session = FakeSession(error=StoreError("the disk is gone"))
    follower, kept = following(session, content=True)
    session.events += run_of(asked("Why?"), MODEL, answered())

    await follower.aclose()

    chat, run = kept.spans
    assert "gen_ai.input.messages" not in chat.attributes
    assert "Why?" in str(run.attributes["gen_ai.input.messages"])
    assert follower.troubles.reason == "content cannot be read: StoreError: the disk is gone"


async def test_content_is_loaded_when_it_is_wanted() -> None:
    session = FakeSession()
    follower, kept = following(session, content=True)
    session.events += run_of(asked(), MODEL)

    await follower.aclose()

    assert "text of p" in str(kept.spans[0].attributes["gen_ai.input.messages"])


async def test_starting_and_closing_twice_is_harmless() -> None:
    session = FakeSession()
    follower, kept = following(session)
    follower.start()
    session.events += run_of(asked(), answered())

    await follower.aclose()
    await follower.aclose()

    assert kept.names == ["invoke_agent helper"]
    assert asyncio.all_tasks() == {asyncio.current_task()}

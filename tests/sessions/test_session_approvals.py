"""Questions to a person: asked durably, answered once, by whoever is first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from penguiflow.planner.approvals import Approve, DecisionError, Edit, Reject, Respond
from penguiflow.sessions.results import AlreadyDecidedError, RequestNotFoundError
from penguiflow.sessions.session import AgentSession
from penguiflow.state.contents import Content
from penguiflow.state.errors import StoreError
from penguiflow.state.events import PersonAnswered, PersonAsked, RunEvent, RunFailed, RunInterrupted
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import HistoryStore
from tests.fakes.agent import FakeAgent, Working, answers, asks_to_save, fails
from tests.sessions.conftest import OpenSession


def kinds(session: AgentSession) -> list[str]:
    events, _ = session.events_since(0)
    return [event.body.kind for event in events]


def answers_given(session: AgentSession) -> list[PersonAnswered]:
    events, _ = session.events_since(0)
    return [event.body for event in events if isinstance(event.body, PersonAnswered)]


async def test_a_pause_is_stored_before_it_is_shown(open_session: OpenSession, store: HistoryStore) -> None:
    session = await open_session(FakeAgent(asks_to_save("token", text="tea")))

    result = await session.ask("save tea")

    assert result.outcome == "paused"
    assert result.request is not None
    assert result.request.call is not None
    assert (result.request.call.tool, result.request.call.args) == ("notes.save", {"text": "tea"})
    assert session.pending == (result.request,)
    assert session.activity == "waiting"
    found = await store.find_request("token")
    assert found is not None
    assert found.body == result.request
    assert [event.body.kind for event in await store.load_session(session.session_id)][-1] == "person_asked"


@pytest.mark.parametrize(
    ("decision", "recorded"),
    [
        (Approve(), PersonAnswered(request_id="token", decision="approve")),
        (Edit({"text": "milk"}), PersonAnswered(request_id="token", decision="edit", args={"text": "milk"})),
        (Reject("too late"), PersonAnswered(request_id="token", decision="reject", text="too late")),
        (Respond("I did it"), PersonAnswered(request_id="token", decision="respond", text="I did it")),
    ],
)
async def test_a_decision_goes_to_the_agent_and_into_the_history(
    open_session: OpenSession, decision: Any, recorded: PersonAnswered
) -> None:
    agent = FakeAgent(asks_to_save("token", text="tea"), answers("saved"))
    session = await open_session(agent)
    asked = await session.ask("save tea")

    result = await session.decide("token", decision)

    assert (result.outcome, result.answer, result.run_id) == ("answered", "saved", asked.run_id)
    assert agent.decided == [("token", decision)]
    assert answers_given(session) == [recorded]
    assert session.pending == ()
    assert kinds(session) == [
        "run_started",
        "step_started",
        "person_asked",
        "person_answered",
        "step_started",
        "model_called",
        "run_finished",
    ]


async def test_a_run_may_wait_twice(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(asks_to_save("one"), asks_to_save("two"), answers("done")))
    await session.ask("save")

    again = await session.decide("one", Approve())
    assert again.outcome == "paused"
    assert [asked.request_id for asked in session.pending] == ["two"]
    assert (await session.decide("two", Approve())).outcome == "answered"


async def test_a_question_is_answered_once(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"), answers("saved"))
    session = await open_session(agent)
    await session.ask("save")
    await session.decide("token", Approve())

    with pytest.raises(AlreadyDecidedError, match="`token`"):
        await session.decide("token", Approve())
    with pytest.raises(AlreadyDecidedError):
        await session.check_edit("token", {})

    assert len(agent.decided) == 1


async def test_an_unknown_question_is_refused(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent())

    with pytest.raises(RequestNotFoundError, match="`forged`"):
        await session.decide("forged", Approve())


async def test_a_decision_that_does_not_fit_leaves_the_question_open(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"), answers("saved"))
    agent.refuse = DecisionError("`text`: missing")
    session = await open_session(agent)
    await session.ask("save")

    with pytest.raises(DecisionError, match="missing"):
        await session.decide("token", Edit({}))

    assert len(session.pending) == 1
    assert answers_given(session) == []
    agent.refuse = None
    assert (await session.decide("token", Approve())).outcome == "answered"


async def test_an_agent_that_cannot_go_on_now_leaves_the_question_open(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"), answers("saved"))
    session = await open_session(agent)
    await session.ask("save")
    agent.refuse = StoreError("the file is locked", hint="close the other program")

    result = await session.decide("token", Approve())

    assert (result.outcome, result.error and result.error.code) == ("failed", "store_failed")
    assert len(session.pending) == 1
    agent.refuse = None
    assert (await session.decide("token", Approve())).outcome == "answered"


async def test_a_failure_after_the_decision_ends_the_run(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(asks_to_save("token"), fails(KeyError("a bug of the tool"))))
    await session.ask("save")

    result = await session.decide("token", Approve())

    assert result.outcome == "failed"
    assert session.pending == ()
    assert [answer.decision for answer in answers_given(session)] == ["approve"]


async def test_edited_arguments_are_checked_before_they_are_decided(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(asks_to_save("token")))
    await session.ask("save")

    assert list(await session.check_edit("token", {"text": "milk"})) == []
    assert list(await session.check_edit("token", {})) == ["`text`: missing"]


async def test_a_hidden_secret_is_never_sent_as_its_placeholder(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token", text="tea", auth={"password": "hunter2"}))
    session = await open_session(agent)
    result = await session.ask("save")
    assert result.request is not None
    assert result.request.call is not None
    shown = result.request.call.args
    assert shown == {"text": "tea", "auth": {"password": "[redacted]"}}

    (message,) = await session.check_edit("token", {**shown, "text": "milk"})
    assert "`auth.password` is hidden" in message
    with pytest.raises(DecisionError, match=r"auth\.password"):
        await session.decide("token", Edit({**shown, "text": "milk"}))

    assert len(session.pending) == 1


async def test_interrupting_a_waiting_run_gives_its_question_up(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"))
    session = await open_session(agent)
    await session.ask("save")

    assert await session.interrupt() is True

    assert agent.tokens == set()
    assert kinds(session)[-2:] == ["person_answered", "run_interrupted"]
    assert answers_given(session) == [PersonAnswered(request_id="token", decision="cancelled")]
    assert (session.pending, session.activity) == ((), "idle")
    with pytest.raises(AlreadyDecidedError):
        await session.decide("token", Approve())


async def test_another_question_may_be_asked_while_one_waits(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(asks_to_save("token"), answers("4"), answers("saved")))
    await session.ask("save")

    assert (await session.ask("2 + 2?")).answer == "4"

    assert session.activity == "waiting"
    assert (await session.decide("token", Approve())).answer == "saved"


async def test_two_answers_at_once_are_one_decision(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"), answers("saved"))
    session = await open_session(agent)
    await session.ask("save")

    outcomes = await asyncio.gather(
        session.decide("token", Approve()), session.decide("token", Reject()), return_exceptions=True
    )

    assert len(agent.decided) == 1
    assert [type(outcome).__name__ for outcome in outcomes] == ["RunResult", "SessionBusyError"]


async def test_a_question_survives_the_session_and_is_answered_in_the_next(
    open_session: OpenSession, store: HistoryStore
) -> None:
    agent = FakeAgent(asks_to_save("token", text="tea"), answers("saved"))
    first = await open_session(agent)
    await first.ask("save tea")
    await first.aclose()

    second = await open_session(agent, session_id=first.session_id)
    assert [asked.request_id for asked in second.pending] == ["token"]
    await second.start()
    assert second.activity == "waiting"
    result = await second.decide("token", Approve())
    await second.flush()

    assert result.answer == "saved"
    stored = await store.load_run(result.run_id)
    assert [event.seq for event in stored] == list(range(len(stored)))
    assert [event.body.kind for event in stored] == kinds(second)


async def test_who_decides_second_sees_what_the_first_did(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"), answers("saved"))
    one = await open_session(agent)
    await one.ask("save")
    two = await open_session(agent, session_id=one.session_id)
    await one.decide("token", Approve())
    await one.flush()

    with pytest.raises(AlreadyDecidedError):
        await two.decide("token", Reject())

    assert kinds(two) == kinds(one)
    assert two.pending == ()


async def test_an_answer_that_is_not_stored_yet_still_counts_as_given(open_session: OpenSession) -> None:
    agent = FakeAgent(asks_to_save("token"))
    one = await open_session(agent)
    await one.ask("save")
    two = await open_session(agent, session_id=one.session_id)
    await agent.discard("token")

    with pytest.raises(AlreadyDecidedError):
        await two.decide("token", Approve())

    assert two.pending == ()
    await two.flush()
    three = await open_session(agent, session_id=one.session_id)
    assert [asked.request_id for asked in three.pending] == ["token"], "nothing false was stored"


async def test_a_run_that_died_with_its_process_is_shown_as_interrupted(
    open_session: OpenSession, store: HistoryStore
) -> None:
    working = Working()
    alive = await open_session(FakeAgent(working))
    asking = asyncio.create_task(alive.ask("q"))
    await asyncio.wait_for(working.began.wait(), 5)
    await alive.flush()

    looking = await open_session(FakeAgent(), session_id=alive.session_id)

    events, _ = looking.events_since(0)
    assert events[-1].body == RunInterrupted()
    assert [event.body.kind for event in await store.load_session(alive.session_id)] == ["run_started"]
    working.release.set()
    assert (await asking).outcome == "answered"


class StoreThatFails(InMemoryStateStore):
    """Refuses every append while `broken`."""

    broken = False

    async def append_events(self, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
        if self.broken:
            raise StoreError("the disk is full", hint="make room")
        await super().append_events(events, contents)


async def test_a_pause_that_cannot_be_stored_fails_loudly(open_session: OpenSession) -> None:
    store, agent = StoreThatFails(), FakeAgent(asks_to_save("token"))
    session = await open_session(agent, over=store)
    store.broken = True

    result = await session.ask("save")

    assert result.error == RunFailed(code="store_failed", message="the disk is full", hint="make room")
    assert session.pending == ()
    assert agent.tokens == set()
    assert not [each for each in session.events_since(0)[0] if isinstance(each.body, PersonAsked)]
    store.broken = False


async def test_a_store_that_fails_stops_no_run_and_is_caught_up_later(open_session: OpenSession) -> None:
    store = StoreThatFails()
    session = await open_session(FakeAgent(answers("one"), answers("two")), over=store)
    store.broken = True

    assert (await session.ask("first")).outcome == "answered"
    with pytest.raises(StoreError, match="disk is full"):
        await session.flush()
    assert session.history_trouble is not None
    assert "output_captured" in kinds(session)

    store.broken = False
    await session.ask("second")
    await session.flush()
    assert session.history_trouble is None
    events, _ = session.events_since(0)
    assert len(await store.load_session(session.session_id)) == len(events)

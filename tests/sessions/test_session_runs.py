"""Asking: what comes back, what is recorded, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from penguiflow.llm.errors import LLMSetupError
from penguiflow.sessions import Answered
from penguiflow.sessions.results import SessionBusyError, SessionClosedError
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import (
    OutputCaptured,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    TextStreamed,
    ToolFinished,
)
from penguiflow.state.protocol import HistoryStore
from tests.fakes.agent import FakeAgent, Working, answers, fails, tell
from tests.sessions.conftest import OpenSession


def kinds(session: AgentSession) -> list[str]:
    events, _ = session.events_since(0)
    return [event.body.kind for event in events]


def bodies(session: AgentSession) -> Sequence[object]:
    events, _ = session.events_since(0)
    return [event.body for event in events]


async def test_an_answer_comes_back_and_is_recorded(open_session: OpenSession, store: HistoryStore) -> None:
    session = await open_session(FakeAgent(answers("42")))

    result = await session.ask("What is the answer?")

    assert (result.outcome, result.answer, result.steps, result.cost_usd) == ("answered", "42", 1, 0.5)
    assert kinds(session) == ["run_started", "step_started", "model_called", "run_finished"]
    assert session.activity == "idle"
    await session.flush()
    events, _ = session.events_since(0)
    assert list(await store.load_session(session.session_id)) == list(events)


async def test_tools_can_tell_session_and_run(open_session: OpenSession) -> None:
    agent = FakeAgent(answers("ok"))
    session = await open_session(agent)

    result = await session.ask("q", tool_context={"user": "Ada"})

    (_, context) = agent.asked[0]
    assert context == {"user": "Ada", "session_id": session.session_id, "trace_id": result.run_id}


@pytest.mark.parametrize("reason", ["no_path", "budget_exhausted"])
async def test_an_end_without_an_answer_is_told_as_stopped(open_session: OpenSession, reason: str) -> None:
    session = await open_session(FakeAgent(answers("I could not", reason=reason)))

    result = await session.ask("q")

    assert (result.outcome, result.answer) == ("stopped", "I could not")
    assert bodies(session)[-1] == RunFinished(
        reason=reason, answer="I could not", steps=1, llm_calls=1, latency_ms=3000.0, cost_usd=0.5
    )


async def test_an_exception_of_the_agent_is_how_its_run_ended(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(fails(ValueError("bad [value]")), answers("better")))

    result = await session.ask("q")

    assert result.outcome == "failed"
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("agent_error", "ValueError: bad [value]")
    assert "agent.py" in str(result.error.hint)
    output = next(body for body in bodies(session) if isinstance(body, OutputCaptured))
    assert "Traceback" in output.text
    assert session.activity == "failed"
    assert (await session.ask("again")).outcome == "answered"


async def test_a_missing_key_is_told_before_the_agent_is_asked(open_session: OpenSession) -> None:
    agent = FakeAgent(answers("never"))
    agent.not_ready = LLMSetupError("`OPENAI_API_KEY` is not set", hint="export it")
    session = await open_session(agent)

    result = await session.ask("q")

    assert result.error is not None
    assert (result.error.message, result.error.hint) == ("`OPENAI_API_KEY` is not set", "export it")
    assert agent.asked == []
    assert kinds(session) == ["run_started", "run_failed"]


async def test_an_agent_that_cannot_be_built_fails_the_run_and_may_be_tried_again(
    open_session: OpenSession,
) -> None:
    agent = FakeAgent(answers("ok"))
    agent.open_error = RuntimeError("no database")
    session = await open_session(agent)

    with pytest.raises(RuntimeError, match="no database"):
        await session.start()
    assert (await session.ask("q")).outcome == "failed"

    agent.open_error = None
    assert (await session.ask("q")).outcome == "answered"


async def test_one_run_works_at_a_time(open_session: OpenSession) -> None:
    working = Working()
    session = await open_session(FakeAgent(working))
    first = asyncio.create_task(session.ask("first"))
    await asyncio.wait_for(working.began.wait(), 5)

    with pytest.raises(SessionBusyError, match="interrupt it or wait"):
        await session.ask("second")

    working.release.set()
    assert (await first).answer == "released"


async def test_interrupting_ends_the_run_and_the_session_goes_on(open_session: OpenSession) -> None:
    working = Working()
    session = await open_session(FakeAgent(working, answers("next")))
    asking = asyncio.create_task(session.ask("q"))
    await asyncio.wait_for(working.began.wait(), 5)
    assert session.activity == "thinking"

    assert await session.interrupt() is True
    assert (await asking).outcome == "interrupted"
    assert bodies(session)[-1] == RunInterrupted()
    assert session.activity == "idle"
    assert (await session.ask("q")).answer == "next"


async def test_interrupting_nothing_says_so(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent())

    assert await session.interrupt() is False


async def test_cancelling_the_caller_interrupts_the_run(open_session: OpenSession) -> None:
    working = Working()
    session = await open_session(FakeAgent(working))
    asking = asyncio.create_task(session.ask("q"))
    await asyncio.wait_for(working.began.wait(), 5)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert kinds(session) == ["run_started", "run_interrupted"]


async def test_a_timeout_of_the_caller_is_seen_by_the_caller(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(Working()))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await session.ask("q")

    assert kinds(session)[-1] == "run_interrupted"


async def test_a_caller_is_cancelled_even_if_the_agent_refuses_to_stop(open_session: OpenSession) -> None:
    began = asyncio.Event()

    async def stubborn() -> Answered:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Answered(answer="I finished anyway")
        raise AssertionError("unreachable")

    session = await open_session(FakeAgent(stubborn))
    asking = asyncio.create_task(session.ask("q"))
    await asyncio.wait_for(began.wait(), 5)

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert kinds(session)[-1] == "run_finished"


async def test_closing_interrupts_what_works_and_refuses_more(open_session: OpenSession) -> None:
    working = Working()
    agent = FakeAgent(working)
    session = await open_session(agent)
    asking = asyncio.create_task(session.ask("q"))
    await asyncio.wait_for(working.began.wait(), 5)

    await session.aclose()
    await session.aclose()

    assert (await asking).outcome == "interrupted"
    assert agent.closed
    with pytest.raises(SessionClosedError):
        await session.ask("q")


async def test_text_is_joined_until_somebody_looks(open_session: OpenSession) -> None:
    looked: list[Sequence[RunEvent]] = []

    async def streams() -> Answered:
        for piece in ("The ", "answer ", "is for", "ty"):
            tell("llm_stream_chunk", text=piece, done=False, phase="answer", channel="answer", action_seq=1)
        looked.append(session.events_since(1)[0])
        tell("llm_stream_chunk", text="-two", done=False, phase="answer", channel="answer", action_seq=1)
        tell("llm_stream_chunk", text="", done=True, phase="answer", channel="answer", action_seq=1)
        return Answered(answer="The answer is forty-two")

    session = await open_session(FakeAgent(streams))
    await session.ask("q")

    assert [event.body for event in looked[0]] == [
        TextStreamed(step=1, channel="answer", text="The answer is ")
    ]
    texts = [body.text for body in bodies(session) if isinstance(body, TextStreamed)]
    assert texts == ["The answer is ", "forty-two"]


async def test_no_secret_enters_the_history_even_in_pieces(
    open_session: OpenSession, store: HistoryStore
) -> None:
    secret = "sk-" + "a1B2" * 8

    async def leaks() -> Answered:
        for piece in ("the key is ", secret[:9], secret[9:20], secret[20:], " indeed"):
            tell("llm_stream_chunk", text=piece, done=False, phase="answer", channel="answer", action_seq=1)
            session.events_since(0)
        tell("tool_call_start", tool_call_id="c", tool_name="t", args_json=f'{{"k": "{secret}"}}')
        tell("tool_call_result", tool_call_id="c", tool_name="t", result_json=f'"{secret}"', ok=True)
        session.record_output("stdout", f"printed {secret}")
        return Answered(answer=f"it is {secret}")

    session = await open_session(FakeAgent(leaks))
    result = await session.ask(f"use {secret}")
    await session.flush()

    assert result.outcome == "answered"
    stored = await store.load_session(session.session_id)
    assert len(stored) > 5
    assert secret[:12] not in repr(stored)
    assert secret[-12:] not in repr(stored)


async def test_a_huge_result_is_cut_and_its_size_kept(open_session: OpenSession) -> None:
    huge = "word " * 1_000_000

    async def works() -> Answered:
        tell("tool_call_start", tool_call_id="c", tool_name="t", args_json="{}", action_seq=1)
        result = f'{{"text": "{huge}"}}'
        tell("tool_call_result", tool_call_id="c", tool_name="t", result_json=result, ok=True, action_seq=1)
        return Answered(answer="done")

    session = await open_session(FakeAgent(works))
    await session.ask("q")

    finished = next(body for body in bodies(session) if isinstance(body, ToolFinished))
    assert finished.result_chars > 5_000_000
    assert len(finished.result["text"]) < 65_000
    assert finished.result["text"].endswith("more characters)")


async def test_output_from_another_thread_is_recorded(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent())

    await asyncio.to_thread(session.record_output, "stderr", "from a thread")
    await asyncio.sleep(0)

    assert bodies(session) == [OutputCaptured(stream="stderr", text="from a thread")]


async def test_what_is_told_after_the_end_belongs_to_no_run(open_session: OpenSession) -> None:
    background: list[asyncio.Task[None]] = []
    release = asyncio.Event()

    async def tells_later() -> None:
        await release.wait()
        tell("step_start", action_seq=9)

    async def leaves_a_task() -> Answered:
        background.append(asyncio.create_task(tells_later()))
        return Answered(answer="done")

    session = await open_session(FakeAgent(leaves_a_task))
    await session.ask("q")
    release.set()
    await background[0]

    assert kinds(session) == ["run_started", "run_finished"]


async def test_a_session_that_was_only_opened_leaves_no_trace(
    open_session: OpenSession, store: HistoryStore
) -> None:
    session = await open_session(FakeAgent())
    await session.start()
    session.record_output("stdout", "hello")

    await session.aclose()

    assert list(await store.load_session(session.session_id)) == []


async def test_cursors_read_everything_exactly_once(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(answers("one"), answers("two")))
    seen: list[RunEvent] = []
    cursor = 0
    for question in ("a", "b"):
        await session.ask(question)
        new, cursor = session.events_since(cursor)
        seen.extend(new)

    assert session.events_since(cursor) == ([], cursor)
    assert list(session.events_since(0)[0]) == seen
    assert [body.question for body in bodies(session) if isinstance(body, RunStarted)] == ["a", "b"]
    assert not [body for body in bodies(session) if isinstance(body, RunFailed)]


async def test_a_model_that_is_not_ready_is_known_before_the_first_question(
    open_session: OpenSession,
) -> None:
    agent = FakeAgent()
    agent.not_ready = LLMSetupError("the key is missing", hint="set it")
    session = await open_session(agent)

    with pytest.raises(LLMSetupError, match="key is missing"):
        await session.check_model()
    assert "run_failed" not in kinds(session)

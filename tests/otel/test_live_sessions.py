"""Real sessions over a real collector: what it has received when the session is closed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from penguiflow import Headers, Message, Node, NodePolicy, create
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.llm.usage import LLMReply, TokenUsage
from penguiflow.planner import ReactPlanner
from penguiflow.planner.approvals import Approve, Respond
from penguiflow.sessions import OrchestratorAgent, PlannerAgent
from penguiflow.sessions.projections.otel_values import trace_id_of
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.agent import FakeAgent, Working, answers, tell
from tests.fakes.note_agent import note_planner
from tests.fakes.otlp_collector import Collector, Span
from tests.fakes.planner_tools import Notebook, answer, call, plan, planner_for
from tests.otel.conftest import Follow

SECRET = "sk-abcdefghijklmnopqrstuvwxyz123456"
RATES = {"input_tokens": 100, "output_tokens": 20, "cached_tokens": 64, "reasoning_tokens": 8}


def costly(reply: dict[str, object]) -> LLMReply:
    return LLMReply(
        text=json.dumps(reply), cost_usd=0.25, usage=TokenUsage(**RATES), model="gpt-4o-2024-08-06"
    )


def priced_planner(*replies: dict[str, object]) -> ReactPlanner:
    llm = ScriptedLLM([costly(reply) for reply in replies], model="openai/gpt-4o")
    return ReactPlanner(llm_client=llm, catalog=Notebook().catalog())


def tree(spans: list[Span]) -> dict[str, str]:
    """Each span's name below that of its parent; the parents must have come."""
    names = {span.span_id: span.name for span in spans}
    return {span.name: names[span.parent_id] if span.parent_id else "" for span in spans}


async def test_a_run_arrives_as_a_tree_of_spans(collector: Collector, follow: Follow) -> None:
    planner = priced_planner(
        call("fail", text="x"), plan(call("look", text="a"), call("look", text="b")), answer("done")
    )
    async with follow(PlannerAgent(planner, name="shop")) as (session, _):
        result = await session.ask("go on")

    assert result.outcome == "answered"
    assert tree(collector.spans) == {
        "invoke_agent shop": "",
        "chat openai/gpt-4o": "invoke_agent shop",
        "execute_tool fail": "invoke_agent shop",
        "execute_tool look": "invoke_agent shop",
    }
    assert len(collector.spans) == 7
    run = collector.named("invoke_agent shop")
    assert run.trace_id == f"{trace_id_of(result.run_id):032x}"
    assert run.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert run.attributes["gen_ai.agent.name"] == "shop"
    assert run.attributes["penguiflow.cost_usd"] == 0.75
    for span in collector.spans:
        assert span.attributes["gen_ai.conversation.id"] == session.session_id
        assert span.attributes["penguiflow.run.id"] == result.run_id
        assert run.start_ns <= span.start_ns <= span.end_ns <= run.end_ns


async def test_a_model_call_arrives_with_its_usage(collector: Collector, follow: Follow) -> None:
    planner = priced_planner(answer("done"))
    async with follow(PlannerAgent(planner)) as (session, _):
        await session.ask("go on")

    chat = collector.named("chat openai/gpt-4o")
    assert chat.kind == "client"
    assert chat.attributes["gen_ai.provider.name"] == "openai"
    assert chat.attributes["gen_ai.response.model"] == "gpt-4o-2024-08-06"
    assert chat.attributes["gen_ai.usage.input_tokens"] == 100
    assert chat.attributes["gen_ai.usage.output_tokens"] == 20
    assert chat.attributes["gen_ai.usage.cache_read.input_tokens"] == 64
    assert chat.attributes["gen_ai.usage.reasoning.output_tokens"] == 8
    assert chat.attributes["penguiflow.cost_usd"] == 0.25


async def test_a_tool_that_fails_is_a_failed_span_without_the_text_of_its_error(
    collector: Collector, follow: Follow
) -> None:
    planner, _ = planner_for(call("fail", text="x"), answer("done"))
    async with follow(PlannerAgent(planner)) as (session, _):
        await session.ask("go on")

    tool = collector.named("execute_tool fail")
    assert (tool.failed, tool.failure_text, tool.attributes["error.type"]) == (True, "", "DiskFull")
    assert tool.attributes["gen_ai.tool.name"] == "fail"
    assert tool.attributes["gen_ai.tool.call.id"]
    assert collector.named("invoke_agent planner").failed is False


async def test_a_model_that_fails_fails_the_run(collector: Collector, follow: Follow) -> None:
    planner, _ = planner_for(ConnectionError("no route to the model"))
    async with follow(PlannerAgent(planner)) as (session, _):
        result = await session.ask("go on")

    assert result.outcome == "failed"
    chat, run = collector.named("chat scripted"), collector.named("invoke_agent planner")
    assert (chat.failed, chat.attributes["error.type"]) == (True, "ConnectionError")
    assert (run.failed, run.attributes["penguiflow.run.outcome"]) == (True, "failed")
    assert b"no route" not in b"".join(collector.bodies)


async def test_metrics_arrive_with_units_and_buckets(collector: Collector, follow: Follow) -> None:
    planner = priced_planner(call("look", text="a"), answer("done"))
    async with follow(PlannerAgent(planner, name="shop")) as (session, _):
        await session.ask("go on")

    units = {name: metric.unit for name, metric in collector.metrics.items()}
    assert units == {
        "gen_ai.client.token.usage": "{token}",
        "gen_ai.client.operation.duration": "s",
        "gen_ai.execute_tool.duration": "s",
        "gen_ai.invoke_agent.duration": "s",
        "penguiflow.client.cost": "{USD}",
    }
    tokens = {
        dict(key)["gen_ai.token.type"]: (point.count, point.sum, point.explicit_bounds[-1])
        for key, point in collector.points("gen_ai.client.token.usage").items()
    }
    assert tokens == {"input": (2, 200.0, 67108864), "output": (2, 40.0, 67108864)}
    (cost,) = collector.points("penguiflow.client.cost").values()
    assert cost.as_double == 0.5
    ((tool, calls),) = collector.points("gen_ai.execute_tool.duration").items()
    assert (dict(tool)["gen_ai.tool.name"], calls.count, calls.explicit_bounds[0]) == ("look", 1, 0.01)


async def test_a_pause_is_a_span_and_the_trace_goes_on_after_it(collector: Collector, follow: Follow) -> None:
    planner, _ = planner_for(
        call("save", text="n"), call("ask", text="who?"), answer("ok"), state_store=InMemoryStateStore()
    )
    async with follow(PlannerAgent(planner)) as (session, _):
        paused = await session.ask("go on")
        assert paused.request is not None
        paused = await session.decide(paused.request.request_id, Approve())
        assert paused.request is not None
        await session.decide(paused.request.request_id, Respond("Anna"))

    waits = [span for span in collector.spans if span.name == "await_person"]
    assert [wait.attributes["penguiflow.person.reason"] for wait in waits] == [
        "approval_required",
        "await_input",
    ]
    assert [wait.attributes["penguiflow.person.decision"] for wait in waits] == ["approve", "respond"]
    assert waits[0].attributes["gen_ai.tool.name"] == "save"
    assert paused.request.request_id.encode() not in b"".join(collector.bodies)
    assert len({span.trace_id for span in collector.spans}) == 1
    run = collector.named("invoke_agent planner")
    waited_ms = sum(wait.end_ns - wait.start_ns for wait in waits) / 1e6
    whole_ms = (run.end_ns - run.start_ns) / 1e6
    assert run.attributes["penguiflow.run.worked_ms"] == pytest.approx(whole_ms - waited_ms, abs=1.0)


async def test_a_run_that_another_process_goes_on_with_is_one_trace_and_nothing_comes_twice(
    collector: Collector, follow: Follow, tmp_path: Path
) -> None:
    async def process(session_id: str | None) -> str:
        store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
        agent = PlannerAgent(note_planner(tmp_path / "notes.txt", store))
        async with follow(agent, store, session_id=session_id) as (session, _):
            if session_id is None:
                await session.ask("save a note")
            else:
                await session.decide(session.pending[0].request_id, Approve())
        await store.aclose()
        return session.session_id

    session_id = await process(None)
    before = list(collector.spans)
    await process(session_id)

    assert [span.name for span in before] == ["chat scripted"]
    assert sorted(span.name for span in collector.spans) == [
        "await_person",
        "chat scripted",
        "chat scripted",
        "execute_tool save_note",
        "invoke_agent planner",
    ]
    run = collector.named("invoke_agent planner")
    assert {span.trace_id for span in collector.spans} == {run.trace_id}
    assert {span.parent_id for span in collector.spans} == {"", run.span_id}
    assert len({span.span_id for span in collector.spans}) == 5


async def test_an_interrupted_run_is_told_with_what_was_cut_off(collector: Collector, follow: Follow) -> None:
    working = Working()

    async def uses_a_tool() -> object:
        tell("tool_call_start", tool_call_id="c1", tool_name="dig", args_json="{}")
        return await working()

    async with follow(FakeAgent(uses_a_tool)) as (session, _):
        asking = asyncio.create_task(session.ask("dig"))
        await asyncio.wait_for(working.began.wait(), 5)
        assert await session.interrupt() is True
        assert (await asking).outcome == "interrupted"

    run, tool = collector.named("invoke_agent fake"), collector.named("execute_tool dig")
    assert (run.attributes["penguiflow.run.outcome"], run.failed) == ("interrupted", False)
    assert (tool.attributes["error.type"], tool.failed, tool.parent_id) == ("interrupted", True, run.span_id)


async def test_a_session_that_is_closed_while_it_works_tells_the_end(
    collector: Collector, follow: Follow
) -> None:
    working = Working()
    async with follow(FakeAgent(working)) as (session, _):
        asking = asyncio.create_task(session.ask("dig"))
        await asyncio.wait_for(working.began.wait(), 5)
    assert (await asking).outcome == "interrupted"

    assert collector.named("invoke_agent fake").attributes["penguiflow.run.outcome"] == "interrupted"


async def test_flows_of_an_agent_arrive_in_its_run(collector: Collector, follow: Follow) -> None:
    async def clean(message: Message, ctx: object) -> Message:
        return message.model_copy(update={"payload": message.payload.strip()})

    class Cleaner:
        def __init__(self) -> None:
            self.flow = create(Node(clean, policy=NodePolicy(validate="none")).to())
            self.flow.run()

        async def execute(self, query: str) -> str:
            await self.flow.emit(Message(payload=query, headers=Headers(tenant="t")))
            return str((await self.flow.fetch()).payload)

        async def stop(self) -> None:
            await self.flow.stop()

    async with follow(OrchestratorAgent(Cleaner())) as (session, _):
        result = await session.ask("  tea ")

    assert result.answer == "tea"
    assert tree(collector.spans) == {
        "invoke_agent Cleaner": "",
        "invoke_workflow": "invoke_agent Cleaner",
        "node clean": "invoke_workflow",
    }


async def test_no_content_is_sent_by_default_and_a_secret_never(
    collector: Collector, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> bytes:
        collector.bodies.clear()
        planner, _ = planner_for(
            call("look", text=f"walrus {SECRET}"), call("fail", text="walrus"), answer(f"walrus {SECRET}")
        )
        async with follow(PlannerAgent(planner)) as (session, follower):
            await session.ask(f"Where is the walrus? {SECRET}")
        assert follower.troubles.reason is None
        return b"".join(collector.bodies)

    silent = await run()
    assert len(silent) > 500
    assert b"walrus" not in silent
    assert b"[redacted]" not in silent

    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
    telling = await run()
    assert b"Where is the walrus? [redacted]" in telling
    assert b"no space left" in telling
    assert SECRET.encode() not in silent + telling


async def test_content_arrives_in_the_form_of_the_conventions(
    collector: Collector, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
    planner, _ = planner_for(call("look", text="tea"), answer("green"))
    async with follow(PlannerAgent(planner)) as (session, _):
        await session.ask("Which?")

    run, tool = collector.named("invoke_agent planner"), collector.named("execute_tool look")
    assert json.loads(run.attributes["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "green"}]}
    ]
    assert json.loads(tool.attributes["gen_ai.tool.call.arguments"])["text"] == "tea"
    assert json.loads(tool.attributes["gen_ai.tool.call.result"]) == {"stored": "seen tea"}
    chat = next(span for span in collector.spans if span.name == "chat scripted")
    prompt = json.loads(chat.attributes["gen_ai.input.messages"])
    assert [message["role"] for message in prompt] == ["system", "user"]
    assert "Which?" in prompt[1]["parts"][0]["content"]
    assert "look" in json.loads(chat.attributes["gen_ai.output.messages"])[0]["parts"][0]["content"]


async def test_a_caller_that_names_its_span_gets_the_runs_below_it(
    collector: Collector, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    monkeypatch.setenv("TRACEPARENT", f"00-{trace}-{span}-01")
    async with follow(FakeAgent(answers("yes"))) as (session, _):
        await session.ask("q")

    run = collector.named("invoke_agent fake")
    assert (run.trace_id, run.parent_id) == (trace, span)
    assert collector.named("chat m").parent_id == run.span_id


async def test_the_service_is_named_by_the_environment(
    collector: Collector, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("penguiflow", "tea-shop"):
        collector.resources.clear()
        async with follow(FakeAgent(answers("yes"))) as (session, _):
            await session.ask("q")
        assert {resource["service.name"] for resource in collector.resources} == {name}
        monkeypatch.setenv("OTEL_SERVICE_NAME", "tea-shop")


async def test_a_long_run_is_sent_while_it_works(
    collector: Collector, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    working = Working()

    async def thinks_and_works() -> object:
        tell("llm_call", action_seq=1, attempt=1, model="m", latency_ms=1.0)
        return await working()

    async with follow(FakeAgent(thinks_and_works)) as (session, _):
        asking = asyncio.create_task(session.ask("dig"))
        assert await asyncio.to_thread(collector.came.wait, 10), "nothing came while the run worked"
        assert [span.name for span in collector.spans] == ["chat m"]
        working.release.set()
        await asking

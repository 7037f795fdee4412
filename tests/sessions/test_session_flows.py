"""What the flows of an orchestrator do is part of the history of its session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow import Headers, Message, Node, NodePolicy, PenguiFlow, create
from penguiflow.sessions import AgentSession, OrchestratorAgent
from penguiflow.state.events import FlowHappened
from penguiflow.state.in_memory import InMemoryStateStore


async def shout(message: Message, _ctx: object) -> Message:
    return message.model_copy(update={"payload": str(message.payload).upper()})


async def stumble(message: Message, _ctx: object) -> Message:
    raise ValueError("no such word")


class ShoutingOrchestrator:
    """Answers with what its flow gives; a failing second flow is kept in a mapping."""

    def __init__(self) -> None:
        self._flow = create(Node(shout, name="shout", policy=NodePolicy(validate="none")).to())
        self._flows: Mapping[str, PenguiFlow] = {
            "broken": create(
                Node(stumble, name="stumble", policy=NodePolicy(validate="none", max_retries=0)).to(),
                emit_errors_to_rookery=True,
            )
        }

    async def execute(self, query: str, **_keywords: Any) -> Mapping[str, Any]:
        flow = self._flows["broken"] if query == "stumble" else self._flow
        flow.run()
        await flow.emit(Message(payload=query, headers=Headers(tenant="t"), trace_id=f"trace of {query}"))
        answer = await flow.fetch()
        await flow.stop()
        return {"answer": str(getattr(answer, "payload", "it broke"))}


def told(session: AgentSession) -> list[tuple[str, str, str]]:
    return [
        (event.trace_id, event.body.event, event.body.node or "")
        for event in session.events_since(0)[0]
        if isinstance(event.body, FlowHappened) and event.body.trace_id is not None
    ]


async def test_every_node_of_a_flow_is_told_with_its_trace() -> None:
    store = InMemoryStateStore()
    session = await AgentSession.open(OrchestratorAgent(ShoutingOrchestrator()), store)

    result = await session.ask("hush")

    assert result.answer == "HUSH"
    assert told(session) == [
        ("trace of hush", "node_start", "shout"),
        ("trace of hush", "node_success", "shout"),
    ]
    await session.flush()
    stored = [event.body for event in await store.load_run(result.run_id)]
    assert [body.event for body in stored if isinstance(body, FlowHappened)][:2] == [
        "node_start",
        "node_success",
    ]
    await session.aclose()


async def test_a_flow_in_a_mapping_is_heard_and_a_second_run_is_told_once() -> None:
    session = await AgentSession.open(OrchestratorAgent(ShoutingOrchestrator()), InMemoryStateStore())

    await session.ask("hush")
    await session.ask("stumble")

    events = [event for trace_id, event, _ in told(session) if trace_id == "trace of stumble"]
    assert events == ["node_start", "node_error", "node_failed"]
    assert len(told(session)) == 5
    await session.aclose()


async def test_a_flow_that_outlives_its_session_tells_it_nothing_more() -> None:
    orchestrator = ShoutingOrchestrator()
    session = await AgentSession.open(OrchestratorAgent(orchestrator), InMemoryStateStore())
    await session.ask("hush")
    await session.aclose()

    await orchestrator.execute("hush")

    assert len(told(session)) == 2

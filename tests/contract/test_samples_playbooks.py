"""What the project's first description says and shows of playbooks, written as programs."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow import Node, PenguiFlow
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped
from tests.fakes.samples import run_sample

PLAYBOOK = """
from penguiflow.types import Message

async def controller(msg: Message, ctx) -> Message:
    playbook_result = await ctx.call_playbook(build_retrieval_playbook, msg)
    return msg.model_copy(update={"payload": playbook_result})
"""

RETRIEVAL = """
from pydantic import BaseModel
from penguiflow import Message, ModelRegistry, Node, NodePolicy, PenguiFlow, create

async def retrieve(msg: Message, ctx) -> Message:
    seen.append(msg)
    return msg.model_copy(update={"payload": [msg.payload, "a", "b"]})

async def rerank(msg: Message, ctx) -> Message:
    return msg.model_copy(update={"payload": sorted(msg.payload)})

async def compress(msg: Message, ctx) -> Message:
    return msg.model_copy(update={"payload": "|".join(msg.payload)})

seen = []

def build_retrieval_playbook() -> tuple[PenguiFlow, ModelRegistry | None]:
    nodes = [Node(step, name=step.__name__) for step in (retrieve, rerank, compress)]
    registry = ModelRegistry()
    for node in nodes:
        registry.register(node.name, Message, Message)
    return create(nodes[0].to(nodes[1]), nodes[1].to(nodes[2])), registry
"""


async def test_the_controller_sample_answers_with_the_result_of_its_playbook() -> None:
    names = await run_sample(RETRIEVAL + PLAYBOOK)
    sent = message("krill", trace_id="t-1", deadline_s=9e9, meta={"user": "ada"})

    async with running(chain(untyped(names["controller"], "controller"))) as flow:
        await flow.emit(sent)
        answer = await flow.fetch()

    assert (answer.payload, answer.trace_id, answer.headers) == ("a|b|krill", "t-1", sent.headers)
    (seen,) = names["seen"]
    assert (seen.trace_id, seen.headers, seen.deadline_s, seen.meta) == (
        "t-1", sent.headers, 9e9, {"user": "ada"}
    )  # fmt: skip


async def test_the_sample_as_a_registered_controller_takes_the_envelope() -> None:
    names = await run_sample(RETRIEVAL + PLAYBOOK)
    registry = names["ModelRegistry"]()
    registry.register("controller", names["Message"], names["Message"])

    async with running(chain(Node(names["controller"])), registry) as flow:
        await flow.emit(message("krill"))
        assert (await flow.fetch()).payload == "a|b|krill"


async def test_cancelling_the_trace_reaches_into_the_playbook_and_stops_it() -> None:
    gate = Gate()
    flows: list[PenguiFlow] = []

    def build_retrieval_playbook() -> tuple[PenguiFlow, None]:
        flows.append(chain(untyped(gate.wait, "gate")))
        return flows[-1], None

    names = await run_sample(PLAYBOOK, build_retrieval_playbook=build_retrieval_playbook)
    async with running(chain(untyped(names["controller"], "controller"))) as flow:
        sent = message("krill")
        await flow.emit(sent)
        await settled()
        assert await flow.cancel(sent.trace_id)
        await settled()
        assert gate.cancelled == [sent]
        assert not flows[0].statistics().running


async def test_a_playbook_respects_its_timeout_and_is_stopped() -> None:
    flows: list[PenguiFlow] = []

    def build() -> tuple[PenguiFlow, None]:
        flows.append(chain(untyped(Gate().wait, "gate")))
        return flows[-1], None

    names = await run_sample("from penguiflow import call_playbook")
    with pytest.raises(asyncio.TimeoutError):
        await names["call_playbook"](build, message(), 0.5)
    assert not flows[0].statistics().running


async def test_the_first_payload_is_returned_bare_or_out_of_its_envelope() -> None:
    call_playbook = (await run_sample("from penguiflow import call_playbook"))["call_playbook"]

    async def twice(msg: object, ctx: object) -> list[object]:
        return [msg, msg]

    assert await call_playbook(lambda: (chain(untyped(passes_on, "same")), None), message({"a": 1})) == {
        "a": 1
    }
    assert await call_playbook(lambda: (chain(untyped(passes_on, "same")), None), "bare") == "bare"
    assert await call_playbook(lambda: (chain(untyped(twice, "twice")), None), 5) == [5, 5]

"""What a playbook gets from its caller and gives back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import Context, Headers, Message, ModelRegistry, Node, NodePolicy
from penguiflow.core import call_playbook
from tests.fakes.flows import Recorder, chain, message, passes_on, running, untyped
from tests.fakes.playbooks import Playbook, calling, nothing_left


class Question(BaseModel):
    text: str


class Answer(BaseModel):
    text: str


async def answers(msg: Question, ctx: Context) -> Answer:
    return Answer(text=msg.text.upper())


async def doubles(msg: Message, ctx: Context) -> Message:
    return msg.model_copy(update={"payload": msg.payload * 2})


async def test_a_call_returns_the_payload_of_the_first_result() -> None:
    playbook = Playbook(untyped(doubles, "a"), untyped(doubles, "b"))
    async with nothing_left(playbook):
        assert await call_playbook(playbook, message(3)) == 12


async def test_a_bare_result_is_returned_as_it_is() -> None:
    async def bare(msg: Message, ctx: Context) -> str:
        return f"got {msg.payload}"

    playbook = Playbook(untyped(bare, "bare"))
    async with nothing_left(playbook):
        assert await call_playbook(playbook, message(3)) == "got 3"


async def test_a_bare_item_needs_no_envelope() -> None:
    playbook = Playbook(untyped(passes_on, "a"))
    async with nothing_left(playbook), running(chain(untyped(passes_on, "p"))) as parent:
        assert await call_playbook(playbook, "bare") == "bare"
        assert await call_playbook(playbook, "bare", runtime=parent) == "bare"


async def test_the_playbook_gets_the_very_message_of_its_caller() -> None:
    seen: list[Message] = []

    async def looks(msg: Message, ctx: Context) -> Message:
        seen.append(msg)
        return msg

    sent = Message(payload=1, headers=Headers(tenant="acme", topic="t"), deadline_s=9e9, meta={"k": 1})
    playbook = Playbook(untyped(looks, "looks"))
    async with nothing_left(playbook):
        await call_playbook(playbook, sent)

    assert seen[0] is sent


async def test_what_a_playbook_notes_in_meta_reaches_its_caller() -> None:
    async def notes(msg: Message, ctx: Context) -> Message:
        msg.meta["cost"] = msg.meta["budget"] / 2
        return msg

    playbook = Playbook(untyped(notes, "notes"))
    async with nothing_left(playbook), running(chain(calling(playbook))) as flow:
        await flow.emit(message(meta={"budget": 3}))

        assert (await flow.fetch()).meta == {"budget": 3, "cost": 1.5}


async def test_a_registry_makes_the_playbook_typed() -> None:
    registry = ModelRegistry()
    registry.register("answers", Question, Answer)
    node = Node(answers, name="answers", policy=NodePolicy(validate="both"))
    playbook = Playbook(node, registry=registry)
    async with nothing_left(playbook):
        assert await call_playbook(playbook, message(Question(text="why"))) == Answer(text="WHY")


async def test_a_registry_without_the_node_ends_the_call() -> None:
    node = Node(answers, name="answers", policy=NodePolicy(validate="both"))
    playbook = Playbook(node, registry=ModelRegistry())
    tasks = asyncio.all_tasks()
    with pytest.raises(RuntimeError, match="missing entries for answers"):
        await call_playbook(playbook, message(Question(text="why")))
    assert asyncio.all_tasks() == tasks


async def test_a_factory_that_fails_ends_the_call_with_its_error() -> None:
    def broken() -> Any:
        raise LookupError("no such index")

    async with nothing_left():
        with pytest.raises(LookupError, match="no such index"):
            await call_playbook(broken, message())


async def test_the_listeners_of_the_caller_do_not_hear_the_playbook() -> None:
    heard = Recorder()
    playbook = Playbook(untyped(passes_on, "inner"))
    async with nothing_left(playbook), running(chain(calling(playbook), middlewares=[heard])) as flow:
        await flow.emit(message())
        await flow.fetch()

    assert heard.kinds("inner") == []
    assert playbook.events.kinds("inner") == ["node_start", "node_success", "node_cancelled"]


async def test_playbooks_call_playbooks() -> None:
    inner = Playbook(untyped(doubles, "doubles"))
    outer = Playbook(calling(inner, name="middle"), untyped(doubles, "doubles"))
    async with nothing_left(inner, outer), running(chain(calling(outer))) as flow:
        await flow.emit(message(1))

        assert (await flow.fetch()).payload == 4


async def test_calls_of_one_playbook_run_at_the_same_time() -> None:
    async def slow(msg: Message, ctx: Context) -> Message:
        await asyncio.sleep(10 - msg.payload)
        return msg

    playbook = Playbook(untyped(slow, "slow"))
    started = asyncio.get_running_loop().time()
    async with nothing_left(playbook):
        answers_ = await asyncio.gather(*(call_playbook(playbook, message(n)) for n in range(10)))

    assert answers_ == list(range(10))
    assert asyncio.get_running_loop().time() - started == 10


async def test_a_call_leaves_nothing_of_a_trace_that_the_caller_does_not_know() -> None:
    playbook = Playbook(untyped(passes_on, "a"))
    async with nothing_left(playbook), running(chain(untyped(passes_on, "p"))) as parent:
        sent = message()
        await call_playbook(playbook, sent, runtime=parent)

        assert len(parent.services.traces) == 0
        assert not await parent.cancel(sent.trace_id)

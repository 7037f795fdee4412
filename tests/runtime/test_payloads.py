"""Envelopes and payloads: what a node takes and gives, by what it is registered for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import WM, Context, FinalAnswer, Message, ModelRegistry, Node, NodePolicy, create
from tests.fakes.flows import chain, message, passes_on, running, settled


class Question(BaseModel):
    text: str


class Answer(BaseModel):
    text: str


def registry_of(**models: tuple[type[BaseModel], type[BaseModel]]) -> ModelRegistry:
    registry = ModelRegistry()
    for name, (in_model, out_model) in models.items():
        registry.register(name, in_model, out_model)
    return registry


async def test_a_node_of_payload_models_keeps_the_envelope_around_what_it_returns() -> None:
    seen: list[object] = []

    async def answer(msg: Question, ctx: Any) -> Answer:
        seen.append(msg)
        return Answer(text=msg.text.upper())

    registry = registry_of(answer=(Question, Answer))
    async with running(chain(Node(answer)), registry) as flow:
        sent = message(Question(text="hi"), deadline_s=9e9, meta={"request": 1})
        await flow.emit(sent)

        out = await flow.fetch()
        assert seen == [Question(text="hi")]
        assert isinstance(out, Message)
        assert (out.payload, out.text) == (Answer(text="HI"), "HI")
        assert (out.trace_id, out.headers, out.deadline_s, out.meta) == (
            sent.trace_id,
            sent.headers,
            9e9,
            {"request": 1},
        )


async def test_a_node_of_payload_models_coerces_payloads_both_ways() -> None:
    async def answer(msg: Question, ctx: Any) -> dict[str, str]:
        return {"text": msg.text}

    async with running(chain(Node(answer)), registry_of(answer=(Question, Answer))) as flow:
        await flow.emit(message({"text": "hi"}))

        assert (await flow.fetch()).payload == Answer(text="hi")


async def test_bare_values_stay_bare_in_a_node_of_payload_models() -> None:
    async def answer(msg: Question, ctx: Any) -> Answer:
        return Answer(text=msg.text)

    async with running(chain(Node(answer)), registry_of(answer=(Question, Answer))) as flow:
        await flow.emit({"text": "hi"})

        assert await flow.fetch() == Answer(text="hi")


async def test_a_node_of_payload_models_may_return_an_envelope_itself() -> None:
    async def answer(msg: Question, ctx: Any) -> Message:
        return message({"text": "hi"}, trace_id="chosen")

    async with running(chain(Node(answer)), registry_of(answer=(Question, Answer))) as flow:
        await flow.emit(message(Question(text="x")))

        out = await flow.fetch()
        assert (out.trace_id, out.payload) == ("chosen", Answer(text="hi"))


async def test_a_node_of_envelopes_gets_and_gives_the_envelope() -> None:
    async with running(chain(Node(passes_on)), registry_of(passes_on=(Message, Message))) as flow:
        sent = message(Question(text="hi"))
        await flow.emit(sent)

        assert await flow.fetch() is sent


async def test_an_envelope_node_that_returns_something_else_is_warned_about() -> None:
    async def forgets(msg: Message, ctx: Any) -> Answer:
        return Answer(text="bare")

    node = Node(forgets, policy=NodePolicy(validate="none"))
    async with running(chain(node), registry_of(forgets=(Message, Message))) as flow:
        await flow.emit(message())
        with pytest.warns(RuntimeWarning, match="`forgets` is registered Message -> Message"):
            out = await flow.fetch()

        assert out == Answer(text="bare")


@pytest.mark.parametrize("validate", ["both", "in", "out", "none"])
async def test_a_node_without_a_registry_gets_whatever_travels(validate: Any) -> None:
    async def orchestrate(msg: Message, ctx: Context) -> dict[str, str]:
        await ctx.emit_chunk(parent=msg, text="thinking...")
        return {"result": "done"}

    node = Node(orchestrate, name="main", policy=NodePolicy(validate=validate))
    async with running(create(node.to())) as flow:
        await flow.emit(message())

        assert (await flow.fetch()).payload.text == "thinking..."
        assert await flow.fetch() == {"result": "done"}


async def test_a_registered_node_that_skips_validation_takes_and_gives_what_travels() -> None:
    async def hot(msg: Message, ctx: Any) -> Message:
        return msg.model_copy(update={"payload": {"unchecked": msg.text}})

    node = Node(hot, policy=NodePolicy(validate="none"))
    async with running(chain(node), registry_of(hot=(Question, Answer))) as flow:
        await flow.emit(message(Question(text="hi")))

        assert (await flow.fetch()).payload == {"unchecked": "hi"}


@pytest.mark.parametrize("declared", [WM, FinalAnswer])
async def test_a_controller_of_payload_models_may_answer_with_either(declared: type[BaseModel]) -> None:
    async def control(msg: WM, ctx: Any) -> WM | FinalAnswer:
        return FinalAnswer(text=f"after {msg.hops}") if msg.hops == 3 else msg

    node = Node(control, allow_cycle=True)
    async with running(create(node.to(node)), registry_of(control=(WM, declared))) as flow:
        await flow.emit(message(WM(query="q")))

        assert (await flow.fetch()).payload == FinalAnswer(text="after 3")


async def test_a_missing_registry_entry_is_named_before_anything_starts() -> None:
    nodes = [Node(passes_on, name=name) for name in ("zeta", "alpha", "known")]
    quiet = Node(passes_on, name="quiet", policy=NodePolicy(validate="none"))
    flow = chain(*nodes, quiet)

    with pytest.raises(RuntimeError, match="missing entries for alpha, zeta"):
        flow.run(registry=registry_of(known=(Message, Message)))
    complete = registry_of(**{name: (Message, Message) for name in ("zeta", "alpha", "known")})
    async with running(flow, complete):
        assert flow.registry is complete


async def test_invalid_input_is_a_failure_of_the_node() -> None:
    flow = chain(Node(passes_on), emit_errors_to_rookery=True)
    async with running(flow, registry_of(passes_on=(Question, Question))):
        await flow.emit(message({"wrong": 1}))

        error = await flow.fetch()
        assert error.exception_type == "ValidationError"
        await settled()
        assert len(flow.services.traces) == 0

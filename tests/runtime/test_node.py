from __future__ import annotations

import functools
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from penguiflow import Message, ModelRegistry, Node, NodePolicy
from tests.fakes.flows import message, passes_on


class In(BaseModel):
    text: str


class Out(BaseModel):
    size: int


async def measure(msg: In, ctx: Any) -> Out:
    return Out(size=len(msg.text))


def registry_of(name: str, in_model: type[BaseModel], out_model: type[BaseModel]) -> ModelRegistry:
    registry = ModelRegistry()
    registry.register(name, in_model, out_model)
    return registry


def test_a_node_takes_its_name_from_its_function() -> None:
    assert Node(measure).name == "measure"
    assert Node(functools.partial(measure), name="partial").name == "partial"


def test_nodes_around_one_function_are_distinct() -> None:
    first, second = Node(measure), Node(measure)

    assert first != second
    assert len({first, second}) == 2
    assert first.to(second) == (first, (second,))


def test_a_method_can_be_a_node() -> None:
    class Service:
        async def work(self, msg: Any, ctx: Any) -> Any:
            return msg

    assert Node(Service().work).name == "work"


def test_a_plain_function_is_refused() -> None:
    def plain(msg: Any, ctx: Any) -> Any:
        return msg

    with pytest.raises(TypeError, match="must be declared with async def"):
        Node(plain)  # type: ignore[arg-type]


def test_a_function_without_a_context_parameter_is_refused() -> None:
    async def alone(msg: Any) -> Any:
        return msg

    with pytest.raises(ValueError, match="exactly two parameters"):
        Node(alone)  # type: ignore[arg-type]


def test_a_keyword_only_context_is_refused() -> None:
    async def keyword(msg: Any, *, ctx: Any) -> Any:
        return msg

    with pytest.raises(ValueError, match="Context parameter must be positional"):
        Node(keyword)  # type: ignore[arg-type]


def test_an_unknown_validation_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="validate must be one of both, in, out, none"):
        NodePolicy(validate="all")  # type: ignore[arg-type]


async def test_invoke_coerces_input_and_checks_output() -> None:
    node = Node(measure)
    registry = registry_of("measure", In, Out)

    assert await node.invoke({"text": "four"}, None, registry=registry) == Out(size=4)


async def test_invoke_keeps_the_envelope_of_a_message() -> None:
    node = Node(measure)
    sent = message(In(text="four"), meta={"k": 1})

    out = await node.invoke(sent, None, registry=registry_of("measure", In, Out))

    assert out.payload == Out(size=4)
    assert (out.trace_id, out.headers, out.meta) == (sent.trace_id, sent.headers, {"k": 1})


async def test_invoke_without_a_registry_validates_nothing() -> None:
    assert await Node(passes_on).invoke("anything", None, registry=None) == "anything"


async def test_invoke_of_an_unregistered_validating_node_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="`passes_on` is not registered"):
        await Node(passes_on).invoke("anything", None, registry=ModelRegistry())


@pytest.mark.parametrize(
    ("validate", "refused"),
    [("both", "in out"), ("in", "in"), ("out", "out"), ("none", "")],
)
async def test_each_mode_validates_its_own_side(validate: Any, refused: str) -> None:
    async def returns_a_dict(msg: Any, ctx: Any) -> Any:
        return msg

    node = Node(returns_a_dict, name="n", policy=NodePolicy(validate=validate))
    wrong_in = node.invoke({"wrong": 1}, None, registry=registry_of("n", In, BaseModel))
    wrong_out = node.invoke({"text": "right"}, None, registry=registry_of("n", In, Out))

    if "in" in refused.split():
        with pytest.raises(ValidationError):
            await wrong_in
    else:
        await wrong_in
    if "out" in refused.split():
        with pytest.raises(ValidationError):
            await wrong_out
    else:
        await wrong_out


async def test_none_is_never_validated() -> None:
    async def silent(msg: In, ctx: Any) -> None:
        return None

    assert await Node(silent).invoke(In(text="x"), None, registry=registry_of("silent", In, Out)) is None


async def test_models_that_ask_for_revalidation_get_it() -> None:
    class Strict(BaseModel, revalidate_instances="always"):
        size: int

    async def breaks_it(msg: Any, ctx: Any) -> Any:
        return Strict.model_construct(size="not a number")

    with pytest.raises(ValidationError):
        await Node(breaks_it).invoke(In(text="x"), None, registry=registry_of("breaks_it", In, Strict))


def test_a_name_can_be_registered_once() -> None:
    registry = registry_of("n", In, Out)

    with pytest.raises(ValueError, match="Node 'n' already registered"):
        registry.register("n", In, Out)


def test_only_models_can_be_registered() -> None:
    with pytest.raises(TypeError, match=r"Models must inherit from pydantic\.BaseModel"):
        ModelRegistry().register("n", dict, Out)  # type: ignore[arg-type]


def test_an_unknown_name_is_a_key_error() -> None:
    registry = registry_of("n", In, Message)

    assert registry.has("n")
    assert registry.models("n") == (In, Message)
    assert registry.adapters("n")[0].validate_python({"text": "x"}) == In(text="x")
    with pytest.raises(KeyError):
        registry.models("other")
    with pytest.raises(KeyError):
        registry.adapters("other")

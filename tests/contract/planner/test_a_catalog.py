"""Section 2: what a tool is told to be, and how a catalog is made of tools."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from penguiflow import ModelRegistry, Node, NodePolicy, NodeSpec, SideEffect, build_catalog, tool
from penguiflow.catalog import DuplicateToolError
from tests.contract.planner.fakes_a import Client, Echoed, Text, Tools, end, ended, planner_of, run, use


class Wide(BaseModel):
    text: str
    limit: int = 3


async def plain(args: Text, ctx: Any) -> Echoed:
    return Echoed(said=args.text)


def registered(*names: str) -> ModelRegistry:
    registry = ModelRegistry()
    for name in names:
        registry.register(name, Text, Echoed)
    return registry


def test_the_side_effects_are_five() -> None:
    assert get_args(SideEffect) == ("pure", "read", "write", "external", "stateful")


def test_a_spec_is_frozen_and_has_its_defaults() -> None:
    spec = NodeSpec(node=Node(plain), name="plain", desc="d", args_model=Text, out_model=Echoed)
    assert dataclasses.is_dataclass(spec)
    assert (spec.side_effects, spec.tags, spec.auth_scopes) == ("pure", (), ())
    assert (spec.cost_hint, spec.latency_hint_ms, spec.safety_notes, dict(spec.extra)) == (
        None,
        None,
        None,
        {},
    )
    assert not hasattr(spec, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"  # type: ignore[misc]  # what is tested


def test_the_record_of_a_tool_has_its_keys_and_plain_lists() -> None:
    (spec,) = build_catalog(
        [tool(tags=["t"], auth_scopes=["s"], extra={"a": 1, "f": print, "o": object()})(plain)]
    )
    record = spec.to_tool_record()
    assert record == {
        "name": "plain", "desc": "plain", "side_effects": "pure", "tags": ["t"], "auth_scopes": ["s"],
        "cost_hint": None, "latency_hint_ms": None, "safety_notes": None,
        "args_schema": Text.model_json_schema(), "out_schema": Echoed.model_json_schema(), "extra": {"a": 1},
    }  # fmt: skip


def test_the_decorator_takes_keywords_only_and_has_its_defaults() -> None:
    parameters = inspect.signature(tool).parameters
    expected = {
        "desc": None, "side_effects": "pure", "tags": None, "auth_scopes": None, "cost_hint": None,
        "latency_hint_ms": None, "safety_notes": None, "arg_validation": None, "arg_validator": None,
        "extra": None,
    }  # fmt: skip
    assert {name: parameters[name].default for name in expected} == expected
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters.values())


async def test_a_decorated_function_stays_the_same_and_can_be_called() -> None:
    async def mine(args: Text, ctx: Any) -> Echoed:
        return Echoed(said=args.text)

    marked = tool(desc="d")(mine)
    assert marked is mine
    assert isinstance(getattr(mine, "__penguiflow_tool__"), dict)  # noqa: B009  # the name is the contract
    assert (await mine(Text(text="a"), None)).said == "a"


def test_tags_and_scopes_lose_repetitions_and_keep_their_order() -> None:
    async def mine(args: Text, ctx: Any) -> Echoed:
        return Echoed(said=args.text)

    (spec,) = build_catalog([tool(tags=["utility", "b", "utility"], auth_scopes=["z", "a", "z"])(mine)])
    assert (spec.tags, spec.auth_scopes) == (("utility", "b"), ("z", "a"))


def test_checks_of_arguments_are_kept_in_extra() -> None:
    def check(args: Any, action: Any) -> None: ...

    async def mine(args: Text, ctx: Any) -> Echoed:
        return Echoed(said=args.text)

    validation = {"placeholders": ["TBD"]}
    (spec,) = build_catalog([tool(arg_validation=validation, arg_validator=check)(mine)])
    assert spec.extra["arg_validation"] == validation
    assert spec.extra["arg_validation"] is not validation
    assert spec.extra["arg_validator"] is check


def described(**marks: Any) -> Any:
    async def described(args: Text, ctx: Any) -> Echoed:
        """From the docstring,

        and more.
        """
        return Echoed(said="")

    return tool(**marks)(described)


async def undescribed(args: Text, ctx: Any) -> Echoed:
    return Echoed(said="")


@pytest.mark.parametrize(
    ("function", "desc"),
    [
        (described(desc="said"), "said"),
        (described(), "From the docstring,\n\nand more."),
        (undescribed, "undescribed"),
    ],
)
def test_a_description_is_what_was_said_then_the_docstring_then_the_name(function: Any, desc: str) -> None:
    (spec,) = build_catalog([Node(function)], registered(function.__name__))
    assert spec.desc == desc


def test_an_undecorated_function_is_pure_and_has_no_tags() -> None:
    (spec,) = build_catalog([Node(undescribed)], registered("undescribed"))
    assert (spec.side_effects, spec.tags, spec.auth_scopes) == ("pure", (), ())


def test_the_name_is_that_of_the_node_or_of_the_function() -> None:
    catalog = build_catalog([Node(plain), Node(plain, name="renamed")], registered("plain", "renamed"))
    assert [spec.name for spec in catalog] == ["plain", "renamed"]


def test_functions_nodes_and_specs_may_be_mixed() -> None:
    tools = Tools()
    (spec,) = build_catalog([tools.named("ready")])
    catalog = build_catalog([tools.named("function"), Node(plain, name="node"), spec], registered("node"))
    assert [item.name for item in catalog] == ["function", "node", "ready"]
    assert catalog[2] == spec


def test_the_registry_wins_over_annotations_which_serve_otherwise() -> None:
    async def search(args: Text, ctx: Any) -> Echoed:
        return Echoed(said=args.text)

    registry = ModelRegistry()
    registry.register("search", Wide, Echoed)
    assert build_catalog([search], registry)[0].args_model is Wide
    assert build_catalog([search], ModelRegistry())[0].args_model is Text


async def unannotated(args, ctx):  # type: ignore[no-untyped-def]  # what is tested
    return {"said": "x"}


def test_a_node_whose_models_nobody_knows_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="unannotated"):
        build_catalog([Node(unannotated)], ModelRegistry())


def not_async(args: Any, ctx: Any) -> None: ...


async def one_parameter(args: Any) -> None: ...


@pytest.mark.parametrize(("function", "error"), [(not_async, TypeError), (one_parameter, ValueError)])
def test_a_node_is_an_async_function_of_two_parameters(function: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        Node(function)


def test_a_node_has_its_defaults() -> None:
    node = Node(plain)
    assert (node.func, node.policy, node.allow_cycle) == (plain, NodePolicy(), False)


def test_a_registry_refuses_a_second_registration_and_what_is_no_model() -> None:
    registry = registered("plain")
    with pytest.raises(ValueError, match="plain"):
        registry.register("plain", Text, Echoed)
    with pytest.raises(TypeError):
        registry.register("other", dict, Echoed)  # type: ignore[arg-type]  # what is tested


def test_two_tools_of_one_name_are_refused_and_both_are_named() -> None:
    async def first_origin(args: Text, ctx: Any) -> Echoed:
        return Echoed(said="1")

    async def second_origin(args: Text, ctx: Any) -> Echoed:
        return Echoed(said="2")

    nodes = [Node(first_origin, name="twice"), Node(second_origin, name="twice")]
    assert issubclass(DuplicateToolError, ValueError)
    with pytest.raises(DuplicateToolError) as caught:
        build_catalog(nodes, registered("twice"))
    assert all(part in str(caught.value) for part in ("twice", "first_origin", "second_origin"))


def test_a_planner_refuses_two_tools_of_one_name_too() -> None:
    with pytest.raises(DuplicateToolError, match="echo"):
        planner_of(Client(), [Tools().named("echo"), Tools().named("echo")])


@pytest.mark.parametrize("catalog", [[], build_catalog([], ModelRegistry())])
async def test_an_empty_catalog_is_legal_and_the_model_is_told(catalog: list[Any]) -> None:
    client = Client(end("alone"))
    result = ended(await planner_of(client, catalog).run("q"))
    assert result.payload["raw_answer"] == "alone"
    assert "no tools" in client.requests[0].system_prompt.lower()


@pytest.mark.parametrize("name", ["parallel", "final_response"])
async def test_a_tool_named_like_an_opcode_is_shown_under_another_name_and_works(name: str) -> None:
    tools = Tools()
    ran = await run(use(f"{name}__tool", text="a"), end("fine"), catalog=[tools.named(name)])
    assert f"{name}__tool" in ran.requests[0].system_prompt
    assert tools.calls == [f"{name} a"]
    assert ran.steps[0]["observation"] == {"said": "a"}
    assert ran.result.payload["raw_answer"] == "fine"

from __future__ import annotations

import functools
import threading
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import ModelRegistry, Node
from penguiflow.catalog import DuplicateToolError, NodeSpec, ToolSignatureError, build_catalog, tool


class Query(BaseModel):
    text: str


class Found(BaseModel):
    title: str


class Other(BaseModel):
    number: int


@tool(desc="Search documentation", tags=["a", "a", "b"], auth_scopes=["x", "x"])
async def search(args: Query, ctx: Any) -> Found:
    return Found(title=args.text)


async def plain(args: Query, ctx: Any) -> Found:
    """Find it.

    At length.
    """
    return Found(title=args.text)


def blocking(args: Query) -> Found:
    return Found(title=threading.current_thread().name)


def test_a_decorated_function_stays_the_same_function_and_callable() -> None:
    async def lookup(args: Query, ctx: Any) -> Found:
        return Found(title=args.text)

    assert tool(desc="x")(lookup) is lookup


def test_a_function_takes_its_models_from_its_annotations() -> None:
    (spec,) = build_catalog([search])
    assert (spec.name, spec.args_model, spec.out_model) == ("search", Query, Found)
    assert (spec.desc, spec.tags, spec.auth_scopes) == ("Search documentation", ("a", "b"), ("x",))


def test_the_registry_wins_over_annotations() -> None:
    registry = ModelRegistry()
    registry.register("search", Other, Found)
    assert build_catalog([search], registry)[0].args_model is Other


def test_a_registry_must_know_every_node_but_not_every_function() -> None:
    with pytest.raises(KeyError, match="`plain` is not registered"):
        build_catalog([Node(plain)], ModelRegistry())

    assert build_catalog(nodes=[plain], registry=ModelRegistry())[0].args_model is Query


def test_an_unmarked_function_is_a_pure_tool_described_by_its_docstring_or_name() -> None:
    async def bare(args: Query, ctx: Any) -> Found:
        return Found(title=args.text)

    documented, named = build_catalog([plain, bare])

    assert documented.desc == "Find it.\n\nAt length."
    assert (named.desc, named.side_effects, named.tags, named.auth_scopes) == ("bare", "pure", (), ())


def test_a_partial_keeps_the_marks_of_its_function() -> None:
    (marked,) = build_catalog([functools.partial(search)])
    (documented,) = build_catalog([functools.partial(plain)])

    assert (marked.name, marked.desc, marked.tags) == ("search", "Search documentation", ("a", "b"))
    assert documented.desc.startswith("Find it.")


def test_a_node_in_a_catalog_keeps_its_name_and_policy() -> None:
    node = Node(plain, name="finder")
    (spec,) = build_catalog([node])
    assert (spec.name, spec.node) == ("finder", node)
    assert spec.desc.startswith("Find it.")


def test_a_spec_passes_through() -> None:
    (spec,) = build_catalog([search])
    assert build_catalog([spec]) == [spec]


async def test_a_plain_function_runs_outside_the_event_loop_thread() -> None:
    (spec,) = build_catalog([blocking])
    found = await spec.node.func(Query(text="x"), None)
    assert found.title != threading.current_thread().name


async def test_stop_iteration_of_a_plain_function_is_an_error_and_no_hang() -> None:
    def exhausted(args: Query, ctx: Any) -> Found:
        raise StopIteration

    (spec,) = build_catalog([exhausted])
    with pytest.raises(RuntimeError, match="StopIteration"):
        await spec.node.func(Query(text="x"), None)


async def test_an_async_function_without_context_is_a_tool_too() -> None:
    async def lookup(args: Query) -> Found:
        return Found(title=args.text)

    (spec,) = build_catalog([lookup])
    assert (await spec.node.func(Query(text="x"), None)).title == "x"


def test_two_tools_of_one_name_are_an_error_that_names_both() -> None:
    other = Node(plain, name="search")
    with pytest.raises(DuplicateToolError, match=r"`search`.*test_catalog\.search.*test_catalog\.plain"):
        build_catalog([search, other])


@pytest.mark.parametrize("wrong", [lambda args, ctx: None, lambda: None, lambda a, b, c: None, 5])
def test_what_cannot_be_a_tool_is_refused(wrong: Any) -> None:
    with pytest.raises(ToolSignatureError):
        build_catalog([wrong])


def test_an_annotation_that_cannot_be_resolved_names_the_function() -> None:
    class Hidden(BaseModel):
        text: str

    async def uses_hidden(args: Hidden, ctx: Any) -> Found:
        return Found(title=args.text)

    with pytest.raises(ToolSignatureError, match=r"uses_hidden.*Hidden.*register"):
        build_catalog([uses_hidden])


def test_the_record_keeps_only_json_extras() -> None:
    @tool(
        extra={"kept": 1, "dropped": object(), "no JSON": float("nan")},
        arg_validator=lambda args, action: None,
        cost_hint="low",
    )
    async def lookup(args: Query, ctx: Any) -> Found:
        return Found(title=args.text)

    record = build_catalog([lookup])[0].to_tool_record()
    assert record["extra"] == {"kept": 1}
    assert record["cost_hint"] == "low"
    assert record["args_schema"]["properties"]["text"]["type"] == "string"
    assert "requires_approval" not in record


def test_an_empty_catalog_is_legal() -> None:
    assert build_catalog([], ModelRegistry()) == []


def test_a_bound_method_is_a_tool() -> None:
    class Shelf:
        @tool(desc="From the shelf")
        async def take(self, args: Query, ctx: Any) -> Found:
            return Found(title=args.text)

    (spec,) = build_catalog([Shelf().take])
    assert isinstance(spec, NodeSpec)
    assert (spec.name, spec.desc) == ("take", "From the shelf")


def test_an_annotation_of_the_context_need_not_exist_at_run_time() -> None:
    async def lookup(args: Query, ctx: ForCheckersOnly) -> Found:  # type: ignore[name-defined] # noqa: F821 - the point
        return Found(title=args.text)

    assert build_catalog([lookup])[0].args_model is Query


def test_a_model_of_the_enclosing_function_is_found_when_the_tool_uses_it() -> None:
    class Local(BaseModel):
        text: str

    async def lookup(args: Query, ctx: Any) -> Local:
        return Local(text=args.text)

    assert build_catalog([lookup])[0].out_model is Local


async def test_an_object_with_an_async_call_is_awaited() -> None:
    class Lookup:
        __name__ = "lookup"

        async def __call__(self, args: Query, ctx: Any) -> Found:
            return Found(title=args.text)

    (spec,) = build_catalog([Lookup()])
    assert spec.name == "lookup"
    assert (await spec.node.func(Query(text="x"), None)).title == "x"

"""Tools as the planner knows them: what they are called, what they take and give, what they may do.

`tool` marks a function, `build_catalog` turns functions, nodes and specs into one list of `NodeSpec`,
and a `ToolSource` (a connection to a tool server, for instance) offers specs that may change over time.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, cast

from pydantic import BaseModel

from penguiflow._tool_function import (
    ToolFunction,
    ToolModels,
    ToolSignatureError,
    as_async_tool,
    models_from_annotations,
    qualified_name,
)
from penguiflow.node import Node
from penguiflow.registry import ModelRegistry

__all__ = [
    "CatalogItem",
    "DuplicateToolError",
    "NodeSpec",
    "RequiresApproval",
    "SideEffect",
    "ToolSignatureError",
    "ToolSource",
    "build_catalog",
    "refuse_duplicate_names",
    "tool",
]

SideEffect = Literal["pure", "read", "write", "external", "stateful"]

RequiresApproval: TypeAlias = bool | Callable[[Any], bool]
"""Always, never, or a predicate over the validated arguments (an instance of the tool's own model)."""

Extra: TypeAlias = Mapping[str, Any]
"""Free additions of the tool's author; only their JSON part is ever shown to a model."""

_TOOL_RECORD = "__penguiflow_tool__"
_FunctionT = TypeVar("_FunctionT", bound=ToolFunction)


class DuplicateToolError(ValueError):
    """Two tools share one name; the message names where both come from."""


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One tool. The planner calls it as `node.func(args, ctx)` with an instance of `args_model`."""

    node: Node
    name: str
    desc: str
    args_model: type[BaseModel]
    out_model: type[BaseModel]
    side_effects: SideEffect = "pure"
    tags: Sequence[str] = ()
    auth_scopes: Sequence[str] = ()
    cost_hint: str | None = None
    latency_hint_ms: int | None = None
    safety_notes: str | None = None
    extra: Extra = field(default_factory=dict[str, Any])
    requires_approval: RequiresApproval = False

    def to_tool_record(self) -> dict[str, Any]:
        """Return the JSON description of the tool; what is not JSON in `extra`, at any depth, is left out."""
        return {
            "name": self.name,
            "desc": self.desc,
            "side_effects": self.side_effects,
            "tags": list(self.tags),
            "auth_scopes": list(self.auth_scopes),
            "cost_hint": self.cost_hint,
            "latency_hint_ms": self.latency_hint_ms,
            "safety_notes": self.safety_notes,
            "args_schema": self.args_model.model_json_schema(),
            "out_schema": self.out_model.model_json_schema(),
            "extra": {key: part for key, value in self.extra.items() for part in _json_part(value)},
        }


CatalogItem: TypeAlias = Node | NodeSpec | ToolFunction


class ToolSource(Protocol):
    """Offers tools that may come and go; read again at the start of every run."""

    @property
    def name(self) -> str: ...

    def get_tool_specs(self) -> Sequence[NodeSpec]: ...


def tool(
    *,
    desc: str | None = None,
    side_effects: SideEffect = "pure",
    tags: Sequence[str] | None = None,
    auth_scopes: Sequence[str] | None = None,
    cost_hint: str | None = None,
    latency_hint_ms: int | None = None,
    safety_notes: str | None = None,
    arg_validation: Mapping[str, Any] | bool | None = None,
    arg_validator: Callable[..., Any] | None = None,
    extra: Extra | None = None,
    requires_approval: RequiresApproval = False,
) -> Callable[[_FunctionT], _FunctionT]:
    """Describe a function as a tool; the function itself stays as it is and callable.

    `arg_validator(args, action)` refuses a call by returning a text (or `{"error": text}`) or by raising.
    `arg_validation` says which texts are placeholders and whether they refuse a call (true: yes).
    `requires_approval` makes the planner ask a person before each call, or before those the predicate picks.
    """
    record: dict[str, Any] = {
        "desc": desc,
        "side_effects": side_effects,
        "tags": _unique(tags),
        "auth_scopes": _unique(auth_scopes),
        "cost_hint": cost_hint,
        "latency_hint_ms": latency_hint_ms,
        "safety_notes": safety_notes,
        "requires_approval": requires_approval,
        "extra": dict(extra or {}),
    }
    if arg_validation is not None:
        record["extra"]["arg_validation"] = (
            dict(arg_validation) if isinstance(arg_validation, Mapping) else arg_validation
        )
    if arg_validator is not None:
        record["extra"]["arg_validator"] = arg_validator

    def mark(function: _FunctionT) -> _FunctionT:
        setattr(function, _TOOL_RECORD, record)
        return function

    return mark


def build_catalog(nodes: Iterable[CatalogItem], registry: ModelRegistry | None = None) -> list[NodeSpec]:
    """Return one spec per node, function or spec, in order.

    The models of a node come from the registry, by the node's name; without a registry from its annotations.
    Those of a function come from the registry if it knows the function's name, else from its annotations.

    Raises:
        DuplicateToolError: two of them have one name.
        KeyError: the registry does not know a node.
        ToolSignatureError: neither registry nor annotations give the models.
    """
    specs = [_spec_of(item, registry) for item in nodes]
    refuse_duplicate_names(specs)
    return specs


def refuse_duplicate_names(specs: Iterable[NodeSpec]) -> None:
    """Raise `DuplicateToolError` when two specs share a name."""
    seen: dict[str, NodeSpec] = {}
    for spec in specs:
        first = seen.setdefault(spec.name, spec)
        if first is not spec:
            raise DuplicateToolError(
                f"two tools are called `{spec.name}`: {_origin(first)} and {_origin(spec)}; "
                "rename one of them"
            )


def _spec_of(item: CatalogItem, registry: ModelRegistry | None) -> NodeSpec:
    if isinstance(item, NodeSpec):
        return item
    if isinstance(item, Node):
        models = models_from_annotations(item.func) if registry is None else registry.models(item.name)
        return _described(item, item.func, models)
    if callable(item):
        node = Node(as_async_tool(item), name=_function_name(item))
        if registry is not None and registry.has(node.name):
            return _described(node, item, registry.models(node.name))
        return _described(node, item, models_from_annotations(item))
    raise ToolSignatureError(f"`{item!r}` is no tool: give a function, a Node or a NodeSpec")


def _described(node: Node, function: ToolFunction, models: ToolModels) -> NodeSpec:
    args_model, out_model = models
    marked = _behind_partials(function)
    record: dict[str, Any] = dict(getattr(marked, _TOOL_RECORD, {}))
    record["desc"] = record.get("desc") or inspect.getdoc(marked) or node.name
    return NodeSpec(node=node, name=node.name, args_model=args_model, out_model=out_model, **record)


def _behind_partials(function: ToolFunction) -> ToolFunction:
    """Return what a partial calls: the partial itself has neither marks nor a docstring of its own."""
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _function_name(function: ToolFunction) -> str:
    return getattr(function, "__name__", None) or qualified_name(function).rpartition(".")[2]


def _origin(spec: NodeSpec) -> str:
    return f"`{qualified_name(spec.node.func)}`"


def _unique(names: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names or ()))


def _json_part(value: object, inside: tuple[object, ...] = ()) -> Iterator[object]:
    """Yield what JSON can hold of a value, which may be nothing; `inside` is what the value is part of."""
    if _is_json(value):
        yield value
    elif any(value is outer for outer in inside):
        return
    elif isinstance(value, Mapping):
        members = cast("Mapping[object, object]", value)  # isinstance cannot see the types
        yield {
            key: part
            for key, member in members.items()
            if isinstance(key, str)
            for part in _json_part(member, (*inside, members))
        }
    elif isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)  # as above
        yield [part for item in items for part in _json_part(item, (*inside, items))]


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True

"""Nodes: an async function with a name and the policy under which the runtime calls it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias, get_args

from penguiflow._envelope import ModelLookup, Validate, conversion_for
from penguiflow._ids import new_id

__all__ = ["Node", "NodeFunction", "NodePolicy"]

NodeFunction: TypeAlias = Callable[[Any, Any], Coroutine[Any, Any, Any]]
"""`async def f(message, ctx)`; the types of the message and of the result are the user's."""

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(slots=True)
class NodePolicy:
    """How the runtime treats a node.

    `timeout_s` bounds one attempt of the function. A failed attempt is repeated `max_retries` times,
    after `backoff_base * backoff_mult ** n` seconds, at most `max_backoff`. Up to `max_concurrency`
    traces are worked on at once; the items of one trace stay in order.
    """

    validate: Validate = "both"
    timeout_s: float | None = None
    max_retries: int = 0
    backoff_base: float = 0.5
    backoff_mult: float = 2.0
    max_backoff: float | None = None
    max_concurrency: int = 1

    def __post_init__(self) -> None:
        allowed = get_args(Validate)
        if self.validate not in allowed:
            raise ValueError(f"validate must be one of {', '.join(allowed)}; got `{self.validate}`")
        if self.max_concurrency < 1:
            raise ValueError(f"max_concurrency must be at least 1; got `{self.max_concurrency}`")

    def next_delay_s(self, failed_attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up; attempts count from 0."""
        if failed_attempt >= self.max_retries:
            return None
        try:
            delay = self.backoff_base * self.backoff_mult**failed_attempt
        except OverflowError:
            delay = float("inf")
        if self.max_backoff is not None:
            delay = min(delay, self.max_backoff)
        return max(delay, 0.0)


@dataclass(slots=True)
class Node:
    """One processing step; `allow_cycle` lets it have an edge to itself.

    Raises:
        TypeError: `func` is not declared with `async def`.
        ValueError: it does not take exactly the message and the context, by position.
    """

    func: NodeFunction
    name: str = ""
    policy: NodePolicy = field(default_factory=NodePolicy)
    allow_cycle: bool = False
    node_id: str = field(init=False, default_factory=new_id)

    def __init__(
        self,
        func: NodeFunction,
        name: str | None = None,
        policy: NodePolicy | None = None,
        allow_cycle: bool = False,
    ) -> None:
        if not inspect.iscoroutinefunction(func):
            raise TypeError(f"node function `{func!r}` must be declared with async def")
        self.func = func
        self.name = name or _own_name(func)
        self.policy = NodePolicy() if policy is None else policy
        self.allow_cycle = allow_cycle
        self.node_id = new_id()
        _check_parameters(func, self.name)

    def to(self, *nodes: Node) -> tuple[Node, tuple[Node, ...]]:
        """Return the adjacency of this node for `create`; without successors it is terminal."""
        return self, nodes

    async def invoke(self, message: Any, ctx: Any, *, registry: ModelLookup | None) -> Any:
        """Call the function once, with the conversions its registered models ask for.

        `message` and the result are whatever the node declares; `ctx` may be any object.
        """
        conversion = conversion_for(self.name, self.policy.validate, registry)
        value = message if conversion.accept is None else conversion.accept(message)
        result = await self.func(value, ctx)
        if result is None or conversion.give is None:
            return result
        return conversion.give(result, message)

    def __hash__(self) -> int:
        return hash(self.node_id)


def _own_name(func: NodeFunction) -> str:
    name = getattr(func, "__name__", None)
    if not isinstance(name, str):
        raise TypeError(f"node function `{func!r}` has no name of its own; pass `name=`")
    return name


def _check_parameters(func: NodeFunction, name: str) -> None:
    parameters = list(inspect.signature(func).parameters.values())
    if len(parameters) != 2:
        raise ValueError(
            f"node `{name}` must take exactly two parameters (message, ctx); it takes {len(parameters)}"
        )
    if parameters[1].kind not in _BY_POSITION:
        raise ValueError(f"Context parameter must be positional; node `{name}` takes it by keyword")

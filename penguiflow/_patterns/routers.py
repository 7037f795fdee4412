"""Routers: nodes that send an item on to some of their successors, as a function of the item.

A router proposes targets, the policy (if there is one) overrides or drops them, and the item goes to
what is left. It returns nothing itself, so an item without a target ends at the router in silence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import TypeAdapter

from penguiflow._envelope import derived
from penguiflow._patterns.decisions import RoutingDecisionType, resolve, targets_of
from penguiflow._runtime.trace import trace_id_of
from penguiflow.core import Context
from penguiflow.node import Node, NodePolicy
from penguiflow.policies import PolicyLike, RoutingRequest, evaluate_policy
from penguiflow.types import Message


def predicate_router(
    name: str,
    predicate: Callable[[Any], RoutingDecisionType],  # it sees whatever travels
    *,
    policy: PolicyLike | None = None,
) -> Node:
    """Return a node that sends an item where `predicate` says: to nodes, names, or (None) nowhere.

    The node fails with KeyError for a name that no successor has, and with TypeError for an answer
    that names nothing.

    Raises:
        TypeError: `predicate` is async.
    """
    if inspect.iscoroutinefunction(predicate):
        raise TypeError(f"the predicate of router `{name}` must not be async; let a `policy` do what waits")

    async def route(item: Any, ctx: Context) -> None:  # whatever travels
        await _send(item, ctx, router, predicate(item), policy)

    router = Node(route, name=name, policy=NodePolicy(validate="none"))
    return router


def union_router(
    name: str,
    union_model: Any,  # a type form such as `Annotated[A | B, Field(discriminator="kind")]`
    *,
    policy: PolicyLike | None = None,
) -> Node:
    """Return a node that sends each variant of a union to the successor named like the variant.

    That name is the variant's `kind`, or its class name if it has none. What goes on is the validated
    object. A `Message` is validated as a whole if the union is one of messages; otherwise its payload
    is, and goes on in the same envelope.
    """
    validate = TypeAdapter[Any](union_model).validate_python
    envelopes = tuple(kind for kind in _variants(union_model) if issubclass(kind, Message))

    async def route(item: Any, ctx: Context) -> None:  # whatever travels
        if isinstance(item, Message) and not isinstance(item, envelopes):
            variant = validate(item.payload)
            checked = item if variant is item.payload else derived(item, payload=variant)
        else:
            variant = checked = validate(item)
        await _send(checked, ctx, router, _variant_name(variant), policy)

    router = Node(route, name=name, policy=NodePolicy(validate="none"))
    return router


async def _send(
    item: object, ctx: Context, router: Node, decision: RoutingDecisionType, policy: PolicyLike | None
) -> None:
    targets = _resolved(decision, ctx, router)
    if targets and policy is not None:
        request = RoutingRequest(
            message=item, context=ctx, node=router, proposed=targets, trace_id=trace_id_of(item)
        )
        targets = _resolved(await evaluate_policy(policy, request), ctx, router)
    if targets:
        await ctx.emit(item, to=targets)


def _resolved(decision: RoutingDecisionType, ctx: Context, router: Node) -> tuple[Node, ...]:
    if isinstance(decision, Node):
        return (decision,)
    successors = (floe.target for floe in ctx.outgoing if isinstance(floe.target, Node))
    return resolve(targets_of(decision), successors, router.name)


def _variant_name(variant: object) -> str:
    kind = getattr(variant, "kind", None)
    return kind if isinstance(kind, str) else type(variant).__name__


def _variants(union_model: Any) -> Iterable[type]:  # a type form has no type of its own
    origin = get_origin(union_model)
    if origin is Annotated:
        yield from _variants(get_args(union_model)[0])
    elif origin in (Union, UnionType):
        for member in get_args(union_model):
            yield from _variants(member)
    elif isinstance(union_model, type):
        yield union_model

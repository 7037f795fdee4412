"""The join: a node that waits for `k` items of one trace and sends them on as one.

`penguiflow._patterns.buckets` says how long they wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penguiflow._envelope import derived
from penguiflow._patterns.buckets import Keeper, Shelf, bucket_for
from penguiflow._runtime.trace import trace_id_of
from penguiflow.core import Context
from penguiflow.node import Node, NodePolicy
from penguiflow.types import Message


def join_k(name: str, k: int) -> Node:
    """Return a node that collects `k` items per trace id, in the order of arrival, and sends on one.

    If the first item is a `Message`, the result is a copy of it (trace, headers, deadline) whose payload
    is the list of the payloads. Its `meta` has the keys of all `k` messages; where several have a key,
    the value that arrived first stands. Otherwise the result is the list of the items.

    The node fails with ValueError for an item without a trace id.

    Raises:
        ValueError: `k` is not positive.
    """
    if k <= 0:
        raise ValueError(f"k must be positive; join `{name}` got `{k}`")
    shelf = Shelf()

    async def join(item: Any, ctx: Any) -> Any:  # whatever travels; tests pass contexts of their own
        trace_id = trace_id_of(item)
        if trace_id is None:
            raise ValueError(
                f"join_k requires messages with trace_id; `{name}` got a bare `{type(item).__name__}`:"
                " emit a `Message`, or give the item a `trace_id`"
            )
        keeper: Keeper = ctx if isinstance(ctx, Context) and ctx.runtime is not None else shelf
        bucket = bucket_for(item, trace_id, keeper)
        bucket.items.append(item)
        if len(bucket.items) < k:
            return None
        bucket.discard()
        return joined(bucket.items)

    return Node(join, name=name, policy=NodePolicy(validate="none"))


def joined(items: Sequence[Any]) -> Any:  # items of any kind, as they travelled
    """Return what a full bucket is sent on as."""
    first = items[0]
    if not isinstance(first, Message):
        return list(items)
    # The headers stay those of the first message: a mixture would be headers that nobody sent.
    meta = dict(first.meta)
    for later in items[1:]:
        if isinstance(later, Message):
            for key, value in later.meta.items():
                meta.setdefault(key, value)
    payloads = [item.payload if isinstance(item, Message) else item for item in items]
    return derived(first, payload=payloads, meta=meta)

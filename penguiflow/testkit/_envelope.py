"""Does a node leave the envelope of its message as it was?"""

from __future__ import annotations

import inspect
from typing import Any, NoReturn

from penguiflow.node import Node, NodeFunction
from penguiflow.types import Headers, Message


async def assert_preserves_message_envelope(
    node: Node | NodeFunction,
    *,
    message: Message | None = None,
    ctx: Any = None,  # whatever the function makes of its context
) -> Message:
    """Call a node's function once and assert that headers and trace stay; return what it returned.

    Nothing is validated or repeated. The default context takes what is emitted and drops it.

    Raises:
        TypeError: `node` is neither a node nor an async function.
        AssertionError: the result is no `Message`, or its envelope is another one.
    """
    function: object = node.func if isinstance(node, Node) else node
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"an async node or the async function of one is needed; got `{function!r}`")
    sent = Message(payload="sample", headers=Headers(tenant="testkit")) if message is None else message
    # A copy, because the node may change the envelope in place.
    headers, trace_id = sent.headers.model_copy(deep=True), sent.trace_id
    result: object = await function(sent, _DeafContext() if ctx is None else ctx)
    if not isinstance(result, Message):
        raise AssertionError(f"the node must return a Message; it returned `{type(result).__name__}`")
    changes: list[str] = []
    if result.headers != headers:
        changes.append(f"`headers` from `{headers!r}` to `{result.headers!r}`")
    if result.trace_id != trace_id:
        changes.append(f"`trace_id` from `{trace_id}` to `{result.trace_id}`")
    if changes:
        raise AssertionError(
            f"the node changed {' and '.join(changes)}; derive with `model_copy(update=...)`"
        )
    return result


class _DeafContext:
    """Takes what a node emits, and drops it."""

    async def emit(self, msg: object, to: object = None) -> None: ...

    def emit_nowait(self, msg: object, to: object = None) -> None: ...

    async def emit_chunk(self, *_places: object, **_fields: object) -> NoReturn:
        raise RuntimeError("this context does not support emit_chunk; pass `ctx=` to test a streaming node")

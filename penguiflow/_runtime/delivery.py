"""Where the results of one node go."""

from __future__ import annotations

from typing import assert_never

from penguiflow._runtime.budgets import Finish, LoopBack, is_controller_payload, judge
from penguiflow._runtime.context import Context
from penguiflow._runtime.floe import Floe
from penguiflow._runtime.sending import branch_of, push, put
from penguiflow._runtime.services import Services
from penguiflow._runtime.trace import Trace, trace_id_of
from penguiflow.types import WM, Message


class Delivery:
    """Takes results to the successors, round the controller's loop, or out to the Rookery.

    Every node has a way out to the Rookery for answers and errors, whatever its successors are.
    """

    __slots__ = ("_context", "_only_floe", "_services", "_way_out")

    def __init__(self, context: Context, way_out: Floe, services: Services) -> None:
        self._context = context
        self._way_out = way_out
        self._services = services
        self._only_floe = context.outgoing[0] if len(context.outgoing) == 1 and services.bus is None else None

    def at_once(self, held: Trace | None, result: object, origin: Trace | None) -> bool:
        """Deliver an ordinary result to the only successor if that needs no wait; tell whether it did.

        `held` is the trace of the item the node worked on, `origin` the same or, for a bare item, the
        one that item was made from.
        """
        floe = self._only_floe
        if floe is None or floe.depth + floe.reserved >= floe.limit:
            return False
        if type(result) is not Message:
            if trace_id_of(result) is not None:
                return False
            if origin is not None:
                self._services.traces.remember(origin)
            floe.push(None, result, origin)
            return True
        payload: object = result.payload
        if is_controller_payload(type(payload)):
            return False
        if held is not None and held.trace_id == result.trace_id:
            floe.push(held, result)
        else:
            floe.push(self._services.traces.of(result), result)
        return True

    async def deliver(self, incoming: object, result: object) -> None:
        """Deliver any result, waiting for room where necessary."""
        payload: object = result.payload if isinstance(result, Message) else None
        if isinstance(result, Message) and is_controller_payload(type(payload)):
            loops = self._context.loop_floe is not None
            verdict = judge(result, incoming, loops=loops, now=self._services.clock())
            if verdict is not None:
                await self._follow(verdict)
                return
        for turn, floe in enumerate(self._context.outgoing):
            item = result if turn == 0 else branch_of(result)
            if floe is self._context.loop_floe:
                self._push_round(floe, item)
            elif self._services.bus is None and floe.has_room():
                push(floe, item, self._services)
            else:
                await put(floe, item, self._services)

    async def to_rookery(self, item: object) -> None:
        """Hand an answer or an error to the caller of the flow."""
        await put(self._way_out, item, self._services)

    async def _follow(self, verdict: Finish | LoopBack) -> None:
        match verdict:
            case Finish(message=message):
                await self.to_rookery(message)
            case LoopBack(message=message, echo=echo):
                if echo:
                    await self._show_iteration(message)
                if self._context.loop_floe is not None:
                    self._push_round(self._context.loop_floe, message)
            case _ as unknown:
                assert_never(unknown)

    async def _show_iteration(self, message: Message) -> None:
        await self.to_rookery(message.model_copy(deep=True))
        trace = self._services.traces.find(message.trace_id)
        if trace is not None and isinstance(message.payload, WM):
            hops, shown = message.payload.hops, trace.shown_hops
            trace.shown_hops = range(hops if shown is None else min(shown.start, hops), hops + 1)

    def _push_round(self, loop_floe: Floe, item: object) -> None:
        # The loop takes an item beyond its bound rather than wait for its own only consumer, which
        # prefers the full loop to anything else, so the excess is one item per worker of the node.
        if self._services.bus is not None:
            self._services.bus.put(loop_floe.source, loop_floe.target, item)
        push(loop_floe, item, self._services)

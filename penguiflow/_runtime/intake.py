"""Which item the workers of a node take next."""

from __future__ import annotations

from penguiflow._runtime.context import Context
from penguiflow._runtime.floe import Parcel
from penguiflow._runtime.inbox import trace_worked_for
from penguiflow._runtime.trace import Trace


class Intake:
    """For a node that works on one item after the other."""

    __slots__ = ("_context",)

    def __init__(self, context: Context) -> None:
        self._context = context

    def take(self) -> Parcel | None:
        """Remove the item that is next, or return None."""
        inbox = self._context.inbox
        if not inbox.queue:
            return None
        loop_floe = self._context.loop_floe
        if loop_floe is not None and not loop_floe.has_room():
            # Only this node empties the loop; taking anything else could fill it for good.
            parcel = inbox.take_from((loop_floe,))
            if parcel is not None:
                return parcel
        return inbox.take()

    def has_next(self) -> bool:
        """Tell whether there is an item to take."""
        return bool(self._context.inbox.queue)

    def done(self, parcel: Parcel) -> None:
        """Note that the work on this item is done."""


class SharedIntake(Intake):
    """For several workers of one node: each trace has one of them at a time, so its order stays.

    Bare items that were not made from a traced one have no order to keep.
    """

    __slots__ = ("_busy",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._busy: set[Trace] = set()

    def take(self) -> Parcel | None:
        """Remove the first item whose trace nobody works on, or return None."""
        inbox, loop_floe = self._context.inbox, self._context.loop_floe
        parcel = None
        if loop_floe is not None and not loop_floe.has_room():
            parcel = inbox.take_unless(self._busy, loop_floe)
        if parcel is None:
            parcel = inbox.take_unless(self._busy)
        if parcel is not None and (trace := trace_worked_for(parcel)) is not None:
            self._busy.add(trace)
        return parcel

    def has_next(self) -> bool:
        """Tell whether there is an item whose trace nobody works on."""
        return self._context.inbox.has_unless(self._busy)

    def done(self, parcel: Parcel) -> None:
        """Let the next item of the same trace be taken."""
        trace = trace_worked_for(parcel)
        if trace is not None:
            self._busy.discard(trace)

"""What a node sees of the flow: its incoming and outgoing floes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from penguiflow._runtime.endpoints import OPEN_SEA, Owner
from penguiflow._runtime.floe import Floe, Inbox, Parcel
from penguiflow._runtime.services import Services
from penguiflow._runtime.trace import Traces
from penguiflow.errors import DeadlockError
from penguiflow.types import Message, StreamChunk

Owners: TypeAlias = Owner | Sequence[Owner]


class Runtime(Protocol):
    """What a context needs of the flow it belongs to."""

    @property
    def services(self) -> Services: ...


class Context:
    """The place of one node, or of one end of the flow, in the graph.

    Node code gets its context as second argument. Emitting waits for room in the target's queue;
    cancelling the wait takes the item back.
    """

    def __init__(self, owner: Owner, runtime: Runtime | None = None) -> None:
        self.inbox = Inbox()
        self.outgoing: tuple[Floe, ...] = ()
        self.loop_floe: Floe | None = None
        """The edge of the owner to itself."""
        self._owner = owner
        self._runtime = runtime
        self._incoming_by_source: dict[Owner, Floe] = {}
        self._outgoing_by_target: dict[Owner, Floe] = {}

    @property
    def owner(self) -> Owner:
        """The node or endpoint this context belongs to."""
        return self._owner

    @property
    def runtime(self) -> Runtime | None:
        """The flow this context belongs to."""
        return self._runtime

    async def emit(self, msg: Any, to: Owners | None = None) -> None:
        """Send an item of any type to the given successors, or to all, one after the other.

        Raises:
            KeyError: a target is no successor.
            DeadlockError: the node fills its own queue, which only itself could empty.
            FlowStopped: the flow stopped while the item waited for room.
        """
        traces = self._bound().traces
        for turn, floe in enumerate(self.targets(to)):
            item = msg if turn == 0 else branch_of(msg)
            if floe.has_room():
                floe.push(traces.of(item), item)
                continue
            self._refuse_waiting_for_itself(floe)
            await put(floe, item, traces)

    def emit_nowait(self, msg: Any, to: Owners | None = None) -> None:
        """Send an item of any type without waiting; edges before a full one keep theirs.

        Raises:
            asyncio.QueueFull: a target has no room.
            KeyError: a target is no successor.
        """
        traces = self._bound().traces
        for turn, floe in enumerate(self.targets(to)):
            if not floe.has_room():
                raise asyncio.QueueFull(f"`{floe.edge}` is full")
            item = msg if turn == 0 else branch_of(msg)
            floe.push(traces.of(item), item)

    async def emit_chunk(
        self,
        *,
        parent: Message,
        text: str,
        stream_id: str | None = None,
        seq: int | None = None,
        done: bool = False,
        meta: Mapping[str, Any] | None = None,  # free-form by contract
        to: Owners | None = None,
    ) -> StreamChunk:
        """Send one piece of a streamed text in an envelope derived from `parent`.

        Chunks of one `stream_id` (default: the trace) are numbered in the order of their acceptance;
        `done` closes the stream. From the second chunk on, the trace's own backlog is bounded too.
        """
        services = self._bound()
        floes = self.targets(to)
        stream = parent.trace_id if stream_id is None else stream_id
        if services.streams.is_open(stream):
            await services.traces.wait_for_room(parent.trace_id, services.queue_maxsize)
        chunk = StreamChunk(stream_id=stream, seq=seq or 0, text=text, done=done, meta=dict(meta or {}))
        message = Message(
            payload=chunk,
            headers=parent.headers,
            trace_id=parent.trace_id,
            deadline_s=parent.deadline_s,
            meta=dict(parent.meta),
        )
        await self._reserve_all(floes)
        # Nothing waits from here on, so a chunk has its number exactly if it is queued.
        for turn, floe in enumerate(floes):
            item = message if turn == 0 else branch_of(message)
            trace = services.traces.of(item)
            if turn == 0 and trace is not None:
                chunk.seq = services.streams.accept(
                    stream, seq=seq, done=done, trace=trace, outside=self._owner is OPEN_SEA
                )
            floe.spend(trace, item)
        return chunk

    async def fetch(self, from_: Owners | None = None) -> Any:
        """Return the item, of any type, that arrived first, or first from the given sources.

        Cancelling the wait loses nothing.

        Raises:
            RuntimeError: there is no incoming edge.
            KeyError: a source is no predecessor.
            FlowStopped: the flow stopped while the caller waited.
        """
        floes = self._sources(from_)
        while (parcel := self._take(floes)) is None:
            await self.inbox.wait(floes)
        item = self._account(parcel)
        if self._runtime is not None and self._runtime.services.farewells.pending:
            await self._runtime.services.farewells.say()
        return item

    async def fetch_any(self, from_: Owners | None = None) -> Any:
        """Return the first item of several sources; the same as `fetch`."""
        return await self.fetch(from_)

    def fetch_nowait(self, from_: Owners | None = None) -> Any:
        """Return an item, of any type, that is already there.

        Raises:
            asyncio.QueueEmpty: there is none.
        """
        parcel = self._take(self._sources(from_))
        if parcel is None:
            raise asyncio.QueueEmpty(f"nothing has arrived at `{self._owner.name}`")
        return self._account(parcel)

    def outgoing_count(self) -> int:
        """Count the outgoing edges, the one to the Rookery included."""
        return len(self.outgoing)

    def queue_depth_in(self) -> int:
        """Count the items that wait for the owner."""
        return len(self.inbox.ready)

    def queue_depth_out(self) -> int:
        """Count the items that wait on the outgoing edges."""
        return sum(len(floe.items) for floe in self.outgoing)

    def add_incoming_floe(self, floe: Floe) -> None:
        """Receive from this floe; it must be empty."""
        floe.inbox = self.inbox
        self._incoming_by_source[floe.source] = floe
        if floe.source is self._owner:
            self.loop_floe = floe

    def add_outgoing_floe(self, floe: Floe) -> None:
        """Send to this floe, after the ones added before."""
        self._outgoing_by_target[floe.target] = floe
        self.outgoing = (*self.outgoing, floe)

    def close(self) -> None:
        """Drop what is queued for the owner and wake everybody who waits, because the flow stopped."""
        for floe in self._incoming_by_source.values():
            floe.close()
        self.inbox.close()

    def targets(self, to: Owners | None) -> Sequence[Floe]:
        """Return the outgoing floes to the given successors, in the given order."""
        if to is None:
            if not self.outgoing:
                raise RuntimeError(
                    f"`{self._owner.name}` has no outgoing floe, so the item would be lost;"
                    " give the flow a node without a parent"
                )
            return self.outgoing
        owners = to if isinstance(to, Sequence) else (to,)
        return [self._target(owner) for owner in owners]

    def _target(self, owner: Owner) -> Floe:
        floe = self._outgoing_by_target.get(owner)
        if floe is None:
            raise KeyError(f"Unknown target {owner.name} for {self._owner.name}")
        return floe

    def _sources(self, from_: Owners | None) -> Collection[Floe] | None:
        if not self._incoming_by_source:
            raise RuntimeError("context has no incoming floes to fetch from")
        if from_ is None:
            return None
        owners = from_ if isinstance(from_, Sequence) else (from_,)
        unknown = [owner.name for owner in owners if owner not in self._incoming_by_source]
        if unknown:
            raise KeyError(f"Unknown source {', '.join(unknown)} for {self._owner.name}")
        return [self._incoming_by_source[owner] for owner in owners]

    def _take(self, floes: Collection[Floe] | None) -> Parcel | None:
        if floes is not None:
            return self.inbox.take_from(floes)
        return self.inbox.take() if self.inbox.ready else None

    def _account(self, parcel: Parcel) -> object:
        trace, item = parcel
        if trace is not None and self._runtime is not None:
            self._runtime.services.traces.settle(trace)
        return item

    async def _reserve_all(self, floes: Sequence[Floe]) -> None:
        reserved: list[Floe] = []
        try:
            for floe in floes:
                if not floe.has_room():
                    self._refuse_waiting_for_itself(floe)
                await floe.reserve()
                reserved.append(floe)
        except BaseException:
            for floe in reserved:
                floe.release()
            raise

    def _refuse_waiting_for_itself(self, floe: Floe) -> None:
        if floe is self.loop_floe and asyncio.current_task() is self.inbox.consumer:
            raise DeadlockError(self._owner.name, floe.edge, floe.limit)

    def _bound(self) -> Services:
        if self._runtime is None:
            raise RuntimeError(f"the context of `{self._owner.name}` belongs to no flow")
        return self._runtime.services


async def put(floe: Floe, item: object, traces: Traces) -> None:
    """Wait for a place and queue the item; a cancelled wait leaves no trace of it."""
    await floe.reserve()
    floe.spend(traces.of(item), item)


def branch_of(item: object) -> object:
    """Return the item for a further branch: an envelope with its own `meta`, around the same payload."""
    if isinstance(item, Message):
        return item.model_copy(update={"meta": dict(item.meta)})
    return item

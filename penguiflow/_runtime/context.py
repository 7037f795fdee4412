"""What a node sees of the flow: its incoming and outgoing floes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel

from penguiflow._runtime.chunks import chunk_message, refuse_wrong_types
from penguiflow._runtime.endpoints import OPEN_SEA, Owner
from penguiflow._runtime.floe import Floe, Parcel
from penguiflow._runtime.inbox import Inbox
from penguiflow._runtime.origin import envelope_of
from penguiflow._runtime.playbook import CallingFlow, PlaybookFactory, call_playbook
from penguiflow._runtime.sending import branch_of, has_room, push, put, reserve
from penguiflow._runtime.services import Services
from penguiflow._runtime.statistics import ContextStatistics
from penguiflow._runtime.trace import Trace
from penguiflow.types import Message, StreamChunk

Owners: TypeAlias = Owner | Sequence[Owner]


class Runtime(CallingFlow, Protocol):
    """What a context needs of the flow it belongs to."""

    @property
    def services(self) -> Services: ...


class Context:
    """The place of one node, or of one end of the flow, in the graph.

    Node code gets its context as second argument. Emitting waits for room in the target's queue;
    cancelling the wait takes the item back.
    """

    def __init__(self, owner: Owner, runtime: Runtime | None = None, inbox: Inbox | None = None) -> None:
        self.inbox = Inbox() if inbox is None else inbox
        self.outgoing: tuple[Floe, ...] = ()
        self.loop_floe: Floe | None = None
        """The edge of the owner to itself."""
        self._owner = owner
        self._runtime = runtime
        self._services: Services | None = None
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
            DeadlockError: nobody could ever make room, since all who could wait for one another.
            FlowStopped: the flow stopped while the item waited for room.
        """
        services = self._bound()
        for turn, floe in enumerate(self.targets(to)):
            item = msg if turn == 0 else branch_of(msg)
            if services.bus is None and floe.has_room():
                push(floe, item, services)
                continue
            await put(floe, item, services)

    def emit_nowait(self, msg: Any, to: Owners | None = None) -> None:
        """Send an item of any type without waiting; edges before a full one keep theirs.

        Raises:
            asyncio.QueueFull: a target has no room.
            KeyError: a target is no successor.
        """
        services = self._bound()
        for turn, floe in enumerate(self.targets(to)):
            if not floe.has_room():
                raise asyncio.QueueFull(f"`{floe.edge}` is full")
            item = msg if turn == 0 else branch_of(msg)
            if services.bus is not None:
                services.bus.put(floe.source, floe.target, item)
            push(floe, item, services)

    async def emit_chunk(
        self,
        *,
        parent: Message | BaseModel,
        text: str,
        stream_id: str | None = None,
        seq: int | None = None,
        done: bool = False,
        meta: Mapping[str, Any] | None = None,  # free-form by contract
        to: Owners | None = None,
    ) -> StreamChunk:
        """Send one piece of a streamed text in an envelope derived from `parent`.

        A node that is registered for payload models may pass the payload that it works on.
        Chunks of one `stream_id` (default: the trace) are numbered in the order of their acceptance;
        `done` closes the stream. From the second chunk on, the trace's own backlog is bounded too.
        """
        if type(parent) is not Message:
            parent = envelope_of(parent)
        services = self._services or self._bound()
        floes = (to is None and self.outgoing) or self.targets(to)
        trace_id = parent.trace_id
        stream = trace_id if stream_id is None else stream_id
        if meta is not None or stream is not trace_id or (type(text), type(done)) != (str, bool):
            refuse_wrong_types(stream, text, done, meta)
        traces, maxsize = services.traces, services.queue_maxsize
        trace = traces.find(trace_id)
        if trace is not None and not trace.admits_chunk(maxsize) and services.streams.is_open(stream):
            await traces.wait_for_room(trace_id, maxsize)
            trace = None  # who knows what happened meanwhile
        reserved = services.bus is not None or not has_room(floes)
        if reserved:
            await self._reserve_all(floes)
            trace = None
        # Nothing waits from here on, so a chunk has its number exactly if it is queued.
        if trace is None:
            trace = traces.named(trace_id)
        number = services.streams.accept(stream, seq, done, trace, self._owner is OPEN_SEA) if floes else seq
        message = chunk_message(parent, stream, number or 0, text, done, meta)
        if reserved or len(floes) != 1:
            self._spread(message, floes, trace, reserved=reserved)
        else:
            floes[0].push(trace, message)
        chunk: StreamChunk = message.payload
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
        while (parcel := self.inbox.take_from(floes)) is None:
            await self.inbox.wait(floes)
        return self.received(parcel)

    async def fetch_any(self, from_: Owners | None = None) -> Any:
        """Return the first item of several sources; the same as `fetch`."""
        return await self.fetch(from_)

    def fetch_nowait(self, from_: Owners | None = None) -> Any:
        """Return an item, of any type, that is already there.

        Raises:
            asyncio.QueueEmpty: there is none.
        """
        parcel = self.inbox.take_from(self._sources(from_))
        if parcel is None:
            raise asyncio.QueueEmpty(f"nothing has arrived at `{self._owner.name}`")
        return self.received(parcel)

    def received(self, parcel: Parcel) -> Any:
        """Note that somebody has got this item, and return it."""
        trace = parcel[0]
        if trace is not None and (not trace.queued or trace.room_waiters):
            self._bound().traces.settle(trace)
        return parcel[1]

    async def call_playbook(
        self,
        playbook: PlaybookFactory,
        parent_msg: Any,  # any item can be emitted
        *,
        timeout: float | None = None,
    ) -> Any:  # whatever the last node of the playbook returned
        """Run a fresh flow on the message and return its first payload; see `call_playbook`."""
        return await call_playbook(playbook, parent_msg, timeout, runtime=self._runtime)

    def kept(self, trace_id: str) -> list[Any]:
        """Return the list of anything that the owner keeps for a trace between two items.

        It lives until `forget`, until the trace is cancelled, or until the flow stops. What is kept is
        not pending, but the trace stays known to `cancel`.
        """
        trace = self._bound().traces.named(trace_id)
        if trace.cancelled:
            return []
        if trace.kept is None:
            trace.kept = {}
        return trace.kept.setdefault(self._owner.node_id, [])

    def forget(self, trace_id: str) -> None:
        """Drop what the owner keeps for a trace."""
        traces = self._bound().traces
        trace = traces.find(trace_id)
        if trace is not None and trace.kept is not None:
            trace.kept.pop(self._owner.node_id, None)
            traces.settle(trace)

    def outgoing_count(self) -> int:
        """Count the outgoing edges, the one to the Rookery included."""
        return len(self.outgoing)

    def queue_depth_in(self) -> int:
        """Count the items that wait for the owner."""
        return self.inbox.depth()

    def queue_depth_out(self) -> int:
        """Count the items that wait on the outgoing edges."""
        depth = 0
        for floe in self.outgoing:  # a loop, since this is counted for every event
            depth += floe.depth
        return depth

    def statistics(self) -> ContextStatistics:
        """Return how full the edges of the owner are at this moment, and how busy the owner is."""
        incoming = [floe.statistics() for floe in self._incoming_by_source.values()]
        return ContextStatistics(
            owner=self._owner.name,
            depth_in=self.inbox.depth(),
            depth_out=self.queue_depth_out(),
            in_flight=sum(worker.is_busy() for worker in self.inbox.crew),
            max_concurrency=len(self.inbox.crew),
            waiting_consumers=self.inbox.awaited,
            waiting_producers=sum(floe.waiting_producers for floe in incoming),
            taken=sum(floe.taken for floe in incoming),
        )

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

    def open(self) -> None:
        """Let producers wait for room again."""
        for floe in self._incoming_by_source.values():
            floe.open()

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

    def _spread(self, message: Message, floes: Sequence[Floe], trace: Trace, *, reserved: bool) -> None:
        bus = self._bound().bus
        for turn, floe in enumerate(floes):
            item = message if turn == 0 else branch_of(message)
            if bus is not None:
                bus.put(floe.source, floe.target, item)
            if reserved:
                floe.spend(trace, item)
            else:
                floe.push(trace, item)

    async def _reserve_all(self, floes: Sequence[Floe]) -> None:
        reserved: list[Floe] = []
        try:
            for floe in floes:
                await reserve(floe)
                reserved.append(floe)
            bus = self._bound().bus
            if bus is not None:
                await bus.outlet.caught_up()
        except BaseException:
            for floe in reserved:
                floe.release()
            raise

    def _bound(self) -> Services:
        if self._services is None:
            if self._runtime is None:
                raise RuntimeError(f"the context of `{self._owner.name}` belongs to no flow")
            self._services = self._runtime.services
        return self._services

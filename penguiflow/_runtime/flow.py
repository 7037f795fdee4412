"""The flow: a graph of nodes with its queues, its workers and the two ends callers use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack

from penguiflow._clock import WallClock, wall_clock
from penguiflow._envelope import conversion_for, derived
from penguiflow._runtime.budgets import is_controller_payload
from penguiflow._runtime.cancellation import Cancellation
from penguiflow._runtime.context import Context, Owners
from penguiflow._runtime.crew import Crew
from penguiflow._runtime.errands import Errands
from penguiflow._runtime.graph import Adjacency, Graph, build_graph
from penguiflow._runtime.intake import Intake, SharedIntake
from penguiflow._runtime.outlets import Outlets
from penguiflow._runtime.services import Services, build_services
from penguiflow._runtime.statistics import FlowStatistics
from penguiflow._runtime.wiring import lay_floes
from penguiflow._runtime.worker import Worker
from penguiflow.errors import FlowStopped, StopTimeoutError
from penguiflow.metrics import Middleware
from penguiflow.node import Node
from penguiflow.registry import ModelRegistry
from penguiflow.types import WM, Message, StreamChunk

if TYPE_CHECKING:
    from penguiflow.bus import MessageBus
    from penguiflow.state.models import RemoteBinding, StoredEvent
    from penguiflow.state.protocol import StateStore

DEFAULT_QUEUE_MAXSIZE = 64

_Phase: TypeAlias = Literal["new", "running", "stopping", "stopped"]


class FlowOptions(TypedDict, total=False):
    """The keyword arguments of `PenguiFlow`."""

    queue_maxsize: int
    allow_cycles: bool
    middlewares: Sequence[Middleware] | None
    emit_errors_to_rookery: bool
    state_store: StateStore | None
    message_bus: MessageBus | None
    clock: WallClock


class PenguiFlow:
    """Runs nodes that are joined by bounded queues.

    `queue_maxsize` bounds each edge (0: unbounded). With `emit_errors_to_rookery`, `fetch` returns a
    `FlowError` when a node has failed for good; otherwise such an item is only reported. `state_store`
    gets every event and `message_bus` every queued item, in order; one that is slow or broken does not
    hold up the flow. `clock` tells Unix time for deadlines and events.

    Raises:
        CycleError: the graph has a cycle that is not allowed.
    """

    def __init__(
        self,
        *adjacencies: Adjacency,
        queue_maxsize: int = DEFAULT_QUEUE_MAXSIZE,
        allow_cycles: bool = False,
        middlewares: Sequence[Middleware] | None = None,
        emit_errors_to_rookery: bool = False,
        state_store: StateStore | None = None,
        message_bus: MessageBus | None = None,
        clock: WallClock = wall_clock,
    ) -> None:
        self._graph = build_graph(adjacencies, allow_cycles=allow_cycles)
        self._waters = lay_floes(self._graph, self, queue_maxsize)
        self._services = build_services(
            queue_maxsize=queue_maxsize,
            emit_errors_to_rookery=emit_errors_to_rookery,
            clock=clock,
            middlewares=middlewares or (),
            rookery=self._waters.rookery,
            landing=self._waters.landing,
            outlets=Outlets(state_store, message_bus),
        )
        self._round_trips = self._services.round_trips
        self._errands = Errands()
        self._cancellation = Cancellation(self._services, self._waters, self._errands)
        self._phase: _Phase = "new"
        self._loss: FlowStopped | None = None
        self._crew: Crew | None = None
        self._registry: ModelRegistry | None = None

    @property
    def graph(self) -> Graph:
        """The nodes and their edges, in the order of declaration."""
        return self._graph

    @property
    def services(self) -> Services:
        """What contexts and workers share; part of the runtime, not of its documented surface."""
        return self._services

    @property
    def registry(self) -> ModelRegistry | None:
        """The registry passed to `run`."""
        return self._registry

    def run(self, *, registry: ModelRegistry | None = None) -> None:
        """Start one worker task per node in the running event loop.

        Raises:
            RuntimeError: the flow runs already, or a validating node is missing in the registry.
        """
        if self._phase == "stopping" and self._crew is not None and not self._crew.at_work():
            self._have_stopped()
        if self._phase in ("running", "stopping"):
            raise RuntimeError("the flow is already running; await `stop()` first")
        if registry is not None:
            self._refuse_missing_entries(registry)
        workers = [worker for node in self._graph.nodes for worker in self._workers(node, registry)]
        self._registry = registry
        self._loss = None
        self._phase = "running"
        self._crew = Crew(workers, self._lose)

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """Cancel all workers, wait for them, and drop what is queued; nothing to do when not running.

        Callers that wait in emit or fetch get `FlowStopped`. The flow can run again afterwards. A stop
        that was cancelled, or given up, can be awaited again.

        Raises:
            StopTimeoutError: a node did not end within `grace_s` seconds of its cancellation.
        """
        crew = self._crew
        if crew is None or self._phase not in ("running", "stopping"):
            return
        if self._phase == "running":
            self._phase = "stopping"
            crew.dismiss()
            self._drop_everything()
        unfinished = await crew.ended(grace_s)
        await self._errands.aclose()
        await self._services.outlets.aclose(grace_s)
        if unfinished:
            raise StopTimeoutError(unfinished, grace_s)
        if crew is self._crew:  # no other stop was quicker, with a new run after it
            self._have_stopped()

    async def emit(self, msg: Any, to: Owners | None = None, *, trace_id: str | None = None) -> None:
        """Send an item of any type to the nodes without a parent, or to some of them, waiting for room.

        With `trace_id` the message is sent under this id as a round trip: until its answer is fetched by
        the id, or the trace is cancelled, nobody else gets it, and a second round trip of the id waits.
        A fetched iteration of an unbounded controller loop may be emitted again; it changes nothing.

        Raises:
            FlowStopped: the flow stopped while the item waited for room.
            TypeError: a `trace_id` was given for something that is no message.
            RuntimeError: a `trace_id` was given, but the flow is not running.
        """
        self._refuse_after_loss()
        if trace_id is not None:
            await self._emit_round_trip(msg, to, trace_id)
        elif not self._is_echo(msg):
            await self._waters.open_sea.emit(msg, to)

    def emit_nowait(self, msg: Any, to: Owners | None = None, *, trace_id: str | None = None) -> None:
        """Send an item of any type without waiting.

        Raises:
            asyncio.QueueFull: a target has no room; targets before it keep theirs.
            RuntimeError: a `trace_id` was given; a round trip may have to wait for its turn.
        """
        self._refuse_after_loss()
        if trace_id is not None:
            raise RuntimeError(f"a round trip of trace `{trace_id}` may have to wait; use `await flow.emit`")
        if not self._is_echo(msg):
            self._waters.open_sea.emit_nowait(msg, to)

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
        """Send one piece of a streamed text into the flow from outside; see `Context.emit_chunk`."""
        self._refuse_after_loss()
        return await self._waters.open_sea.emit_chunk(
            parent=parent, text=text, stream_id=stream_id, seq=seq, done=done, meta=meta, to=to
        )

    async def fetch(self, from_: Owners | None = None, *, trace_id: str | None = None) -> Any:
        """Return the next result, of any type, or the next of the given nodes; callers compete.

        With `trace_id` only a result of this trace is returned, which may be a bare value that was made
        for it; those of other traces stay for their callers. Cancelling the wait loses nothing.

        Raises:
            FlowStopped: the flow stopped while the caller waited, or before.
            FlowError: the trace ended without a result, because a node failed.
            TraceCancelled: the trace was cancelled while the caller waited.
        """
        if self._loss is not None or self._phase in ("stopping", "stopped"):
            self._refuse_fetch()
        if self._waters.landing.store is not None:
            await self._waters.landing.told(trace_id)
        if trace_id is not None:
            return await self._fetch_of(trace_id, from_)
        if from_ is None:
            parcel = self._waters.landing.take_now()
            if parcel is not None:
                return self._waters.rookery.received(parcel)
        return await self._waters.rookery.fetch(from_)

    async def fetch_any(self, from_: Owners | None = None, *, trace_id: str | None = None) -> Any:
        """Return the next result, of any type, of several nodes; the same as `fetch`."""
        return await self.fetch(from_, trace_id=trace_id)

    async def outcome(self, trace_id: str | None) -> Any:
        """Return the next result, whatever its trace, unless the named trace has failed.

        None stands for an item without a trace.

        Raises:
            FlowStopped: the flow stopped while the caller waited, or before.
            FlowError: the trace ended without a result, because a node failed.
        """
        self._refuse_fetch()
        landing = self._waters.landing
        await landing.told()
        while (parcel := landing.take_now()) is None:
            failure = await landing.wait_or_fail(trace_id)
            if failure is not None:
                raise failure
        return self._waters.rookery.received(parcel)

    async def cancel(self, trace_id: str) -> bool:
        """End one trace: drop what is queued for it and interrupt the nodes that work on it.

        Everything takes effect before the first listener is told. Nodes see `CancelledError`; they
        may still be ending when this returns. False: the flow holds nothing of this trace.

        Raises:
            RuntimeError: the flow is not running.
        """
        if self._phase != "running":
            raise RuntimeError("the flow is not running, so there is nothing to cancel")
        return await self._cancellation.cancel(trace_id)

    def add_middleware(self, middleware: Middleware) -> None:
        """Let one more observer listen, from the next event on."""
        self._services.announcer.add(middleware)

    def statistics(self) -> FlowStatistics:
        """Return how full and how busy the flow is at this moment."""
        contexts, floes = self._waters.statistics()
        return FlowStatistics(
            running=self._phase == "running",
            traces=len(self._services.traces),
            queued=sum(context.depth_in for context in contexts),
            in_flight=sum(context.in_flight for context in contexts),
            waiting_producers=sum(floe.waiting_producers for floe in floes),
            dropped_events=self._services.outlets.dropped,
            contexts=contexts,
            floes=floes,
        )

    def ensure_trace_event(self, trace_id: str) -> asyncio.Event:
        """Return the event that is set when the trace is cancelled; keep it as long as it is needed."""
        return self._services.traces.event_of(trace_id)

    def register_external_task(self, trace_id: str, future: asyncio.Future[Any]) -> None:
        """Let the flow own a future of any result that works for the trace: stopping the flow cancels it."""
        self._errands.add(future)

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        """Keep in the state store, if there is one, that a remote task works for a trace."""
        await self._services.outlets.save_binding(binding)

    async def record_remote_event(
        self,
        *,
        event: str,
        node: Node,
        context: Context,
        trace_id: str | None,
        latency_ms: float | None,
        level: int = logging.INFO,
        extra: Mapping[str, Any] | None = None,  # each event type has its own facts
    ) -> None:
        """Tell the listeners what a node does with a remote agent."""
        announcer, trace = self._services.announcer, self._services.traces.find(trace_id)
        told = announcer.event(event, context, trace_id=trace_id, trace=trace, latency_ms=latency_ms)
        await announcer.announce(replace(told, extra=extra or {}), level=level)

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        """Return the stored events of a trace, after what is on its way into the store has arrived.

        Raises:
            RuntimeError: the flow has no state store.
        """
        return await self._services.outlets.load_history(trace_id)

    async def _emit_round_trip(self, msg: object, to: Owners | None, trace_id: str) -> None:
        if self._phase != "running":
            raise RuntimeError(f"trace `{trace_id}` cannot go round a flow that is not running; call `run()`")
        if not isinstance(msg, Message):
            raise TypeError(f"a `{type(msg).__name__}` cannot carry trace id `{trace_id}`; emit a Message")
        await self._round_trips.begin(trace_id)
        try:
            # A copy: the caller's message may be on its way already, under another id.
            await self._waters.open_sea.emit(derived(msg, trace_id=trace_id), to)
        except BaseException:
            self._round_trips.end(trace_id)
            raise
        self._round_trips.sent(trace_id)

    async def _fetch_of(self, trace_id: str, from_: Owners | None) -> Any:
        if from_ is not None:
            raise RuntimeError(f"fetch either from nodes or by trace `{trace_id}`, not both")
        return self._waters.rookery.received(await self._round_trips.answer(trace_id))

    def _workers(self, node: Node, registry: ModelRegistry | None) -> tuple[Worker, ...]:
        context = self._waters.nodes[node]
        conversion = conversion_for(node.name, node.policy.validate, registry)
        seats = node.policy.max_concurrency
        intake = Intake(context) if seats == 1 else SharedIntake(context)
        way_out = self._waters.ways_out[node]
        workers = tuple(
            Worker(node, context, intake, way_out, conversion, self._services) for _ in range(seats)
        )
        context.inbox.crew = workers
        return workers

    def _refuse_missing_entries(self, registry: ModelRegistry) -> None:
        missing = {
            node.name
            for node in self._graph.nodes
            if node.policy.validate != "none" and not registry.has(node.name)
        }
        if missing:
            raise RuntimeError(
                f"the registry has missing entries for {', '.join(sorted(missing))};"
                ' register them or set `NodePolicy(validate="none")`'
            )

    def _lose(self, loss: FlowStopped) -> None:
        self._loss = loss
        self._drop_everything()

    def _refuse_after_loss(self) -> None:
        if self._loss is not None:
            raise FlowStopped(str(self._loss)) from self._loss.__cause__

    def _refuse_fetch(self) -> None:
        self._refuse_after_loss()
        if self._phase in ("stopping", "stopped"):
            raise FlowStopped("the flow was stopped, so no result will come; call `run()` first")

    def _have_stopped(self) -> None:
        self._drop_everything()  # what nodes emitted on their way out
        self._waters.open()
        self._phase = "stopped"

    def _drop_everything(self) -> None:
        self._waters.close()
        self._services.forget()

    def _is_echo(self, msg: object) -> bool:
        payload: object = msg.payload if isinstance(msg, Message) else None
        if not isinstance(msg, Message) or not is_controller_payload(type(payload)):
            return False
        trace = self._services.traces.find(msg.trace_id)
        shown = None if trace is None else trace.shown_hops
        return shown is not None and isinstance(payload, WM) and payload.hops in shown


def create(*adjacencies: Adjacency, **options: Unpack[FlowOptions]) -> PenguiFlow:
    """Build a flow from the adjacencies of its nodes; the options are those of `PenguiFlow`."""
    return PenguiFlow(*adjacencies, **options)

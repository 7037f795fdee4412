"""The flow: a graph of nodes with its queues, its workers and the two ends callers use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from penguiflow._clock import WallClock, wall_clock
from penguiflow._envelope import conversion_for
from penguiflow._runtime.context import Owners
from penguiflow._runtime.crew import Crew
from penguiflow._runtime.graph import Adjacency, build_graph
from penguiflow._runtime.services import Services, build_services
from penguiflow._runtime.wiring import lay_floes
from penguiflow._runtime.worker import Worker
from penguiflow.errors import FlowStopped
from penguiflow.metrics import Middleware
from penguiflow.node import Node
from penguiflow.registry import ModelRegistry
from penguiflow.types import WM, Message, StreamChunk

DEFAULT_QUEUE_MAXSIZE = 64

_Phase: TypeAlias = Literal["new", "running", "stopping", "stopped"]


class FlowOptions(TypedDict, total=False):
    """The keyword arguments of `PenguiFlow`."""

    queue_maxsize: int
    allow_cycles: bool
    middlewares: Sequence[Middleware] | None
    emit_errors_to_rookery: bool
    clock: WallClock


class PenguiFlow:
    """Runs nodes that are joined by bounded queues.

    `queue_maxsize` bounds each edge (0: unbounded). With `emit_errors_to_rookery`, `fetch` returns a
    `FlowError` when a node has failed for good; otherwise such an item is only reported. `clock` tells
    Unix time for deadlines and events.

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
        )
        self._phase: _Phase = "new"
        self._loss: FlowStopped | None = None
        self._crew: Crew | None = None
        self._registry: ModelRegistry | None = None

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
        if self._phase in ("running", "stopping"):
            raise RuntimeError("the flow is already running; await `stop()` first")
        if registry is not None:
            self._refuse_missing_entries(registry)
        workers = [self._worker(node, registry) for node in self._graph.nodes]
        self._registry = registry
        self._loss = None
        self._phase = "running"
        self._crew = Crew(workers, self._lose)

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """Cancel all workers, wait for them, and drop what is queued; nothing to do when not running.

        Callers that wait in emit or fetch get `FlowStopped`. The flow can run again afterwards.

        Raises:
            StopTimeoutError: a node did not end within `grace_s` seconds of its cancellation.
        """
        if self._crew is None or self._phase not in ("running", "stopping"):
            return
        if self._phase == "stopping":
            await self._crew.ended(grace_s)
            return
        self._phase = "stopping"
        self._crew.dismiss()
        self._drop_everything()
        try:
            await self._crew.ended(grace_s)
        finally:
            self._drop_everything()  # what nodes emitted on their way out
            self._phase = "stopped"

    async def emit(self, msg: Any, to: Owners | None = None) -> None:
        """Send an item of any type to the nodes without a parent, or to some of them, waiting for room.

        A fetched iteration of an unbounded controller loop may be emitted again; it changes nothing.

        Raises:
            FlowStopped: the flow stopped while the item waited for room.
        """
        self._refuse_after_loss()
        if not self._is_echo(msg):
            await self._waters.open_sea.emit(msg, to)

    def emit_nowait(self, msg: Any, to: Owners | None = None) -> None:
        """Send an item of any type without waiting.

        Raises:
            asyncio.QueueFull: a target has no room; targets before it keep theirs.
        """
        self._refuse_after_loss()
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

    async def fetch(self, from_: Owners | None = None) -> Any:
        """Return the next result, of any type, or the next of the given nodes; callers compete.

        Cancelling the wait loses nothing.

        Raises:
            FlowStopped: the flow stopped while the caller waited, or before.
        """
        self._refuse_after_loss()
        if self._phase in ("stopping", "stopped"):
            raise FlowStopped("the flow was stopped, so no result will come; call `run()` first")
        return await self._waters.rookery.fetch(from_)

    async def fetch_any(self, from_: Owners | None = None) -> Any:
        """Return the next result, of any type, of several nodes; the same as `fetch`."""
        return await self.fetch(from_)

    async def cancel(self, trace_id: str) -> bool:
        """End one trace: drop what is queued for it and interrupt the nodes that work on it.

        Everything takes effect before the first listener is told. Nodes see `CancelledError`; they
        may still be ending when this returns. False: the flow holds nothing of this trace.

        Raises:
            RuntimeError: the flow is not running.
        """
        if self._phase != "running":
            raise RuntimeError("the flow is not running, so there is nothing to cancel")
        traces, announcer = self._services.traces, self._services.announcer
        trace = traces.find(trace_id)
        if trace is None:
            return False
        if trace.cancelled:
            return True
        traces.mark_cancelled(trace)
        event = announcer.event(
            "trace_cancel_start", self._waters.open_sea, trace=trace, extra={"pending": trace.pending}
        )
        traces.purge(trace)
        await announcer.announce(event)
        await self._services.farewells.say()
        return True

    def add_middleware(self, middleware: Middleware) -> None:
        """Let one more observer listen, from the next event on."""
        self._services.announcer.add(middleware)

    def _worker(self, node: Node, registry: ModelRegistry | None) -> Worker:
        return Worker(
            node,
            self._waters.nodes[node],
            self._waters.ways_out[node],
            conversion_for(node.name, node.policy.validate, registry),
            self._services,
        )

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

    def _drop_everything(self) -> None:
        self._waters.close()
        self._services.forget()

    def _is_echo(self, msg: object) -> bool:
        if not isinstance(msg, Message):
            return False
        payload: object = msg.payload
        if not isinstance(payload, WM):
            return False
        trace = self._services.traces.find(msg.trace_id)
        return trace is not None and trace.echoed_hops == payload.hops


def create(*adjacencies: Adjacency, **options: Unpack[FlowOptions]) -> PenguiFlow:
    """Build a flow from the adjacencies of its nodes; the options are those of `PenguiFlow`."""
    return PenguiFlow(*adjacencies, **options)

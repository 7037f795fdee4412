"""Numbers for streamed chunks: one sequence per stream id, whoever produces."""

from __future__ import annotations

from penguiflow._runtime.trace import Trace


class Streams:
    """The open streams of a flow and the next number of each.

    A stream that only nodes feed ends with the last trace it is fed for, even if nobody sent `done`. One
    that is fed from outside outlives the trace between two chunks: it stays until `done`, cancel or stop.
    """

    __slots__ = ("_fed_from_outside", "_feeding_traces", "_next")

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._fed_from_outside: dict[str, str] = {}  # stream id -> trace id
        self._feeding_traces: dict[str, int] = {}

    def is_open(self, stream_id: str) -> bool:
        """Tell whether a chunk of the stream was accepted and none of them was the last."""
        return stream_id in self._next

    def accept(self, stream_id: str, seq: int | None, done: bool, trace: Trace, outside: bool) -> int:
        """Number a chunk that is queued right after this call; an explicit `seq` becomes the new base."""
        number = self._next.get(stream_id, 0) if seq is None else seq
        if done:
            self._drop(stream_id)
            return number
        if outside:
            self._fed_from_outside[stream_id] = trace.trace_id
        elif trace.node_streams is None or stream_id not in trace.node_streams:
            trace.node_streams = {stream_id, *(trace.node_streams or ())}
            self._feeding_traces[stream_id] = self._feeding_traces.get(stream_id, 0) + 1
        self._next[stream_id] = number + 1
        return number

    def end_trace(self, trace: Trace) -> None:
        """Forget what nothing can continue any more."""
        for stream_id in trace.node_streams or ():
            self._feeding_traces[stream_id] -= 1
            if not self._feeding_traces[stream_id]:
                del self._feeding_traces[stream_id]
                if stream_id not in self._fed_from_outside:
                    self._drop(stream_id)
        if trace.cancelled:
            owned = [s for s, owner in self._fed_from_outside.items() if owner == trace.trace_id]
            for stream_id in owned:
                self._drop(stream_id)

    def clear(self) -> None:
        """Forget all streams, because the flow stopped."""
        self._next.clear()
        self._fed_from_outside.clear()
        self._feeding_traces.clear()

    def __len__(self) -> int:
        return len(self._next)

    def _drop(self, stream_id: str) -> None:
        self._next.pop(stream_id, None)
        self._fed_from_outside.pop(stream_id, None)

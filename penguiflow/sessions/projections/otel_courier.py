"""The way of spans out of the event loop: a thread in which loading, converting and sending may take long.

Nothing here waits for a collector but `aclose`, and that only for a bounded time. What goes wrong is counted
and told in the log, every ten seconds at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final, Protocol

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_line
from penguiflow.sessions.projections.otel_values import SpanValue

LOGGER = logging.getLogger("penguiflow.telemetry")

TELLING_INTERVAL_S: Final = 10.0
MAX_WAITING_SPANS: Final = 20_000
_MAX_REASON_CHARS = 300
_GIVING_UP_S = 0.5


class Outlet(Protocol):
    """Sends spans. It may block, and is used by one thread, except for `give_up`."""

    def deliver(self, span: SpanValue) -> None:
        """Take a span; it may be sent later."""
        ...

    def close(self) -> None:
        """Send what is left, and end."""
        ...

    def give_up(self) -> None:
        """Make a `close` that takes too long end soon; called from another thread."""
        ...


class Troubles:
    """Counts what was lost and tells about it; may be used from any thread."""

    def __init__(self, clock: MonotonicClock = monotonic_clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._told_at: float | None = None
        self._lost = 0
        self._reason: str | None = None

    @property
    def lost_spans(self) -> int:
        return self._lost

    @property
    def reason(self) -> str | None:
        """What went wrong last; `None` when nothing ever did."""
        return self._reason

    def lose(self, spans: int) -> None:
        """Count spans as lost; why, is noted beside."""
        with self._lock:
            self._lost += spans

    def note(self, reason: str, *, lost_spans: int = 0) -> None:
        """Remember that something went wrong, and tell it unless something was told just now."""
        reason = safe_line(redact_text(reason), max_chars=_MAX_REASON_CHARS)
        with self._lock:
            now = self._clock()
            self._lost += lost_spans
            self._reason = reason
            if self._told_at is not None and now - self._told_at < TELLING_INTERVAL_S:
                return
            self._told_at, lost = now, self._lost
        LOGGER.warning(
            "telemetry does not get through, the run goes on without it (spans lost so far: %d): %s",
            lost,
            reason,
            extra={"event": "telemetry_trouble", "lost_spans": lost},
        )


class Courier:
    """Owns the thread and the outlet, which is opened in it when the first spans come."""

    def __init__(
        self,
        open_outlet: Callable[[], Outlet],
        troubles: Troubles,
        *,
        max_waiting_spans: int = MAX_WAITING_SPANS,
    ) -> None:
        self._open_outlet = open_outlet
        self._troubles = troubles
        self._max_waiting_spans = max_waiting_spans
        self._waiting: SimpleQueue[SpanValue | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._outlet: Outlet | None = None
        self._on_end: Callable[[], object] | None = None
        self._closed = False

    @property
    def troubles(self) -> Troubles:
        return self._troubles

    def send(self, spans: Sequence[SpanValue]) -> None:
        """Hand over spans and return at once; they are lost when too many wait, or after `aclose`."""
        room = 0 if self._closed else max(0, self._max_waiting_spans - self._waiting.qsize())
        for span in spans[:room]:
            self._waiting.put(span)
        if lost := len(spans[room:]):
            self._troubles.note("more spans end than can be sent", lost_spans=lost)
        if self._thread is None and spans[:room]:
            # It must not keep a process alive whose collector does not answer.
            self._thread = threading.Thread(target=self._work, name="penguiflow-telemetry", daemon=True)
            self._thread.start()

    async def aclose(self, *, timeout_s: float) -> None:
        """Send what waits and end; after the timeout, or when cancelled, give up what is left."""
        if self._closed:
            return
        self._closed = True
        if self._thread is None:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        self._on_end = lambda: loop.call_soon_threadsafe(ended.set)
        self._waiting.put(None)
        try:
            if await _within(timeout_s, ended):
                return
            if self._troubles.reason is None:  # else the reason was told already
                self._troubles.note(f"it could not be sent within {timeout_s:g} s")
        finally:
            if not ended.is_set() and (outlet := self._outlet) is not None:
                outlet.give_up()
        await _within(_GIVING_UP_S, ended)

    def _work(self) -> None:
        try:
            while (span := self._waiting.get()) is not None:
                self._deliver(span)
            if self._outlet is not None:
                self._outlet.close()
        except Exception as exc:  # noqa: BLE001 - whatever a package or a collector does, the run goes on
            self._troubles.note(_reason(exc))
        finally:
            if self._on_end is not None:
                with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                    self._on_end()

    def _deliver(self, span: SpanValue) -> None:
        try:
            if self._outlet is None:
                self._outlet = self._open_outlet()
            self._outlet.deliver(span)
        except Exception as exc:  # noqa: BLE001 - as above
            self._troubles.note(_reason(exc), lost_spans=1)


async def _within(timeout_s: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            return await event.wait()
    except TimeoutError:
        return False


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"

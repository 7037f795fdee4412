"""The context one tool call gets, and the signal by which a tool stops to wait for a person."""

from __future__ import annotations

import warnings
from collections import ChainMap
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, get_args

from pydantic_core import to_jsonable_python

from penguiflow._clock import WallClock
from penguiflow.planner._json import Json, JsonObject, is_json
from penguiflow.planner._loop.run_artifacts import RunArtifacts
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._rules.calls import PauseRequest
from penguiflow.planner.context import PlannerPauseReason


class PauseSignal(BaseException):
    """Unwinds a tool that paused.

    No `Exception`, so that a tool's `except Exception` does not swallow it; the request is kept on the
    context as well, so that even a bare `except` cannot lose it.
    """


class CallContext:
    """Implements `ToolContext` for one call of one run."""

    def __init__(
        self,
        state: RunState,
        call_id: str,
        *,
        tool_context: dict[str, Any],
        clock: WallClock,
        pause_enabled: bool,
    ) -> None:
        self._state = state
        self._call_id = call_id
        self._tool_context = tool_context
        self._clock = clock
        self._pause_enabled = pause_enabled
        self._warned_about_meta = False
        self._artifact_counts: dict[str, int] = {}
        self.action_seq = state.progress.action_seq
        self.streams: dict[str, list[JsonObject]] = {}
        self.pause_request: PauseRequest | None = None

    @property
    def artifacts(self) -> RunArtifacts:
        """See `ToolContext`."""
        return self._state.artifacts

    @property
    def idempotency_key(self) -> str:
        """See `ToolContext`."""
        return f"{self._state.run_id}:{self._call_id}"

    @property
    def llm_context(self) -> Mapping[str, Any]:
        """See `ToolContext`."""
        return MappingProxyType(self._state.llm_context)

    @property
    def tool_context(self) -> dict[str, Any]:
        """See `ToolContext`."""
        return self._tool_context

    @property
    def meta(self) -> MutableMapping[str, Any]:
        """See `ToolContext`."""
        if not self._warned_about_meta:
            self._warned_about_meta = True
            message = "`ctx.meta` is deprecated; use `ctx.llm_context` or `ctx.tool_context`"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        return ChainMap(self._tool_context, dict(self._state.llm_context))

    async def pause(self, reason: PlannerPauseReason, payload: Mapping[str, Any] | None = None) -> None:
        """See `ToolContext`.

        Raises:
            RuntimeError: this planner was built with `pause_enabled=False`.
            ValueError: an unknown reason.
            TypeError: a payload that is no JSON and so could not be shown or stored.
        """
        if not self._pause_enabled:
            raise RuntimeError("this run cannot pause: the planner was built with `pause_enabled=False`")
        if reason not in get_args(PlannerPauseReason):
            raise ValueError(f"`{reason}` is no pause reason; use {', '.join(get_args(PlannerPauseReason))}")
        body = dict(payload or {})
        if not is_json(body):
            raise TypeError("the payload of a pause must be JSON, so that it can be shown and stored")
        # As a store gives it back: every key a text, every tuple a list.
        self.pause_request = PauseRequest(reason=reason, payload=_as_json(body))
        raise PauseSignal

    async def emit_chunk(
        self,
        stream_id: str,
        seq: int,
        text: str,
        *,
        done: bool = False,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """See `ToolContext`."""
        body = _as_json(dict(meta)) if meta is not None else {"channel": "thinking"}
        # A tool need not be type-checked, but its chunks are sorted and stored.
        chunk: JsonObject = {"seq": int(seq), "text": str(text), "done": done, "meta": body}
        self._keep("stream_chunk", stream_id, chunk)

    async def emit_artifact(
        self,
        stream_id: str,
        chunk: object,
        *,
        done: bool = False,
        artifact_type: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        """See `ToolContext`."""
        seq = self._artifact_counts.get(stream_id, 0)
        self._artifact_counts[stream_id] = seq + 1
        body: JsonObject = {
            "seq": seq,
            "chunk": _as_json(chunk),
            "artifact_type": artifact_type or type(chunk).__name__,
            "done": done,
            "meta": _as_json(dict(meta or {})),
        }
        self._keep("artifact_chunk", stream_id, body)

    def _keep(self, event_type: str, stream_id: str, chunk: JsonObject) -> None:
        self.streams.setdefault(stream_id, []).append({**chunk, "ts": self._clock()})
        self._state.events.emit(
            event_type,
            stream_id=stream_id,
            tool_call_id=self._call_id,
            action_seq=self.action_seq,
            **chunk,
        )


def _as_json(value: object) -> Json:
    return to_jsonable_python(value, fallback=str)


_active_call: ContextVar[CallContext | None] = ContextVar("penguiflow_active_tool_call", default=None)


@contextmanager
def active(context: CallContext) -> Generator[None]:
    """Make this the call that `active_call` finds in this block and in the tasks it starts."""
    token = _active_call.set(context)
    try:
        yield
    finally:
        _active_call.reset(token)


def active_call() -> CallContext | None:
    """Return the context of the tool call this code runs in."""
    return _active_call.get()

"""Runs one tool: its policy's timeout and retries, the run's deadline, and every way a tool can end.

Whatever a tool does, one `CallResult` comes out; only a cancellation from outside passes through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, json_text
from penguiflow.planner._loop.call_context import CallContext, PauseSignal, active
from penguiflow.planner._loop.deadline import DeadlineReached
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._loop.tool_result import ERROR_CHARS, ResultReader, short_error
from penguiflow.planner._rules.calls import CallResult, PauseRequest, PlannedCall
from penguiflow.planner._rules.secret_args import hidden_calls, secret_texts, shown_args
from penguiflow.planner._rules.values import changed
from penguiflow.planner.stand_ins import StandIn
from penguiflow.redaction import remember_passing_secret

# What a group may hold without anybody but the tool having ended it.
_ENDS_OF_A_TOOL = (Exception, SystemExit, asyncio.CancelledError, PauseSignal)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCaller:
    """What every tool call of a planner has in common."""

    results: ResultReader
    pause_enabled: bool
    clock: MonotonicClock = monotonic_clock
    stamp: WallClock = wall_clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(
        self,
        call: PlannedCall,
        spec: NodeSpec,
        state: RunState,
        extra_context: Mapping[str, Any] | None = None,
    ) -> CallResult:
        """Run the call, tell its events, and return what came of it.

        With an `extra_context` the tool gets a copy of the run's tool context with these values in it.

        Raises:
            CancelledError: the run itself was cancelled.
        """
        shared = state.tool_context
        context = CallContext(
            state,
            call.call_id,
            tool_context=shared if extra_context is None else {**shared, **extra_context},
            clock=self.stamp,
            pause_enabled=self.pause_enabled,
        )
        for secret in secret_texts(spec, call.args):  # results and errors may repeat it
            remember_passing_secret(secret)
        events = state.events
        # Any: what events carry besides.
        names: dict[str, Any] = {
            "tool_call_id": call.call_id,
            "tool_name": spec.name,
            "action_seq": context.action_seq,
        }
        if events.is_heard:
            shown = shown_args(call.node, call.args, state.rules.tools)
            events.emit("tool_call_start", **names, args_json=json_text(shown))
            events.emit("tool_call_end", **names)
        started = self.clock()
        if state.stand_in is not None:
            result = await self._stood_in(call, spec, state, state.stand_in)
        else:
            result = await self._outcome(call, spec, context, state)
        latency_ms = (self.clock() - started) * 1000
        result = changed(result, streams=context.streams, latency_ms=latency_ms)
        if events.is_heard:
            _tell_result(result, names, state)
        return result

    async def _outcome(
        self, call: PlannedCall, spec: NodeSpec, context: CallContext, state: RunState
    ) -> CallResult:
        try:
            raw = await state.deadline.bound(self._attempts(call, spec, context))
        except DeadlineReached:
            result = failed_call(call, "DeadlineReached", "the run's deadline passed while the tool ran")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            result = failed_call(call, "CancelledError", "the tool cancelled itself")
        except PauseSignal:
            result = CallResult(status="paused")
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - a tool may raise anything; the model must hear of it
            result = _raised(call, exc)
        except BaseExceptionGroup as group:
            if group.split(_ENDS_OF_A_TOOL)[1] is not None:
                raise
            paused = group.subgroup(PauseSignal) is not None
            result = CallResult(status="paused") if paused else _raised(call, group)
        else:
            result = await self.results.read(call, spec, raw, state.events, state.artifacts)
        if context.pause_request is not None:
            return CallResult(status="paused", pause=context.pause_request)
        return result

    async def _stood_in(
        self, call: PlannedCall, spec: NodeSpec, state: RunState, outside: StandIn
    ) -> CallResult:
        outcome = outside.tool_outcome(spec.name, call.args)
        if outcome.error is not None:
            failure = dict(outcome.failure) if outcome.failure is not None else None
            return CallResult(status="failed", error=outcome.error, failure=failure)
        if outcome.pause_reason is not None:
            asked = PauseRequest(reason=outcome.pause_reason, payload=dict(outcome.pause_payload))
            return CallResult(status="paused", pause=asked)
        read = await self.results.read(call, spec, outcome.observation, state.events, state.artifacts)
        # A recorded observation may lack what is kept as an artifact, so its own model need not accept it.
        return read if read.error is None else CallResult(status="succeeded", observation=outcome.observation)

    async def _attempts(
        self, call: PlannedCall, spec: NodeSpec, context: CallContext
    ) -> Any:  # the tool's own type
        policy = spec.node.policy
        attempt = 0
        while True:
            try:
                with active(context):
                    return await _within_timeout(policy.timeout_s, spec.node.func(call.parsed, context))
            except Exception:
                delay_s = policy.next_delay_s(attempt)
                if delay_s is None or context.pause_request is not None:
                    raise
            attempt += 1
            await self.sleep(delay_s)


def _tell_result(result: CallResult, names: Mapping[str, Any], state: RunState) -> None:
    if result.pause is not None:
        body: Json = {"pause": result.pause.reason, "payload": result.pause.payload}
    elif result.error is not None:
        body = {"error": result.error, "failure": hidden_calls(result.failure, state.rules.tools)}
    else:
        body = result.shown() if result.artifacts else result.observation
    state.events.emit(
        "tool_call_result",
        latency_ms=result.latency_ms,
        error=result.error,
        **names,
        result_json=json_text(body),
        ok=result.status != "failed",
    )


async def _within_timeout(timeout_s: float | None, work: Awaitable[Any]) -> Any:  # the tool's own type
    if timeout_s is None:
        return await work
    timeout = asyncio.timeout(timeout_s)
    try:
        async with timeout:
            return await work
    except TimeoutError as exc:
        if timeout.expired():
            raise TimeoutError(f"timed out after {timeout_s:g} s") from exc
        raise


def _raised(call: PlannedCall, exc: BaseException) -> CallResult:
    failed = failed_call(call, type(exc).__name__, short_error(exc))
    suggestion = getattr(exc, "suggestion", None) or getattr(exc, "remedy", None)
    if suggestion is not None and failed.failure is not None:
        return changed(failed, failure={**failed.failure, "suggestion": str(suggestion)[:ERROR_CHARS]})
    return failed


def failed_call(call: PlannedCall, error_code: str, message: str) -> CallResult:
    """Return the result of a call that raised, as the model reads it."""
    return CallResult(
        status="failed",
        error=f"tool `{call.node}` raised {error_code}: {message}",
        failure={"node": call.node, "args": call.args, "error_code": error_code, "message": message},
    )

"""One call of a model on behalf of a run: within its deadline, on its account, told to its listeners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.llm.usage import LLMReply
from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.client_call import ClientCall, ModelRequest
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._prompts.estimate import estimated_tokens
from penguiflow.planner._rules.progress import ModelCalled
from penguiflow.planner._rules.spend import Account

Purpose: TypeAlias = Literal[
    "action",
    "arg_fill",
    "finish_repair",
    "graceful_failure",
    "critique",
    "clarification",
    "trajectory_summary",
    "compression",
    "memory_summary",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedClient:
    """A client and the name of its model, None when it does not tell one."""

    call: ClientCall
    model_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCaller:
    """The models of a planner. Accounts that share a client are still counted apart."""

    clients: Mapping[Account, NamedClient]
    clock: MonotonicClock = monotonic_clock

    async def ask(
        self,
        state: RunState,
        request: ModelRequest,
        *,
        purpose: Purpose,
        account: Account = "main",
        attempt: int = 1,
    ) -> LLMReply:
        """Return the reply.

        Raises:
            DeadlineReached: the run's time is over.
            LLMError: the provider failed; such an error never becomes an answer.
        """
        client = self._client(state, account)
        started = self.clock()
        is_planning = account == "main"
        if is_planning:
            _tell_boundary(state, done=False)
        reply: LLMReply | None = None
        error: str | None = None
        try:
            reply = await state.deadline.bound(client.call(request))
            return reply
        except Exception as exc:
            error = f"{type(exc).__name__}: {exc}"
            raise
        finally:
            # What a failed or cancelled call cost nobody knows; it must not count as free.
            state.note(ModelCalled(account, reply))
            if is_planning:
                _tell_boundary(state, done=True)
            if state.events.is_heard:
                state.events.emit(
                    "llm_call",
                    latency_ms=(self.clock() - started) * 1000,
                    token_estimate=estimated_tokens(request.messages),
                    error=error,
                    action_seq=state.progress.action_seq,
                    attempt=attempt,
                    purpose=purpose,
                    exchange=client.call.exchange(request, reply),
                    **_used(client, reply),
                )

    def _client(self, state: RunState, account: Account) -> NamedClient:
        client = self.clients[account]
        if state.stand_in is None:
            return client
        return NamedClient(call=ClientCall(state.stand_in.client), model_name=client.model_name)


def _used(client: NamedClient, reply: LLMReply | None) -> JsonObject:
    usage = reply.usage if reply else None
    return {
        "model": (reply.model if reply else None) or client.model_name,
        "cost_usd": reply.cost_usd if reply else None,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "cached_tokens": usage.cached_tokens if usage else None,
        "reasoning_tokens": usage.reasoning_tokens if usage else None,
    }


def _tell_boundary(state: RunState, *, done: bool) -> None:
    state.events.emit(
        "llm_stream_chunk",
        text="",
        done=done,
        phase="action",
        channel="action",
        action_seq=state.progress.action_seq,
    )

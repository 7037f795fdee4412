"""One decision of the model: ask, read, and ask again with its own words when a reply cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.llm.usage import LLMReply
from penguiflow.planner._loop.client_call import ClientCall
from penguiflow.planner._loop.limits import Deadline
from penguiflow.planner._loop.progress import Fact, ModelReplied, ReplyUnreadable
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._loop.text_relay import TextRelay
from penguiflow.planner._parse.answer import usable_answer
from penguiflow.planner._parse.reply import UnreadableReply, read_reply
from penguiflow.planner._prompts.conversation import Conversation, Message, repair_exchange
from penguiflow.planner.action import PlannerAction

_SUMMARY_CHARS = 300


class NoUsableReply(Exception):
    """Every attempt gave something that is no action; the message says what was wrong with the last."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The action, and whether the first reply already held it."""

    action: PlannerAction
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScene:
    """The run in which a decision is made; `note` takes the facts about its calls."""

    action_seq: int
    conversation: Conversation
    events: RunEvents
    deadline: Deadline
    note: Callable[[Fact], None]
    stream: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCaller:
    """What every decision of a planner has in common."""

    client: ClientCall
    model_name: str | None
    response_format: Mapping[str, Any] | None
    attempts: int
    clock: MonotonicClock = monotonic_clock

    async def decide(self, scene: ModelScene) -> Decided:
        """Return the next action.

        Raises:
            NoUsableReply: all attempts are used up.
            DeadlineReached: the run's time is over.
            LLMError: the provider failed; such an error never becomes an answer.
        """
        relay = TextRelay(scene.events, scene.action_seq) if scene.stream and self.client.can_stream else None
        repair: list[Message] = []
        problem = ""
        try:
            for attempt in range(1, self.attempts + 1):
                reply = await self._call(scene, repair, attempt, relay)
                try:
                    action = _read(reply.text)
                except UnreadableReply as exc:
                    problem = str(exc)
                    scene.note(ReplyUnreadable())
                    _tell_repair(scene.events, attempt, problem, reply.text)
                    repair = repair_exchange(reply.text, problem)
                else:
                    return Decided(action, attempt)
        finally:
            if relay is not None:
                relay.end()
        raise NoUsableReply(f"the model gave no usable action in {self.attempts} attempts: {problem}")

    async def _call(
        self, scene: ModelScene, repair: list[Message], attempt: int, relay: TextRelay | None
    ) -> LLMReply:
        messages = scene.conversation.messages(repair)
        if relay is not None:
            relay.begin_reply()
        started = self.clock()
        _tell_boundary(scene, done=False)
        try:
            reply = await scene.deadline.bound(
                self.client(messages, self.response_format, relay.on_chunk if relay else None)
            )
        except Exception as exc:
            # What a failed call cost nobody knows; it must not count as free.
            scene.note(ModelReplied(None))
            self._tell_call(scene, attempt, started, None, f"{type(exc).__name__}: {exc}")
            raise
        scene.note(ModelReplied(reply.cost_usd))
        self._tell_call(scene, attempt, started, reply, None)
        return reply

    def _tell_call(
        self, scene: ModelScene, attempt: int, started: float, reply: LLMReply | None, error: str | None
    ) -> None:
        _tell_boundary(scene, done=True)
        usage = reply.usage if reply else None
        scene.events.emit(
            "llm_call",
            latency_ms=(self.clock() - started) * 1000,
            error=error,
            action_seq=scene.action_seq,
            attempt=attempt,
            model=(reply.model if reply else None) or self.model_name,
            cost_usd=reply.cost_usd if reply else None,
            input_tokens=usage.input_tokens if usage else None,
            output_tokens=usage.output_tokens if usage else None,
            cached_tokens=usage.cached_tokens if usage else None,
            purpose="action",
        )


def _read(text: str) -> PlannerAction:
    action = read_reply(text)
    if action.is_terminal() and usable_answer(action.args) is None:
        raise UnreadableReply('`final_response` needs "args": {"answer": "<text>"} with a real answer')
    return action


def _tell_boundary(scene: ModelScene, *, done: bool) -> None:
    scene.events.emit(
        "llm_stream_chunk", text="", done=done, phase="action", channel="action", action_seq=scene.action_seq
    )


def _tell_repair(events: RunEvents, attempt: int, problem: str, text: str) -> None:
    events.emit(
        "planner_repair_attempt",
        attempt=attempt,
        error_type="unreadable_reply",
        error_summary=problem[:_SUMMARY_CHARS],
        response_len=len(text),
        had_code_fence="```" in text,
        had_non_json_prefix=not text.lstrip().startswith("{"),
    )

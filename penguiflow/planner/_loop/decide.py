"""One decision of the model: ask, read, and ask again with its own words when a reply cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from penguiflow.llm.usage import LLMReply
from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.client_call import ModelRequest
from penguiflow.planner._loop.compaction import Compaction
from penguiflow.planner._loop.deadline import DeadlineReached
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.recovery import Recovery
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._loop.text_relay import TextRelay
from penguiflow.planner._parse.reply import Reading, UnreadableReply, read_reply, salvaged_answer
from penguiflow.planner._prompts.conversation import Message, repair_exchange
from penguiflow.planner._reserved import FINAL_RESPONSE
from penguiflow.planner._rules.progress import AnswerSalvaged, ReplyUnreadable
from penguiflow.planner._rules.secret_args import shown_args
from penguiflow.planner._summary import cut
from penguiflow.planner.action import PlannerAction

_SUMMARY_CHARS = 300
_MOST_PARSE_EXTRAS = 10
_NAME_CHARS = 80
_PREVIEW_CHARS = 120

ReplyQuality: TypeAlias = Literal["answer", "repaired", "salvaged"]
"""Whether the first reply held the action, a later one did, or it was read out of one that breaks off."""


class NoUsableReply(Exception):
    """Every attempt gave something that is no action; the message says what was wrong with the last."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the model wants next."""

    action: PlannerAction
    quality: ReplyQuality = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """What every decision of a planner has in common."""

    models: ModelCaller
    compaction: Compaction
    recovery: Recovery
    response_format: Mapping[str, Any] | None
    attempts: int

    async def decide(self, state: RunState) -> Decided:
        """Return the next action and tell it; nothing runs.

        Raises:
            NoUsableReply: all attempts are used up.
            DeadlineReached: the run's time is over.
            LLMError: the provider failed; such an error never becomes an answer.
        """
        await self.compaction.fit(state)
        relay = self._relay(state)
        repair: list[Message] = []
        problem, text = "", ""
        try:
            for attempt in range(1, self.attempts + 1):
                text = (await self._ask(state, repair, attempt, relay)).text
                try:
                    reading = read_reply(text)
                except UnreadableReply as exc:
                    problem = str(exc)
                    state.note(ReplyUnreadable())
                    _tell_repair(state, attempt, problem, text)
                    repair = repair_exchange(text, problem)
                else:
                    _tell_extras(state, reading, attempt)
                    return _told(state, Decided(reading.action, "answer" if attempt == 1 else "repaired"))
        finally:
            if relay is not None:
                relay.end()
        answer = salvaged_answer(text)
        if answer is None:
            raise NoUsableReply(f"the model gave no usable action in {self.attempts} attempts: {problem}")
        state.note(AnswerSalvaged())
        args: JsonObject = {"answer": answer, "raw_answer": answer}
        return _told(state, Decided(PlannerAction(next_node=FINAL_RESPONSE, args=args), "salvaged"))

    def _relay(self, state: RunState) -> TextRelay | None:
        client = self.models.clients["main"].call
        if not state.stream_text or not client.can_stream:
            return None
        return TextRelay(state.events, state.progress.action_seq, revision=state.progress.revisions)

    async def _ask(
        self, state: RunState, repair: list[Message], attempt: int, relay: TextRelay | None
    ) -> LLMReply:
        compressions = 0
        while True:
            if relay is not None:
                relay.begin_reply()
            request = ModelRequest(
                messages=state.conversation.messages(repair),
                response_format=self.response_format,
                tools=state.native_tools,
                on_text=relay.on_chunk if relay else None,
                on_reasoning=relay.on_reasoning if relay else None,
            )
            try:
                return await self.models.ask(state, request, purpose="action", attempt=attempt)
            except DeadlineReached:
                raise
            except Exception as exc:
                if not await self.recovery.makes_room(state, exc, compressions):
                    raise
                compressions += 1


def _told(state: RunState, decided: Decided) -> Decided:
    state.events.emit(
        "action",
        thought=decided.action.own_thought(),
        action_seq=state.progress.action_seq,
        next_node=decided.action.next_node,
        args=shown_args(decided.action.next_node, decided.action.args, state.rules.tools),
    )
    return decided


def _tell_repair(state: RunState, attempt: int, problem: str, text: str) -> None:
    state.events.emit(
        "planner_repair_attempt",
        attempt=attempt,
        error_type="unreadable_reply",
        error_summary=problem[:_SUMMARY_CHARS],
        next_node_detected='"next_node"' in text,
        response_len=len(text),
        had_code_fence="```" in text,
        had_non_json_prefix=not text.lstrip().startswith("{"),
    )


def _tell_extras(state: RunState, reading: Reading, attempt: int) -> None:
    """Say that a reply held more than the action that was taken."""
    if not reading.is_mixed:
        return
    extras: JsonObject = {
        "selected_next_node": reading.action.next_node,
        "selected_source": reading.source,
        "candidate_count": reading.candidates,
        "other_json_count": len(reading.others),
        "other_json_summaries": [
            cut(str(other.get("next_node") or sorted(other)), _NAME_CHARS)
            for other in reading.others[:_MOST_PARSE_EXTRAS]
        ],
        "ignored_text_len": len(reading.around),
        "ignored_text_preview": cut(reading.around, _PREVIEW_CHARS),
        "attempt": attempt,
    }
    kept: list[JsonObject] = state.trajectory.metadata.setdefault("llm_parse_extras", [])
    if len(kept) < _MOST_PARSE_EXTRAS:
        kept.append(extras)
    state.events.emit("llm_parse_extras", **extras)

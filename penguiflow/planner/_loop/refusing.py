"""What a run does with an action that may not go on as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penguiflow._clock import WallClock, wall_clock
from penguiflow.planner._json import JsonObject, json_text
from penguiflow.planner._loop.client_call import ModelRequest
from penguiflow.planner._loop.deadline import DeadlineReached
from penguiflow.planner._loop.finish import finish_asking_for_args, finish_gracefully
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.recording import move_order
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._parse.answer import answer_in_reply
from penguiflow.planner._parse.normalise import NotAnAction, read_action
from penguiflow.planner._prompts.conversation import action_text, message
from penguiflow.planner._prompts.response_format import ANY_JSON
from penguiflow.planner._rules.arguments import InvalidArgs
from penguiflow.planner._rules.judge import Calls, Refusal, judge
from penguiflow.planner._rules.missing_values import clarification
from penguiflow.planner._rules.progress import ArgsRejected, ArgsSuspect, HopsExhausted
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.models import PlannerFinish

_MOST_KEPT = 20
_TELL_THE_USER = (
    "This tool will not be called. Tell the user in two or three sentences what you could not do and what "
    'you would need to know, as {"answer": "..."}. Do not invent results.'
)


def alternate(state: RunState, action: PlannerAction, refusal: Refusal) -> PlannerAction | None:
    """Return another action of the same reply that may run instead, and tell it.

    For a tool that does not exist any other call will do; for bad arguments one of the same tool.
    """
    if refusal.kind not in ("unknown_tool", "args") or action.is_parallel():
        return None
    for other in action.alternate_actions or ():
        try:
            candidate = read_action(other)
        except NotAnAction:
            continue
        if refusal.kind == "args" and candidate.next_node != action.next_node:
            continue
        if candidate.is_tool_call() and isinstance(judge(candidate, state.progress, state.rules), Calls):
            state.events.emit("multi_action_fallback_used", **_fallback(action, candidate, refusal))
            return candidate
    return None


def note_refusal(
    state: RunState, action: PlannerAction, refusal: Refusal, now: WallClock = wall_clock
) -> None:
    """Count a refusal and tell it."""
    if refusal.kind == "hops":
        state.note(HopsExhausted())
    if refusal.kind == "order":
        move_order(state, state.progress.ordering_completed, warned=True)
    for tool, invalid in refusal.invalid.items():
        state.note(ArgsRejected(tool))
        if invalid.source != "validation":
            tell_suspect(state, tool, invalid.source, invalid.placeholders, "; ".join(invalid.messages), now)
        extra = _args_record(tool, invalid.source, invalid.placeholders, "; ".join(invalid.messages))
        state.events.emit("planner_args_invalid", node_name=tool, **extra)
        _keep(state, "invalid_args", extra, now)


def tell_suspect(
    state: RunState,
    tool: str,
    source: str,
    placeholders: Mapping[str, str],
    summary: str,
    now: WallClock = wall_clock,
) -> None:
    """Tell that the arguments of a call look as if nobody had given them."""
    state.note(ArgsSuspect())
    extra = _args_record(tool, source, placeholders, summary)
    state.events.emit("planner_args_suspect", node_name=tool, **extra)
    _keep(state, "suspect_args", extra, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingUp:
    """Ends runs whose model cannot call a tool properly."""

    models: ModelCaller

    async def gracefully(
        self, state: RunState, action: PlannerAction, tool: str, invalid: InvalidArgs
    ) -> PlannerFinish:
        """Return what the model says to the person about it, or what the tool needs when it says nothing.

        Raises:
            DeadlineReached: the run's time is over.
        """
        error = invalid.error(tool)
        state.events.emit("graceful_failure_attempt", node_name=tool)
        body = {"error": error, "instruction": _TELL_THE_USER}
        exchange = [message("assistant", action_text(action)), message("user", json_text(body))]
        request = ModelRequest(messages=state.conversation.messages(exchange), response_format=ANY_JSON)
        try:
            text = answer_in_reply((await self.models.ask(state, request, purpose="graceful_failure")).text)
        except DeadlineReached:
            raise
        except Exception:  # noqa: BLE001 - the run ends here anyway, and says why
            text = None
        if text is None:
            more = {"last_error": error}
            return finish_asking_for_args(
                state, "consecutive_arg_failures", tool, error, invalid.missing, more
            )
        state.events.emit("graceful_failure_success", node_name=tool, answer_len=len(text))
        return finish_gracefully(state, text, failure_reason="consecutive_arg_failures", tool=tool)

    def for_lack_of_values(self, state: RunState, tool: str, invalid: InvalidArgs) -> PlannerFinish:
        """Return the end of a run whose model does not know what a tool needs."""
        spec = state.rules.tools[tool]
        more = {"clarification": clarification(spec.args_model, tool, invalid.fillable)}
        return finish_asking_for_args(
            state, "arg_fill_failed", tool, invalid.error(tool), invalid.fillable, more
        )


def _fallback(action: PlannerAction, candidate: PlannerAction, refusal: Refusal) -> JsonObject:
    if refusal.kind == "args":
        return {"tool": candidate.next_node, "reason": "args_validation"}
    return {"from": action.next_node, "to": candidate.next_node, "reason": "unknown_tool"}


def _args_record(tool: str, source: str, placeholders: Mapping[str, str], summary: str) -> dict[str, Any]:
    return {
        "tool": tool,
        "error_summary": summary,
        "placeholders": sorted(set(placeholders.values())),
        "placeholder_paths": sorted(placeholders),
        "autofilled_fields": [],
        "source": source,
    }


def _keep(state: RunState, name: str, extra: JsonObject, now: WallClock) -> None:
    kept: list[JsonObject] = state.trajectory.metadata.setdefault(name, [])
    if len(kept) < _MOST_KEPT:
        kept.append({**extra, "step": len(state.trajectory.steps), "ts": now()})

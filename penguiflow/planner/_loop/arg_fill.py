"""Asks the model for the missing arguments of a call. Nothing is ever filled in for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.client_call import ModelRequest
from penguiflow.planner._loop.deadline import DeadlineReached
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._prompts.response_format import ANY_JSON
from penguiflow.planner._rules.arguments import InvalidArgs, ValidArgs, check_args
from penguiflow.planner._rules.missing_values import fill_request, read_fill
from penguiflow.planner._rules.progress import ArgFillEnded
from penguiflow.planner.action import PlannerAction


@dataclass(frozen=True, slots=True)
class Filled:
    """The call with the values that the model gave for it."""

    action: PlannerAction


@dataclass(frozen=True, slots=True)
class AnotherAction:
    """The model wants something else."""

    action: PlannerAction


@dataclass(frozen=True, slots=True)
class NotFilled:
    """The values could not be had."""


Filling: TypeAlias = Filled | AnotherAction | NotFilled


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgFiller:
    """Whether and how a planner asks for missing arguments: once per tool and run."""

    models: ModelCaller
    enabled: bool

    def may_ask(self, state: RunState, action: PlannerAction, invalid: InvalidArgs) -> bool:
        """Return whether simple values are all that this call lacks, and the model was not asked yet."""
        asked = action.next_node in state.progress.arg_fills_tried
        return self.enabled and bool(invalid.fillable) and not action.is_parallel() and not asked

    async def fill(self, state: RunState, action: PlannerAction, invalid: InvalidArgs, error: str) -> Filling:
        """Return what the model says.

        Raises:
            DeadlineReached: the run's time is over.
        """
        tool, missing = action.next_node, list(invalid.fillable)
        spec = state.rules.tools[tool]
        state.events.emit(
            "arg_fill_attempt", node_name=tool, missing_fields=missing, field_count=len(missing)
        )
        messages = state.conversation.messages(fill_request(action, spec.args_model, missing, error))
        request = ModelRequest(messages=messages, response_format=ANY_JSON)
        try:
            text = (await self.models.ask(state, request, purpose="arg_fill")).text
        except DeadlineReached:
            raise
        except Exception as exc:
            state.note(ArgFillEnded(tool, succeeded=False))
            state.events.emit(
                "arg_fill_failure", node_name=tool, error=f"{type(exc).__name__}: {exc}", raw_response_len=0
            )
            raise
        read = read_fill(text, missing)
        if isinstance(read, PlannerAction):
            state.note(ArgFillEnded(tool, succeeded=False))
            return AnotherAction(read)
        return self._checked(state, action, read, text)

    def _checked(self, state: RunState, action: PlannerAction, values: JsonObject, text: str) -> Filling:
        tool = action.next_node
        filled = action.model_copy(update={"args": {**action.args, **values}})
        checked = check_args(state.rules.tools[tool], filled.args, filled)
        state.note(ArgFillEnded(tool, succeeded=isinstance(checked, ValidArgs)))
        if isinstance(checked, ValidArgs):
            state.events.emit("arg_fill_success", node_name=tool, filled_fields=sorted(values))
            return Filled(filled)
        state.events.emit(
            "arg_fill_failure",
            node_name=tool,
            error="; ".join(checked.messages),
            raw_response_len=len(text),
        )
        return NotFilled()

"""`ReactPlanner`: a model picks tools step by step until it can answer.

One planner serves any number of runs at the same time; they share nothing but its configuration. A run
ends as `PlannerFinish` or waits as `PlannerPause`. Errors of tools are told to the model; errors of the
model's provider are raised (`penguiflow.llm.errors.LLMError`) and never become answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from penguiflow._clock import MonotonicClock, wall_clock
from penguiflow.catalog import CatalogItem, NodeSpec, ToolSource
from penguiflow.node import Node
from penguiflow.planner._assembly import assemble
from penguiflow.planner._json import is_json
from penguiflow.planner._loop.approval import edit_problems
from penguiflow.planner._loop.call_context import active_call
from penguiflow.planner._loop.client_call import PlannerClient
from penguiflow.planner._loop.driver import RunDriver
from penguiflow.planner._loop.going_on import interpret
from penguiflow.planner._loop.judge import Rules
from penguiflow.planner._loop.limits import Deadline
from penguiflow.planner._loop.model_call import NoUsableReply
from penguiflow.planner._loop.pause_desk import PauseNotSavedError, UnknownTokenError
from penguiflow.planner._loop.pause_record import PauseRecordError, read_pause
from penguiflow.planner._loop.progress import Progress
from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._options import ModelChoice, PlannerOptions, check_ready, with_overrides
from penguiflow.planner._prompts.conversation import Conversation
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.approvals import Decision
from penguiflow.planner.context import PlannerPauseReason
from penguiflow.planner.events import PlannerEvent, PlannerEventCallback, current_observers
from penguiflow.planner.models import (
    FinalPayload,
    JoinInjection,
    ObservationGuardrailConfig,
    ParallelCall,
    ParallelJoin,
    PlannerFinish,
    PlannerPause,
    ToolPolicy,
)
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep, TrajectorySummary
from penguiflow.registry import ModelRegistry

__all__ = [
    "FinalPayload",
    "JoinInjection",
    "NoUsableReply",
    "ParallelCall",
    "ParallelJoin",
    "PauseNotSavedError",
    "PauseRecordError",
    "PlannerAction",
    "PlannerEvent",
    "PlannerEventCallback",
    "PlannerFinish",
    "PlannerPause",
    "ReactPlanner",
    "ToolPolicy",
    "Trajectory",
    "TrajectoryStep",
    "TrajectorySummary",
    "UnknownTokenError",
]


class ReactPlanner:
    """Answers questions with tools.

    Tools come from `catalog` (specs, nodes or decorated functions), else from `nodes` with `registry`, and
    from `tool_sources`, which are read at the start of every run. The model is `llm`, called through
    litellm, or `llm_client`, which wins.

    `deadline_s` counts from the start of a run without the time it waits for people; it bounds model and
    tool calls too. `hop_budget` counts tool calls, each branch of a parallel plan as one. `state_store`
    keeps paused runs when it has `save_planner_state` and `load_planner_state`; without one a pause can be
    resumed by this planner only. Thought and answer are streamed to listeners when `stream_final_response`
    is set or `observe_runs` watches. A reply that cannot be used is sent back to the model with what is
    wrong with it, until it was asked `repair_attempts` times.

    Raises:
        ValueError: no tools, no model, or a limit out of range.
    """

    def __init__(
        self,
        llm: ModelChoice | None = None,
        *,
        nodes: Sequence[Node] | None = None,
        catalog: Sequence[CatalogItem] | None = None,
        registry: ModelRegistry | None = None,
        llm_client: PlannerClient | None = None,
        tool_sources: Sequence[ToolSource] = (),
        max_iters: int = 8,
        temperature: float = 0.0,
        json_schema_mode: bool = True,
        system_prompt_extra: str | None = None,
        pause_enabled: bool = True,
        state_store: object | None = None,
        observation_guardrail: ObservationGuardrailConfig | None = None,
        repair_attempts: int = 3,
        max_consecutive_arg_failures: int = 3,
        deadline_s: float | None = None,
        hop_budget: int | None = None,
        time_source: MonotonicClock | None = None,
        event_callback: PlannerEventCallback | None = None,
        llm_timeout_s: float = 60.0,
        llm_max_retries: int = 3,
        absolute_max_parallel: int = 50,
        tool_policy: ToolPolicy | None = None,
        stream_final_response: bool = False,
    ) -> None:
        self._options: PlannerOptions = {
            "llm": llm,
            "nodes": nodes,
            "catalog": catalog,
            "registry": registry,
            "llm_client": llm_client,
            "tool_sources": tool_sources,
            "max_iters": max_iters,
            "temperature": temperature,
            "json_schema_mode": json_schema_mode,
            "system_prompt_extra": system_prompt_extra,
            "pause_enabled": pause_enabled,
            "state_store": state_store,
            "observation_guardrail": observation_guardrail,
            "repair_attempts": repair_attempts,
            "max_consecutive_arg_failures": max_consecutive_arg_failures,
            "deadline_s": deadline_s,
            "hop_budget": hop_budget,
            "time_source": time_source,
            "event_callback": event_callback,
            "llm_timeout_s": llm_timeout_s,
            "llm_max_retries": llm_max_retries,
            "absolute_max_parallel": absolute_max_parallel,
            "tool_policy": tool_policy,
            "stream_final_response": stream_final_response,
        }
        self._parts = assemble(self._options)

    @property
    def model_name(self) -> str | None:
        """The model's name, when it is known."""
        return self._parts.model.model_name

    @property
    def tool_sources(self) -> tuple[ToolSource, ...]:
        """The sources whose tools are read at the start of every run."""
        return tuple(self._options["tool_sources"])

    @property
    def state_store(self) -> object | None:
        """The store the planner was given."""
        return self._options["state_store"]

    @property
    def _spec_by_name(self) -> dict[str, NodeSpec]:
        """The name under which older programs read what `visible_tools` tells."""
        return {spec.name: spec for spec in self.visible_tools()}

    def visible_tools(self) -> tuple[NodeSpec, ...]:
        """Return the tools the model would see now."""
        return tuple(self._parts.toolbox.tools().values())

    def check_ready(self) -> None:
        """Ask the model's client whether it could be called; nothing is sent.

        Raises:
            LLMSetupError: a package, a key or a part of the model name is missing.
        """
        check_ready(self._parts.client)

    def fork(self, **overrides: Any) -> ReactPlanner:  # each of the type its keyword has in the constructor
        """Return a new planner with the same arguments except these.

        Without a `state_store`, runs that wait can be resumed by the planner that paused them only.

        Raises:
            TypeError: a keyword that the constructor does not have.
        """
        return ReactPlanner(**with_overrides(self._options, overrides))

    async def run(
        self,
        query: str,
        *,
        llm_context: Mapping[str, Any] | None = None,
        context_meta: Mapping[str, Any] | None = None,
        tool_context: Mapping[str, Any] | None = None,
    ) -> PlannerFinish | PlannerPause:
        """Answer a question.

        `llm_context` is JSON the model reads with the question. `tool_context` holds any objects for tools;
        neither the model nor the result's metadata shows it. `context_meta` is the old name of the former.

        Raises:
            TypeError: a context is no mapping, or `llm_context` is no JSON.
            LLMError: the provider failed.
            PauseNotSavedError: the run had to wait and the store failed.
        """
        if context_meta is not None:
            warnings.warn("`context_meta` is deprecated; use `llm_context`", DeprecationWarning, stacklevel=2)
            llm_context = context_meta if llm_context is None else llm_context
        trajectory = Trajectory(query=query, llm_context=_checked_llm_context(llm_context))
        deadline = Deadline.after(self._parts.limits.deadline_s, self._parts.clock)
        state = self._state(trajectory, deadline, _checked_tool_context(tool_context) or {})
        return await self._driver(state).drive()

    async def resume(
        self,
        token: str,
        user_input: str | Decision | None = None,
        *,
        tool_context: Mapping[str, Any] | None = None,
    ) -> PlannerFinish | PlannerPause:
        """Go on with a paused run, once.

        A call that waits for approval needs a decision (`penguiflow.planner.approvals`, as a value or as
        text); any other pause takes a text or nothing. `tool_context` replaces the one of the run.

        Raises:
            KeyError: no run waits under the token.
            DecisionError: the decision cannot be used; the token stays valid.
            PauseRecordError: the stored run was written by another version; it stays stored.
            LLMError, PauseNotSavedError: as `run`.
        """
        replaced = _checked_tool_context(tool_context)
        # Everything that may refuse the answer comes before the token is given up.
        paused = read_pause(await self._parts.desk.look(token))
        going_on = interpret(paused, self._parts.toolbox.tools(), user_input)
        kept = {**(paused.trajectory.tool_context or {}), **self._parts.desk.live_context(token)}
        deadline = Deadline.after(paused.deadline_remaining_s, self._parts.clock)
        context = kept if replaced is None else replaced
        state = self._state(paused.trajectory, deadline, context, paused.progress)
        await self._parts.desk.take(token)
        self._parts.desk.forget_context(token)
        if isinstance(user_input, str) and user_input:
            state.events.emit("resume", user_input=user_input)
        else:
            state.events.emit("resume")
        return await self._driver(state).go_on(token, going_on)

    async def check_edit(self, token: str, args: Mapping[str, Any]) -> list[str]:
        """Return why a person's edited arguments cannot be used for the waiting call; empty when they can.

        Raises:
            KeyError: no run waits under the token.
        """
        paused = read_pause(await self._parts.desk.look(token))
        if paused.pending is None:
            return ["no call waits under this token"]
        call = paused.pending.calls[paused.position]
        spec = self._parts.toolbox.tools().get(call.node)
        return (
            [f"tool `{call.node}` is not available now"] if spec is None else edit_problems(spec, dict(args))
        )

    async def pause(self, reason: PlannerPauseReason, payload: Mapping[str, Any] | None = None) -> NoReturn:
        """Pause the run whose tool calls this; the same as `ctx.pause` for code that has no context.

        Raises:
            RuntimeError: not called from inside a tool.
        """
        call = active_call()
        if call is None:
            raise RuntimeError("`pause` works only while a tool of a run is being called")
        await call.pause(reason, payload)
        raise AssertionError("a pause does not return")

    async def step(self, trajectory: Trajectory) -> PlannerAction:
        """Return the model's next decision for a trajectory; nothing is run or recorded.

        Raises:
            NoUsableReply: every attempt gave something that is no action.
            LLMError: the provider failed.
        """
        state = self._state(trajectory, Deadline.after(self._parts.limits.deadline_s, self._parts.clock), {})
        return (await self._driver(state).decide()).action

    def _state(
        self,
        trajectory: Trajectory,
        deadline: Deadline,
        tool_context: Mapping[str, Any],
        progress: Progress | None = None,
    ) -> RunState:
        tools = self._parts.toolbox.tools()
        observers = current_observers()
        callback = self._options["event_callback"]
        listeners = observers if callback is None else (callback, *observers)
        return RunState(
            trajectory=trajectory,
            conversation=Conversation(self._parts.toolbox.prompt(tools), trajectory),
            rules=Rules(
                tools=tools, limits=self._parts.limits, pause_enabled=self._parts.tool_caller.pause_enabled
            ),
            deadline=deadline,
            events=RunEvents(listeners, wall_clock, trajectory),
            tool_context=dict(tool_context),
            stream_text=self._options["stream_final_response"] or bool(observers),
            progress=progress or Progress(),
        )

    def _driver(self, state: RunState) -> RunDriver:
        parts = self._parts
        return RunDriver(state=state, model=parts.model, tools=parts.tool_caller, desk=parts.desk)


def _checked_llm_context(llm_context: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if llm_context is None:
        return None
    if not _is_mapping(llm_context) or not is_json(dict(llm_context)):
        raise TypeError(
            "`llm_context` must be a mapping of JSON values; give objects to tools by `tool_context`"
        )
    return dict(llm_context)


def _checked_tool_context(tool_context: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if tool_context is not None and not _is_mapping(tool_context):
        raise TypeError(f"`tool_context` must be a mapping; got `{type(tool_context).__name__}`")
    return tool_context


def _is_mapping(value: object) -> bool:
    """Tell whether an argument is what its annotation says; callers are not always type-checked."""
    return isinstance(value, Mapping)

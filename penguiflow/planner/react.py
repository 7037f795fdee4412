"""`ReactPlanner`: a model picks tools step by step until it can answer.

One planner serves any number of runs at the same time; they share nothing but its configuration. A run
ends as `PlannerFinish` or waits as `PlannerPause`. Errors of tools are told to the model; errors of the
model's provider are raised (`penguiflow.llm.errors.LLMError`) and never become answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from penguiflow._clock import MonotonicClock
from penguiflow.catalog import CatalogItem, NodeSpec, ToolSource
from penguiflow.llm.protocol import ToolCalling
from penguiflow.node import Node
from penguiflow.planner._assembly import assemble
from penguiflow.planner._json import is_json
from penguiflow.planner._loop.call_context import active_call
from penguiflow.planner._loop.client_call import PlannerClient
from penguiflow.planner._loop.decide import NoUsableReply
from penguiflow.planner._options import HelperModel, ModelChoice, PlannerOptions, check_ready, with_overrides
from penguiflow.planner._pauses.errors import (
    PauseBusyError,
    PauseError,
    PauseExpiredError,
    PauseNotSavedError,
    PauseOwnerError,
    PauseStoreError,
    UnknownTokenError,
)
from penguiflow.planner._pauses.record import PauseRecordError, read_pause
from penguiflow.planner._rules.approval import edit_problems
from penguiflow.planner._rules.limits import OnLimit
from penguiflow.planner._runs import Runs
from penguiflow.planner.action import JoinInjection, ParallelCall, ParallelJoin, PlannerAction
from penguiflow.planner.approvals import Decision
from penguiflow.planner.context import PlannerPauseReason
from penguiflow.planner.events import PlannerEvent, PlannerEventCallback, current_observers
from penguiflow.planner.models import (
    FinalPayload,
    ObservationGuardrailConfig,
    PlannerFinish,
    PlannerPause,
    ToolPolicy,
)
from penguiflow.planner.recovery import ErrorRecoveryConfig, LLMErrorType
from penguiflow.planner.reflection import ReflectionConfig, ReflectionCriteria, ReflectionCritique
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep, TrajectorySummary
from penguiflow.registry import ModelRegistry

if TYPE_CHECKING:
    from penguiflow.artifacts import ArtifactStore
    from penguiflow.planner.memory import MemoryKey, ShortTermMemory, ShortTermMemoryConfig

__all__ = [
    "ErrorRecoveryConfig",
    "FinalPayload",
    "JoinInjection",
    "LLMErrorType",
    "NoUsableReply",
    "ParallelCall",
    "ParallelJoin",
    "PauseBusyError",
    "PauseError",
    "PauseExpiredError",
    "PauseNotSavedError",
    "PauseOwnerError",
    "PauseRecordError",
    "PauseStoreError",
    "PlannerAction",
    "PlannerEvent",
    "PlannerEventCallback",
    "PlannerFinish",
    "PlannerPause",
    "ReactPlanner",
    "ReflectionConfig",
    "ReflectionCriteria",
    "ReflectionCritique",
    "ToolPolicy",
    "Trajectory",
    "TrajectoryStep",
    "TrajectorySummary",
    "UnknownTokenError",
]

_WEEK_S = 7 * 24 * 3600.0


class ReactPlanner:
    """Answers questions with tools.

    Tools come from `catalog` (specs, nodes or decorated functions), else from `nodes` with `registry`, and
    from `tool_sources`, which are read at the start of every run; `tool_policy` leaves some out. The model is
    `llm`, called through litellm, or `llm_client`, which wins. `reflection_llm` and `summarizer_llm` are
    names, settings or clients too. Further arguments, by what they are about:

    - Limits: `max_iters` steps; `hop_budget` tool calls, each branch of a parallel plan one; `deadline_s`
      from the start of a run without the time it waits for people, bounding model and tool calls too;
      `cost_limit_usd` as far as prices are known; `max_repeated_calls` of the same call with the same outcome
      in a row. None is no limit. With `on_limit="pause"` a run waits at a limit for somebody to allow as much
      again, else it ends. `token_budget` bounds the messages: older steps are told in short.
    - Model: `temperature`, `llm_timeout_s` per attempt, `llm_max_retries`, `use_native_reasoning` and
      `reasoning_effort` are for models reached through litellm. `tool_calling` is "native", "json" or chosen
      per model. `json_schema_mode` asks for JSON. `system_prompt_extra` ends the prompt.
    - Bad output: a reply that cannot be used goes back to the model, until it was asked `repair_attempts`
      times. Missing arguments are asked for (`arg_fill_enabled`), never made up; after
      `max_consecutive_arg_failures` for one tool the run ends. `error_recovery` says what is tried when the
      conversation does not fit into the model's context.
    - People: `state_store` keeps paused runs when it has `save_planner_state` and `load_planner_state`;
      without one a pause can be resumed by this planner only. A token is valid for `pause_ttl_s` (a week;
      None: for ever). With `pause_enabled=False` no run waits: a call that needs approval is refused.
    - Results: `observation_guardrail` bounds what the model reads of them, `artifact_store` (else one found
      on the state store) keeps what is too long.
    - Records: a `state_store` that keeps trajectories or planner events gets those of each run whose
      `tool_context` has a `trace_id` and a `session_id`, without secrets, whenever it ends or waits. A run
      that `observe_runs` watches is left to whoever watches it.
    - Planning: `planning_hints`; `absolute_max_parallel` branches; `multi_action_sequential` runs up to
      `multi_action_max_tools` further calls of one reply without asking again, only tools that read unless
      `multi_action_read_only_only` is off.
    - Quality: `reflection_config`. Memory: `short_term_memory`.
    - Watching: `event_callback` hears everything; thought and answer are streamed to it when
      `stream_final_response` is set, and to `observe_runs` always. `time_source` is the clock of deadlines.

    Raises:
        ValueError: no tools, no model, or a limit out of range.
        TypeError: a model or a memory that is none.
    """

    DEFAULT_MAX_PARALLEL: ClassVar[int] = 50

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
        tool_calling: ToolCalling = "auto",
        system_prompt_extra: str | None = None,
        token_budget: int | None = None,
        cost_limit_usd: float | None = None,
        on_limit: OnLimit = "end",
        pause_enabled: bool = True,
        pause_ttl_s: float | None = _WEEK_S,
        state_store: object | None = None,
        artifact_store: ArtifactStore | None = None,
        observation_guardrail: ObservationGuardrailConfig | None = None,
        summarizer_llm: HelperModel | None = None,
        planning_hints: Mapping[str, Any] | None = None,
        repair_attempts: int = 3,
        max_consecutive_arg_failures: int = 3,
        max_repeated_calls: int | None = 3,
        arg_fill_enabled: bool = True,
        deadline_s: float | None = None,
        hop_budget: int | None = None,
        time_source: MonotonicClock | None = None,
        event_callback: PlannerEventCallback | None = None,
        llm_timeout_s: float = 60.0,
        llm_max_retries: int = 3,
        use_native_reasoning: bool = True,
        reasoning_effort: str | None = None,
        absolute_max_parallel: int = 50,
        reflection_config: ReflectionConfig | None = None,
        reflection_llm: HelperModel | None = None,
        tool_policy: ToolPolicy | None = None,
        stream_final_response: bool = False,
        short_term_memory: ShortTermMemoryConfig | ShortTermMemory | None = None,
        error_recovery: ErrorRecoveryConfig | None = None,
        multi_action_sequential: bool = False,
        multi_action_read_only_only: bool = True,
        multi_action_max_tools: int = 2,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self"}
        # `PlannerOptions` names exactly these parameters; a test compares both.
        self._options = cast(PlannerOptions, given)
        self._parts = assemble(self._options)

    @property
    def model_name(self) -> str | None:
        """The model's name, when it is known."""
        return self._parts.driver.decider.models.clients["main"].model_name

    @property
    def tool_sources(self) -> tuple[ToolSource, ...]:
        """The sources whose tools are read at the start of every run."""
        return tuple(self._options["tool_sources"])

    @property
    def state_store(self) -> object | None:
        """The store the planner was given."""
        return self._options["state_store"]

    @property
    def artifact_store(self) -> ArtifactStore:
        """The store that keeps what tools put aside; one that keeps nothing when there is none."""
        return self._parts.artifacts

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

    def fork(
        self,
        *,
        catalog_filter: Callable[[NodeSpec], bool] | None = None,
        **overrides: Any,  # each of the type its keyword has in the constructor
    ) -> ReactPlanner:
        """Return a new planner with the same arguments except these; the filter keeps part of the catalog.

        Without a `state_store`, runs that wait can be resumed by the planner that paused them only, and the
        new planner remembers no conversations.

        Raises:
            TypeError: a keyword that the constructor does not have.
        """
        options = with_overrides(self._options, overrides)
        if catalog_filter is not None:
            kept = {spec.name for spec in self.visible_tools() if catalog_filter(spec)}
            policy = options["tool_policy"] or ToolPolicy()
            options["tool_policy"] = policy.model_copy(update={"allowed_tools": kept})
        return ReactPlanner(**options)

    async def run(
        self,
        query: str,
        *,
        llm_context: Mapping[str, Any] | None = None,
        context_meta: Mapping[str, Any] | None = None,
        tool_context: Mapping[str, Any] | None = None,
        memory_key: MemoryKey | None = None,
    ) -> PlannerFinish | PlannerPause:
        """Answer a question.

        `llm_context` is JSON the model reads with the question. `tool_context` holds any objects for tools;
        neither the model nor the result's metadata shows it. `memory_key` says whose conversation this is;
        without it the key is looked for in `tool_context`. `context_meta` is the old name of `llm_context`.

        Raises:
            TypeError: a context is no mapping, or `llm_context` is no JSON.
            LLMError: the provider failed.
            PauseNotSavedError: the run had to wait and the store failed.
        """
        if context_meta is not None:
            warnings.warn("`context_meta` is deprecated; use `llm_context`", DeprecationWarning, stacklevel=2)
            llm_context = context_meta if llm_context is None else llm_context
        shown = _checked_llm_context(llm_context)
        hidden = _checked_tool_context(tool_context) or {}
        return await self._runs().begin(query, shown, hidden, memory_key, self._listeners())

    async def resume(
        self,
        token: str,
        user_input: str | Decision | None = None,
        *,
        tool_context: Mapping[str, Any] | None = None,
        memory_key: MemoryKey | None = None,
    ) -> PlannerFinish | PlannerPause:
        """Go on with a paused run, once.

        A call that waits for approval needs a decision (`penguiflow.planner.approvals`, as a value or as
        text); any other pause takes a text or nothing. A run at a limit goes on as far again when it is
        approved (or nothing is said), and ends when it is rejected. `tool_context` replaces the run's own.

        Raises:
            UnknownTokenError, PauseExpiredError: no run waits under the token, or none any more (a KeyError).
            DecisionError, PauseOwnerError, PauseBusyError: the answer cannot be taken; the token stays valid.
            PauseRecordError: the stored run was written by another version; it stays stored.
            LLMError, PauseNotSavedError: as `run`. What the call did is kept for `recover`.
        """
        context = _checked_tool_context(tool_context)
        return await self._runs().go_on(token, user_input, context, memory_key, self._listeners())

    async def recover(
        self,
        token: str,
        *,
        tool_context: Mapping[str, Any] | None = None,
        memory_key: MemoryKey | None = None,
    ) -> PlannerFinish | PlannerPause:
        """Go on with a run whose `resume` was broken off, because its process died or its model failed.

        The answer that was given is used again; a call it allowed is made again with the same
        `ctx.idempotency_key`. Call it only when nothing works on the run any more.

        Raises:
            UnknownTokenError: nothing was broken off under this token: the run still waits, or is over.
            PauseRecordError, LLMError, PauseNotSavedError: as `resume`.
        """
        context = _checked_tool_context(tool_context)
        return await self._runs().recover(token, context, memory_key, self._listeners())

    async def check_edit(self, token: str, args: Mapping[str, Any]) -> list[str]:
        """Return why a person's edited arguments cannot be used for the waiting call; empty when they can.

        Raises:
            KeyError: no run waits under the token.
        """
        paused = read_pause(await self._parts.desk.look(token))
        position = paused.question(token).position
        if paused.pending is None or position is None:
            return ["no call waits under this token"]
        call = paused.pending.calls[position]
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
        return (await self._runs().decide(trajectory, self._listeners())).action

    async def aclose(self) -> None:
        """End what memories do in the background and store what is not stored; closing twice is harmless.

        A planner without memory needs no closing. One that is used afterwards has no memory any more.
        """
        await self._parts.memories.aclose()

    def _runs(self) -> Runs:
        watched = bool(current_observers())
        return Runs(
            parts=self._parts,
            pause_enabled=self._options["pause_enabled"],
            streams=self._options["stream_final_response"] or watched,
        )

    def _listeners(self) -> tuple[PlannerEventCallback, ...]:
        observers, callback = current_observers(), self._options["event_callback"]
        return observers if callback is None else (callback, *observers)


def _checked_llm_context(llm_context: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if llm_context is None:
        return None
    if not _is_mapping(llm_context) or not is_json(dict(llm_context)):
        raise TypeError(
            "`llm_context` must be a mapping of JSON values; give objects to tools by `tool_context`"
        )
    return dict(llm_context)


def _checked_tool_context(tool_context: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if tool_context is not None and not _is_mapping(tool_context):
        raise TypeError(f"`tool_context` must be a mapping; got `{type(tool_context).__name__}`")
    return None if tool_context is None else dict(tool_context)


def _is_mapping(value: object) -> bool:
    """Tell whether an argument is what its annotation says; callers are not always type-checked."""
    return isinstance(value, Mapping)

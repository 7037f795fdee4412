"""What a planner is built from, by keyword; `ReactPlanner` documents each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypedDict, cast, runtime_checkable

from penguiflow._clock import MonotonicClock
from penguiflow.catalog import CatalogItem, ToolSource
from penguiflow.llm.litellm import LiteLLMClient
from penguiflow.llm.protocol import SupportsReadiness, ToolCalling
from penguiflow.node import Node
from penguiflow.planner._loop.client_call import ClientCall, PlannerClient
from penguiflow.planner._loop.model_call import NamedClient
from penguiflow.planner._rules.limits import OnLimit
from penguiflow.planner.events import PlannerEventCallback
from penguiflow.planner.models import ObservationGuardrailConfig, ToolPolicy
from penguiflow.planner.recovery import ErrorRecoveryConfig
from penguiflow.planner.reflection import ReflectionConfig
from penguiflow.registry import ModelRegistry

if TYPE_CHECKING:
    from penguiflow.artifacts import ArtifactStore
    from penguiflow.planner.memory import ShortTermMemory, ShortTermMemoryConfig

ModelChoice: TypeAlias = str | Mapping[str, Any]
"""The name of a model, or a mapping with `model` and further settings of its provider."""

HelperModel: TypeAlias = ModelChoice | PlannerClient
"""A model besides the main one: by name, by settings, or a client."""


class PlannerOptions(TypedDict):
    """The keywords of `ReactPlanner`."""

    llm: ModelChoice | None
    nodes: Sequence[Node] | None
    catalog: Sequence[CatalogItem] | None
    registry: ModelRegistry | None
    llm_client: PlannerClient | None
    tool_sources: Sequence[ToolSource]
    max_iters: int
    temperature: float
    json_schema_mode: bool
    tool_calling: ToolCalling
    system_prompt_extra: str | None
    token_budget: int | None
    cost_limit_usd: float | None
    on_limit: OnLimit
    pause_enabled: bool
    pause_ttl_s: float | None
    state_store: object | None
    artifact_store: ArtifactStore | None
    observation_guardrail: ObservationGuardrailConfig | None
    summarizer_llm: HelperModel | None
    planning_hints: Mapping[str, Any] | None
    repair_attempts: int
    max_consecutive_arg_failures: int
    max_repeated_calls: int | None
    arg_fill_enabled: bool
    deadline_s: float | None
    hop_budget: int | None
    time_source: MonotonicClock | None
    event_callback: PlannerEventCallback | None
    llm_timeout_s: float
    llm_max_retries: int
    use_native_reasoning: bool
    reasoning_effort: str | None
    absolute_max_parallel: int
    reflection_config: ReflectionConfig | None
    reflection_llm: HelperModel | None
    tool_policy: ToolPolicy | None
    stream_final_response: bool
    short_term_memory: ShortTermMemoryConfig | ShortTermMemory | None
    error_recovery: ErrorRecoveryConfig | None
    multi_action_sequential: bool
    multi_action_read_only_only: bool
    multi_action_max_tools: int


@runtime_checkable
class _NamesModel(Protocol):
    @property
    def model(self) -> str: ...


@runtime_checkable
class _CanBeReady(SupportsReadiness, Protocol):
    """`SupportsReadiness`, to be asked of any object."""


def with_overrides(options: PlannerOptions, overrides: Mapping[str, Any]) -> PlannerOptions:
    """Return the options with some replaced; another `llm` also replaces a client.

    Raises:
        TypeError: an override that is no keyword of the planner.
    """
    unknown = sorted(overrides.keys() - options.keys())
    if unknown:
        raise TypeError(f"`{', '.join(unknown)}` is no argument of ReactPlanner")
    merged = {**options, **overrides}
    if overrides.get("llm") is not None and "llm_client" not in overrides:
        merged["llm_client"] = None
    return cast(PlannerOptions, merged)  # the same keys, checked above; their values are checked when used


def client_for(options: PlannerOptions) -> PlannerClient:
    """Return the given client, else one for the named model.

    Raises:
        ValueError: neither is given.
    """
    if options["llm_client"] is not None:
        return options["llm_client"]
    if options["llm"] is None:
        raise ValueError("give `llm` (the name of a model) or `llm_client` (an object with `complete`)")
    return _litellm_client(options["llm"], options)


def helper_client(choice: object, options: PlannerOptions, keyword: str) -> PlannerClient | None:
    """Return the client of a model besides the main one; None when none is chosen.

    Raises:
        TypeError: the choice is neither a name, nor settings, nor a client.
    """
    if choice is None:
        return None
    if isinstance(choice, str):
        return _litellm_client(choice, options)
    if isinstance(choice, Mapping):
        return _litellm_client(cast("Mapping[str, Any]", choice), options)  # settings of any provider
    if callable(getattr(choice, "complete", None)):
        return cast(PlannerClient, choice)  # its `complete` was just found; the call adapts to its keywords
    raise TypeError(
        f"`{keyword}` must be a model name, a mapping with `model`, or an object with `complete`; "
        f"got `{type(choice).__name__}`"
    )


def named(client: PlannerClient) -> NamedClient:
    """Return the client ready to be called, with the name it gives to its model."""
    return NamedClient(
        call=ClientCall(client), model_name=client.model if isinstance(client, _NamesModel) else None
    )


def check_ready(client: PlannerClient) -> None:
    """Ask the client whether it could be called, when it can tell."""
    if isinstance(client, _CanBeReady):
        client.check_ready()


def _litellm_client(model: ModelChoice, options: PlannerOptions) -> LiteLLMClient:
    return LiteLLMClient(
        model,
        temperature=options["temperature"],
        timeout_s=options["llm_timeout_s"],
        max_retries=options["llm_max_retries"],
        tool_calling=options["tool_calling"],
        use_native_reasoning=options["use_native_reasoning"],
        reasoning_effort=options["reasoning_effort"],
    )

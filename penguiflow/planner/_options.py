"""What a planner is built from, by keyword; `ReactPlanner` documents each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypedDict, cast, runtime_checkable

from penguiflow._clock import MonotonicClock
from penguiflow.catalog import CatalogItem, ToolSource
from penguiflow.llm.litellm import LiteLLMClient
from penguiflow.llm.protocol import SupportsReadiness
from penguiflow.node import Node
from penguiflow.planner._loop.client_call import PlannerClient
from penguiflow.planner.events import PlannerEventCallback
from penguiflow.planner.models import ObservationGuardrailConfig, ToolPolicy
from penguiflow.registry import ModelRegistry

ModelChoice: TypeAlias = str | Mapping[str, Any]
"""The name of a model, or a mapping with `model` and further settings of its provider."""


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
    system_prompt_extra: str | None
    pause_enabled: bool
    state_store: object | None
    observation_guardrail: ObservationGuardrailConfig | None
    repair_attempts: int
    max_consecutive_arg_failures: int
    deadline_s: float | None
    hop_budget: int | None
    time_source: MonotonicClock | None
    event_callback: PlannerEventCallback | None
    llm_timeout_s: float
    llm_max_retries: int
    absolute_max_parallel: int
    tool_policy: ToolPolicy | None
    stream_final_response: bool


@runtime_checkable
class _NamesModel(Protocol):
    @property
    def model(self) -> str: ...


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
    return LiteLLMClient(
        options["llm"],
        temperature=options["temperature"],
        timeout_s=options["llm_timeout_s"],
        max_retries=options["llm_max_retries"],
    )


def model_name_of(client: PlannerClient) -> str | None:
    """Return the name a client gives to its model, None when it gives none."""
    return client.model if isinstance(client, _NamesModel) else None


def check_ready(client: PlannerClient) -> None:
    """Ask the client whether it could be called, when it can tell."""
    if isinstance(client, _CanBeReady):
        client.check_ready()


@runtime_checkable
class _CanBeReady(SupportsReadiness, Protocol):
    """`SupportsReadiness`, to be asked of any object."""

"""Puts the parts of a planner together from its options."""

from __future__ import annotations

import time
from dataclasses import dataclass

from penguiflow._clock import MonotonicClock, wall_clock
from penguiflow._ids import new_id
from penguiflow.artifacts import ArtifactStore, NoOpArtifactStore, discover_artifact_store
from penguiflow.catalog import build_catalog
from penguiflow.planner._kept_runs import RunKeeper
from penguiflow.planner._loop.answering import Answering
from penguiflow.planner._loop.arg_fill import ArgFiller
from penguiflow.planner._loop.client_call import ClientCall, PlannerClient
from penguiflow.planner._loop.compaction import Compaction
from penguiflow.planner._loop.decide import Decider
from penguiflow.planner._loop.driver import RunDriver
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.performing import Performer
from penguiflow.planner._loop.queue import QueueRule
from penguiflow.planner._loop.recovery import Recovery
from penguiflow.planner._loop.reflecting import Reflection
from penguiflow.planner._loop.refusing import GivingUp
from penguiflow.planner._loop.tool_call import ToolCaller
from penguiflow.planner._loop.tool_result import ResultReader
from penguiflow.planner._memory.book import MemoryBook
from penguiflow.planner._memory.config import ShortTermMemoryConfig
from penguiflow.planner._memory_summaries import MemorySummaries
from penguiflow.planner._options import PlannerOptions, client_for, helper_client, named
from penguiflow.planner._pauses.desk import PauseDesk, keeps_pauses
from penguiflow.planner._pauses.sealed import SealedStore
from penguiflow.planner._prompts.response_format import PLANNER_ACTION_FORMAT
from penguiflow.planner._prompts.system import Guidance
from penguiflow.planner._rules.hints import PlanningHints, read_hints
from penguiflow.planner._rules.limits import Limits
from penguiflow.planner._toolbox import Toolbox
from penguiflow.planner.models import ObservationGuardrailConfig
from penguiflow.planner.recovery import ErrorRecoveryConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerParts:
    """What all runs of a planner use; nothing in it changes with a run but the pauses and the memories."""

    client: PlannerClient
    toolbox: Toolbox
    limits: Limits
    hints: PlanningHints
    driver: RunDriver
    desk: PauseDesk
    memories: MemoryBook
    memory_summaries: MemorySummaries
    artifacts: ArtifactStore
    keeper: RunKeeper
    clock: MonotonicClock


def assemble(options: PlannerOptions) -> PlannerParts:
    """Return the parts.

    Raises:
        ValueError: no tools, no model, or a limit out of range.
        TypeError: a model or a memory that is none.
    """
    limits = _limits(options)
    hints = read_hints(options["planning_hints"])
    client = client_for(options)
    models = _models(client, options)
    toolbox = _toolbox(options, hints)
    desk = _pause_desk(options, toolbox)
    artifacts = _artifact_store(options)
    summaries = _memory_summaries(client, options)
    return PlannerParts(
        client=client,
        toolbox=toolbox,
        limits=limits,
        hints=hints,
        driver=_driver(options, limits, models, desk, artifacts),
        desk=desk,
        memories=MemoryBook(
            options["short_term_memory"], summarizer=summaries.summarise, store=options["state_store"]
        ),
        memory_summaries=summaries,
        artifacts=artifacts,
        keeper=RunKeeper(options["state_store"]),
        clock=options["time_source"] or time.monotonic,
    )


def _pause_desk(options: PlannerOptions, toolbox: Toolbox) -> PauseDesk:
    store = options["state_store"]
    if keeps_pauses(store):
        store = SealedStore(store, toolbox.tools, new_id)
    return PauseDesk(store, new_id, ttl_s=options["pause_ttl_s"], clock=wall_clock)


def _limits(options: PlannerOptions) -> Limits:
    return Limits(
        max_iters=options["max_iters"],
        hop_budget=options["hop_budget"],
        deadline_s=options["deadline_s"],
        token_budget=options["token_budget"],
        cost_limit_usd=options["cost_limit_usd"],
        on_limit=options["on_limit"],
        repair_attempts=options["repair_attempts"],
        max_consecutive_arg_failures=options["max_consecutive_arg_failures"],
        absolute_max_parallel=options["absolute_max_parallel"],
        max_repeated_calls=options["max_repeated_calls"],
    )


def _models(client: PlannerClient, options: PlannerOptions) -> ModelCaller:
    main = named(client)
    reflection = helper_client(options["reflection_llm"], options, "reflection_llm")
    config = options["reflection_config"]
    if config is not None and config.use_separate_llm and reflection is None:
        raise ValueError("`reflection_config.use_separate_llm` is set: give `reflection_llm` too")
    summarizer = helper_client(options["summarizer_llm"], options, "summarizer_llm")
    return ModelCaller(
        clients={
            "main": main,
            "reflection": named(reflection) if reflection is not None else main,
            "summarizer": named(summarizer) if summarizer is not None else main,
        }
    )


def _driver(
    options: PlannerOptions, limits: Limits, models: ModelCaller, desk: PauseDesk, artifacts: ArtifactStore
) -> RunDriver:
    guardrail = options["observation_guardrail"] or ObservationGuardrailConfig()
    reflection = options["reflection_config"]
    return RunDriver(
        decider=Decider(
            models=models,
            compaction=Compaction(
                token_budget=limits.token_budget,
                models=models,
                asks_model=options["summarizer_llm"] is not None,
            ),
            recovery=Recovery(config=options["error_recovery"] or ErrorRecoveryConfig(), models=models),
            response_format=PLANNER_ACTION_FORMAT if _wants_format(options) else None,
            attempts=limits.repair_attempts,
        ),
        performer=Performer(
            tools=ToolCaller(
                results=ResultReader(guardrail, artifacts), pause_enabled=options["pause_enabled"]
            ),
            desk=desk,
        ),
        answering=Answering(
            models=models,
            reflection=Reflection(config=reflection, models=models)
            if reflection is not None and reflection.enabled
            else None,
        ),
        filler=ArgFiller(models=models, enabled=options["arg_fill_enabled"]),
        giving_up=GivingUp(models=models),
        queue_rule=QueueRule(
            enabled=options["multi_action_sequential"],
            read_only=options["multi_action_read_only_only"],
            most=options["multi_action_max_tools"],
        ),
    )


def _wants_format(options: PlannerOptions) -> bool:
    return options["json_schema_mode"] or bool(getattr(options["llm_client"], "expects_json_schema", False))


def _artifact_store(options: PlannerOptions) -> ArtifactStore:
    return options["artifact_store"] or discover_artifact_store(options["state_store"]) or NoOpArtifactStore()


def _memory_summaries(client: PlannerClient, options: PlannerOptions) -> MemorySummaries:
    memory = options["short_term_memory"]
    own = memory.summarizer_model if isinstance(memory, ShortTermMemoryConfig) else None
    chosen = helper_client(own, options, "summarizer_model")
    shared = helper_client(options["summarizer_llm"], options, "summarizer_llm")
    return MemorySummaries(ClientCall(chosen or shared or client))


def _toolbox(options: PlannerOptions, hints: PlanningHints) -> Toolbox:
    catalog, nodes, registry = options["catalog"], options["nodes"], options["registry"]
    sources = options["tool_sources"]
    if catalog is None and (nodes is None or registry is None) and not sources:
        raise ValueError("give `catalog`, or `nodes` with `registry`, or `tool_sources`")
    specs = build_catalog(catalog if catalog is not None else nodes or (), registry)
    guidance = Guidance(extra=options["system_prompt_extra"], hints=hints.to_prompt())
    return Toolbox(specs, sources, options["tool_policy"], guidance=guidance)

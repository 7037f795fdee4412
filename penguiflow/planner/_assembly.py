"""Puts the parts of a planner together from its options."""

from __future__ import annotations

import time
from dataclasses import dataclass

from penguiflow._clock import MonotonicClock
from penguiflow._ids import new_id
from penguiflow.catalog import build_catalog
from penguiflow.planner._loop.client_call import ClientCall, PlannerClient
from penguiflow.planner._loop.limits import Limits
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.pause_desk import PauseDesk
from penguiflow.planner._loop.tool_call import ToolCaller
from penguiflow.planner._options import PlannerOptions, client_for, model_name_of
from penguiflow.planner._prompts.response_format import PLANNER_ACTION_FORMAT
from penguiflow.planner._toolbox import Toolbox
from penguiflow.planner.models import ObservationGuardrailConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerParts:
    """What all runs of a planner use; nothing in it changes with a run, except the pauses at the desk."""

    client: PlannerClient
    toolbox: Toolbox
    limits: Limits
    model: ModelCaller
    tool_caller: ToolCaller
    desk: PauseDesk
    clock: MonotonicClock


def assemble(options: PlannerOptions) -> PlannerParts:
    """Return the parts.

    Raises:
        ValueError: no tools, no model, or a limit out of range.
    """
    limits = Limits(
        max_iters=options["max_iters"],
        hop_budget=options["hop_budget"],
        deadline_s=options["deadline_s"],
        repair_attempts=options["repair_attempts"],
        max_consecutive_arg_failures=options["max_consecutive_arg_failures"],
        absolute_max_parallel=options["absolute_max_parallel"],
    )
    client = client_for(options)
    wants_format = options["json_schema_mode"] or bool(getattr(client, "expects_json_schema", False))
    return PlannerParts(
        client=client,
        toolbox=_toolbox(options),
        limits=limits,
        model=ModelCaller(
            client=ClientCall(client),
            model_name=model_name_of(client),
            response_format=PLANNER_ACTION_FORMAT if wants_format else None,
            attempts=limits.repair_attempts,
        ),
        tool_caller=ToolCaller(
            guardrail=options["observation_guardrail"] or ObservationGuardrailConfig(),
            pause_enabled=options["pause_enabled"],
        ),
        desk=PauseDesk(options["state_store"], new_id),
        clock=options["time_source"] or time.monotonic,
    )


def _toolbox(options: PlannerOptions) -> Toolbox:
    catalog, nodes, registry = options["catalog"], options["nodes"], options["registry"]
    sources = options["tool_sources"]
    if catalog is None and (nodes is None or registry is None) and not sources:
        raise ValueError("give `catalog`, or `nodes` with `registry`, or `tool_sources`")
    specs = build_catalog(catalog if catalog is not None else nodes or (), registry)
    return Toolbox(specs, sources, options["tool_policy"], prompt_extra=options["system_prompt_extra"])

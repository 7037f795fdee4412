"""What an action means for a run: an answer, calls that may go on, or a refusal the model learns from.

Every check of a single call holds for each branch of a parallel plan too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, is_list, is_object
from penguiflow.planner._loop.arguments import InvalidArgs, check_args, needs_approval
from penguiflow.planner._loop.calls import PlannedCall
from penguiflow.planner._loop.limits import Limits, hops_missing
from penguiflow.planner._loop.progress import ArgsRejected, Fact, HopsExhausted, Progress
from penguiflow.planner._loop.tool_table import unknown_tool_error
from penguiflow.planner.action import ParallelCall, PlannerAction


@dataclass(frozen=True, slots=True)
class Answer:
    """The model answers."""


@dataclass(frozen=True, slots=True)
class Calls:
    """These calls may go on."""

    calls: Sequence[PlannedCall]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing runs; the model reads `error`."""

    error: str
    fact: Fact | None = None
    missing: Sequence[str] = ()


Verdict: TypeAlias = Answer | Calls | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a verdict depends on besides the action and the progress."""

    tools: Mapping[str, NodeSpec]
    limits: Limits
    pause_enabled: bool = True


def judge(action: PlannerAction, progress: Progress, rules: Rules) -> Verdict:
    """Return what may happen with the action."""
    if action.is_terminal():
        return Answer()
    if action.is_parallel():
        return _judge_plan(action, progress, rules)
    proposed = ParallelCall(node=action.next_node, args=action.args)
    if hops_missing(progress, rules.limits, 1) and action.next_node in rules.tools:
        return _hop_refusal(rules.limits)
    return _one_or_refusal(plan_call(f"call_{progress.action_seq}", proposed, action, rules))


def plan_call(
    call_id: str, proposed: ParallelCall, action: PlannerAction | None, rules: Rules
) -> PlannedCall | Refusal:
    """Return the call when its tool exists, its arguments are valid and, if needed, a person can be asked."""
    spec = rules.tools.get(proposed.node)
    if spec is None:
        return Refusal(unknown_tool_error(proposed.node, rules.tools))
    checked = check_args(spec, proposed.args, action)
    if isinstance(checked, InvalidArgs):
        return Refusal(checked.error(proposed.node), ArgsRejected(), checked.missing)
    asks = needs_approval(spec, checked.parsed)
    if asks and not rules.pause_enabled:
        return Refusal(
            f"`{proposed.node}` needs a person's approval, and this run cannot ask. It did not run."
        )
    return PlannedCall(
        call_id=call_id, node=proposed.node, args=checked.shown, needs_approval=asks, parsed=checked.parsed
    )


def _one_or_refusal(planned: PlannedCall | Refusal) -> Verdict:
    return planned if isinstance(planned, Refusal) else Calls([planned])


def _judge_plan(action: PlannerAction, progress: Progress, rules: Rules) -> Verdict:
    steps = action.args.get("steps")
    problem = _shape_problem(action, steps, rules.limits)
    if problem is not None:
        return Refusal(f"Parallel plan invalid: {problem}. Nothing ran.")
    branches = action.get_plan_steps()
    if hops_missing(progress, rules.limits, len(branches) + (action.get_plan_join() is not None)):
        return _hop_refusal(rules.limits)
    return _plan_branches(branches, action, progress, rules)


def _plan_branches(
    branches: Sequence[ParallelCall], action: PlannerAction, progress: Progress, rules: Rules
) -> Verdict:
    calls: list[PlannedCall] = []
    refusals: list[Refusal] = []
    for index, branch in enumerate(branches):
        planned = plan_call(f"call_{progress.action_seq}_parallel_{index}", branch, action, rules)
        if isinstance(planned, Refusal):
            refusals.append(planned)
        else:
            calls.append(planned)
    if not refusals:
        return Calls(calls)
    return Refusal(
        f"Parallel plan invalid: {' '.join(refusal.error for refusal in refusals)} Nothing ran.",
        next((refusal.fact for refusal in refusals if refusal.fact), None),
        [name for refusal in refusals for name in refusal.missing],
    )


def _shape_problem(action: PlannerAction, steps: Json, limits: Limits) -> str | None:
    if not is_list(steps) or not steps:
        return "`steps` needs at least one branch"
    if len(steps) > limits.absolute_max_parallel:
        return f"{len(steps)} branches exceed max_parallel={limits.absolute_max_parallel}"
    malformed = [str(i) for i, step in enumerate(steps) if not _is_branch(step)]
    if malformed:
        return f"branch {', '.join(malformed)} is not {{'node': ..., 'args': {{...}}}}"
    try:
        action.get_plan_join()
    except ValidationError:
        return "`join` is not {'node': ..., 'args': {...}, 'inject': {...}}"
    return None


def _is_branch(step: Json) -> bool:
    return is_object(step) and isinstance(step.get("node"), str) and is_object(step.get("args", {}))


def _hop_refusal(limits: Limits) -> Refusal:
    return Refusal(
        f"Hop budget exhausted (limit={limits.hop_budget}): no further tool can run. "
        "Answer with what you have.",
        HopsExhausted(),
    )

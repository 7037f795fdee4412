"""What an action means for a run: an answer, calls that may go on, or a refusal the model learns from.

Every check of a single call holds for each branch of a parallel plan too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import ValidationError

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, is_list, is_object
from penguiflow.planner._rules.arguments import InvalidArgs, check_args, needs_approval
from penguiflow.planner._rules.calls import PlannedCall
from penguiflow.planner._rules.hints import PlanningHints, forbidden, out_of_order, refused_together
from penguiflow.planner._rules.limits import Limits, hop_limit, hops_missing
from penguiflow.planner._rules.progress import Progress
from penguiflow.planner._rules.tool_table import unknown_tool_error
from penguiflow.planner.action import ParallelCall, PlannerAction


@dataclass(frozen=True, slots=True)
class Answer:
    """The model answers."""


@dataclass(frozen=True, slots=True)
class Calls:
    """These calls may go on."""

    calls: Sequence[PlannedCall]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Nothing runs; the model reads `error`. `invalid` says what is wrong with the arguments, by tool."""

    error: str
    kind: Literal["plan", "unknown_tool", "args", "hops", "order", "other"] = "other"
    invalid: Mapping[str, InvalidArgs] = field(default_factory=dict[str, InvalidArgs])


Verdict: TypeAlias = Answer | Calls | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a verdict depends on besides the action and the progress."""

    tools: Mapping[str, NodeSpec]
    limits: Limits
    hints: PlanningHints = field(default_factory=PlanningHints)
    pause_enabled: bool = True


def judge(action: PlannerAction, progress: Progress, rules: Rules) -> Verdict:
    """Return what may happen with the action."""
    if action.is_terminal():
        return Answer()
    if action.is_parallel():
        return _judge_plan(action, progress, rules)
    name = action.next_node
    refusal = _hop_refusal(progress, rules, 1) or _hint_refusal([name], progress, rules)
    if refusal is not None:
        return refusal
    planned = plan_call(
        f"call_{progress.action_seq}", ParallelCall(node=name, args=action.args), action, rules
    )
    return planned if isinstance(planned, Refusal) else Calls([planned])


def plan_call(
    call_id: str, proposed: ParallelCall, action: PlannerAction | None, rules: Rules
) -> PlannedCall | Refusal:
    """Return the call when its tool exists, its arguments are valid and, if needed, a person can be asked."""
    spec = rules.tools.get(proposed.node)
    if spec is None:
        return Refusal(error=unknown_tool_error(proposed.node, rules.tools), kind="unknown_tool")
    checked = check_args(spec, proposed.args, action)
    if isinstance(checked, InvalidArgs):
        error = checked.error(proposed.node)
        return Refusal(error=error, kind="args", invalid={proposed.node: checked})
    asks = needs_approval(spec, checked.parsed)
    if asks and not rules.pause_enabled:
        return Refusal(
            error=f"`{proposed.node}` needs a person's approval, and this run cannot ask. It did not run."
        )
    return PlannedCall(
        call_id=call_id,
        node=proposed.node,
        args=checked.shown,
        needs_approval=asks,
        parsed=checked.parsed,
        placeholders=checked.placeholders,
    )


def _judge_plan(action: PlannerAction, progress: Progress, rules: Rules) -> Verdict:
    problem = _shape_problem(action, action.args.get("steps"), rules)
    if problem is not None:
        return Refusal(error=f"Parallel plan invalid: {problem}. Nothing ran.", kind="plan")
    branches = action.get_plan_steps()
    join = action.get_plan_join()
    names = [branch.node for branch in branches]
    joined = names if join is None else [*names, join.node]
    refusal = _hint_refusal(joined, progress, rules) or _hop_refusal(progress, rules, len(joined))
    return refusal or _plan_branches(branches, action, progress, rules)


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
    invalid = {tool: args for refusal in refusals for tool, args in refusal.invalid.items()}
    return Refusal(
        error=f"Parallel plan invalid: {' '.join(refusal.error for refusal in refusals)} Nothing ran.",
        kind="args" if invalid else refusals[0].kind,
        invalid=invalid,
    )


def _shape_problem(action: PlannerAction, steps: Json, rules: Rules) -> str | None:
    if not is_list(steps) or not steps:
        return "`steps` needs at least one branch"
    most = rules.limits.absolute_max_parallel
    if len(steps) > most:
        return f"{len(steps)} branches exceed max_parallel={most}"
    malformed = [str(i) for i, step in enumerate(steps) if not _is_branch(step)]
    if malformed:
        return f"branch {', '.join(malformed)} is not {{'node': ..., 'args': {{...}}}}"
    together = refused_together(rules.hints, [step["node"] for step in steps])
    if together is not None:
        return together
    try:
        action.get_plan_join()
    except ValidationError:
        return "`join` is not {'node': ..., 'args': {...}, 'inject': {...}, 'on_failure': 'skip' | 'partial'}"
    return None


def _is_branch(step: Json) -> bool:
    return is_object(step) and isinstance(step.get("node"), str) and is_object(step.get("args", {}))


def _hint_refusal(names: Sequence[str], progress: Progress, rules: Rules) -> Refusal | None:
    refused = forbidden(rules.hints, names)
    if refused is not None:
        return Refusal(error=refused)
    reminder = out_of_order(rules.hints, progress.ordering_completed, progress.ordering_warned, names)
    return None if reminder is None else Refusal(error=reminder, kind="order")


def _hop_refusal(progress: Progress, rules: Rules, wanted: int) -> Refusal | None:
    if not hops_missing(progress, rules.limits, wanted):
        return None
    return Refusal(
        error=f"Hop budget exhausted (limit={hop_limit(progress, rules.limits)}): no further tool can run. "
        "Answer with what you have.",
        kind="hops",
    )

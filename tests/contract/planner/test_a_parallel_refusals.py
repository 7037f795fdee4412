"""Section 12: plans of which nothing runs, because one branch may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from tests.contract.planner.fakes_a import Echoed, Ran, Tools, both, end, run, use


class Number(BaseModel):
    n: int


def numbered(tools: Tools, name: str = "count", **marks: Any) -> Any:
    async def count(args: Number, ctx: Any) -> Echoed:
        tools.calls.append(f"{name} {args.n}")
        return Echoed(said=str(args.n))

    count.__name__ = name
    return tool(**{"desc": f"Counts {name}", **marks})(count)


async def refused(
    plan: dict[str, Any], *, more: Any = None, tools: Tools | None = None, **options: Any
) -> Ran:
    """Run a plan, and see that it became one error step, nothing ran, and the run went on."""
    tools = tools or Tools()
    catalog = [*tools.all(), numbered(tools), *(more or [])]
    ran = await run(plan, end("went on"), catalog=catalog, **options)
    (step,) = ran.steps
    assert step["error"]
    assert tools.calls == []
    assert ran.requests[1].last["error"] == step["error"]
    assert ran.result.payload["raw_answer"] == "went on"
    assert ran.client.kinds == ["planner_action"] * 2
    assert ran.result.metadata["constraints"]["hops_used"] == 0
    return ran


@pytest.mark.parametrize("args", [{"steps": []}, {}, {"steps": None}], ids=["empty", "missing", "null"])
async def test_a_plan_needs_at_least_one_branch(args: dict[str, Any]) -> None:
    ran = await refused({"next_node": "parallel", "args": args})
    assert "at least one branch" in ran.error


@pytest.mark.parametrize("steps", ["echo", ["echo", 7], [{"args": {}}]], ids=str)
async def test_a_plan_of_malformed_branches_only_is_an_error_too(steps: Any) -> None:
    await refused({"next_node": "parallel", "args": {"steps": steps}})


@pytest.mark.parametrize(
    "item", ["echo", 7, None, {"args": {}}, {"node": "", "args": {}}, {"node": 5}], ids=str
)
async def test_a_malformed_branch_is_not_dropped_silently(item: Any) -> None:
    steps = [{"node": "echo", "args": {}}, item]
    await refused({"next_node": "parallel", "args": {"steps": steps}})


async def test_an_unknown_tool_refuses_the_plan() -> None:
    ran = await refused(both(use("echo"), use("nowhere")))
    assert ran.error.startswith("Parallel plan invalid")
    assert "nowhere" in ran.error


async def test_bad_arguments_refuse_the_plan() -> None:
    ran = await refused(both(use("echo"), use("count", n="three")))
    assert ran.error.startswith("Parallel plan invalid")
    assert "count" in ran.error


async def test_every_problem_is_named_at_once() -> None:
    ran = await refused(both(use("nowhere"), use("count", n="three"), use("elsewhere")))
    assert [name for name in ("nowhere", "count", "elsewhere") if name not in ran.error] == []


async def test_a_missing_value_in_a_branch_is_not_asked_for() -> None:
    ran = await refused(both(use("echo"), use("count")))
    assert "count" in ran.error


async def test_a_missing_value_in_a_branch_is_not_invented() -> None:
    await refused(both(use("count"), use("count", n=1)))


async def test_more_branches_than_a_planner_ever_runs_are_refused() -> None:
    ran = await refused(both(*[use("echo", text=str(n)) for n in range(51)]))
    assert "50" in ran.error


async def test_as_many_branches_as_allowed_run() -> None:
    ran = await run(both(*[use("echo", text=str(n)) for n in range(50)]), end())
    assert ran.steps[0]["observation"]["stats"] == {"success": 50, "failed": 0}


async def test_the_absolute_limit_comes_before_that_of_the_hints() -> None:
    plan = both(*[use("echo", text=str(n)) for n in range(4)])
    hints = {"max_parallel": 3}
    ran = await refused(plan, absolute_max_parallel=2, planning_hints=hints)
    assert "2" in ran.error
    assert "max_parallel=3" not in ran.error


async def test_the_limit_of_the_hints_is_named() -> None:
    ran = await refused(both(use("echo"), use("other"), use("third")), planning_hints={"max_parallel": 2})
    assert "max_parallel=2" in ran.error


async def test_a_sequential_tool_refuses_the_plan() -> None:
    ran = await refused(both(use("echo"), use("other")), planning_hints={"sequential_only": ["other"]})
    assert "sequentially" in ran.error


async def test_a_tool_that_is_not_permitted_refuses_the_plan() -> None:
    ran = await refused(both(use("echo"), use("other")), planning_hints={"disallow_nodes": ["other"]})
    assert "not permitted" in ran.error


async def test_a_plan_over_the_hop_budget_is_refused() -> None:
    ran = await refused(both(use("echo"), use("other"), use("third")), hop_budget=2)
    assert "Hop budget" in ran.error


async def test_a_plan_within_the_hop_budget_runs() -> None:
    ran = await run(both(use("echo"), use("other")), end(), hop_budget=2)
    assert ran.steps[0]["observation"]["stats"] == {"success": 2, "failed": 0}
    assert ran.result.metadata["constraints"]["hops_used"] == 2


async def test_a_plan_never_exceeds_the_hop_budget() -> None:
    join = {"node": "third", "inject": {}}
    ran = await run(both(use("echo"), use("other"), join=join), end(), hop_budget=2)
    assert ran.result.metadata["constraints"]["hops_used"] <= 2


async def test_a_check_of_a_tool_refuses_the_plan() -> None:
    tools = Tools()
    checked = numbered(
        tools, "checked", arg_validator=lambda args, action: "too many" if args.n > 9 else None
    )
    ran = await refused(both(use("echo"), use("checked", n=10)), more=[checked], tools=tools)
    assert "too many" in ran.error


async def test_a_placeholder_refuses_the_plan() -> None:
    tools = Tools()
    validation = {"placeholders": ["TBD"], "reject_placeholders": True}
    named = tools.named("named", arg_validation=validation)
    await refused(both(use("echo"), use("named", text="TBD")), more=[named], tools=tools)


async def test_a_plan_against_the_order_is_reminded_of_it() -> None:
    hints = {"ordering_hints": ["echo", "other", "third"]}
    ran = await refused(both(use("other"), use("third")), planning_hints=hints)
    assert "Ordering hint" in ran.error


@pytest.mark.parametrize(
    "join",
    ["third", 7, ["third"], {"node": 5}, {"node": "third", "args": "x"}, {"node": "third", "inject": 7}],
    ids=str,
)
async def test_a_malformed_join_refuses_the_plan(join: Any) -> None:
    await refused(both(use("echo"), use("other"), join=join))


async def test_the_rest_of_a_refused_plan_can_be_tried_again() -> None:
    tools = Tools()
    ran = await run(
        both(use("echo"), use("nowhere")), both(use("echo"), use("other")), end(), catalog=tools.all()
    )
    assert sorted(tools.calls) == ["echo x", "other x"]
    assert ran.steps[1]["error"] is None

"""Section 29, items 7, 8 and 12: arguments are never invented, and every call is checked alike."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, field_validator

from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Bench, Model, Said, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, finished, plan


class Strict(BaseModel):
    text: str

    @field_validator("text")
    @classmethod
    def _refuse(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("bad is never allowed")
        return value


class Order(BaseModel):
    amount: int
    kind: Literal["delete", "keep"]
    flag: bool
    items: list[str]


class Simple(BaseModel):
    amount: int
    kind: Literal["delete", "keep"]


ran: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@tool(desc="takes a strict text")
async def strict(args: Strict, ctx: Any) -> Said:
    ran.append(args)
    return Said(said=args.text)


@tool(desc="returns a strict text")
async def returns(args: Words, ctx: Any) -> Strict:
    return {"text": "bad"}  # type: ignore[return-value]  # what is tested


@tool(desc="orders")
async def order(args: Order, ctx: Any) -> Said:
    ran.append(args)
    return Said(said="ordered")


@tool(desc="orders simply")
async def simple(args: Simple, ctx: Any) -> Said:
    ran.append(args)
    return Said(said=f"{args.kind} {args.amount}")


TOOLS = [strict, returns, order, simple]


def catalog(bench: Bench | None = None) -> list[Any]:
    return [*(bench or Bench()).catalog(), *TOOLS]


async def error_of(*replies: Any, **options: Any) -> str:
    """Return the error of the only step; the run itself must survive."""
    planner, _ = planner_with(*replies, answer("fine"), catalog=catalog(), **options)
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "fine"
    (step,) = steps_of(result)
    return str(step["error"] or step["observation"])


BAD = call("strict", text="bad")


@pytest.mark.parametrize(
    "reply",
    [
        BAD,
        plan(call("echo"), BAD),
        plan(call("echo"), join={"node": "strict", "args": {"text": "bad"}, "inject": {}}),
    ],
)
async def test_a_validator_that_raises_is_an_error_step_that_says_why(reply: Any) -> None:
    assert "bad is never allowed" in await error_of(reply)
    assert ran == []


async def test_a_result_whose_validator_raises_is_an_error_step() -> None:
    error = await error_of(call("returns"))
    assert "returned data" in error
    assert "did not validate" in error


async def test_a_validator_that_raises_every_time_ends_gracefully() -> None:
    planner, _ = planner_with(
        model=Model(*[BAD] * 3, json_object=[{"answer": "I could not."}]), catalog=catalog()
    )
    result = finished(await planner.run("q"))
    assert result.metadata["answer_quality"] == "graceful_failure"


@pytest.mark.parametrize("fill", [True, False])
async def test_required_values_are_never_made_up(fill: bool) -> None:
    model = Model(call("order"), answer("fine"), json_object=[])
    planner, _ = planner_with(model=model, catalog=catalog(), arg_fill_enabled=fill)
    result = finished(await planner.run("q"))
    assert ran == []
    assert "amount" in steps_of(result)[0]["error"]
    assert model.of("json_object") == [], "a list cannot be asked for"


async def test_missing_simple_values_are_asked_for_once() -> None:
    model = Model(call("simple", amount=3), answer("fine"), json_object=[{"kind": "keep"}])
    planner, _ = planner_with(model=model, catalog=catalog())
    result = finished(await planner.run("q"))
    assert ran == [Simple(amount=3, kind="keep")]
    assert steps_of(result)[0]["action"]["args"] == {"amount": 3, "kind": "keep"}
    assert result.metadata["arg_fill_success_count"] == 1
    (asked,) = model.of("json_object")
    assert asked.last.keys() >= {"error", "missing_fields"}
    assert list(asked.last["missing_fields"]) == ["kind"]


async def test_without_an_answer_to_that_nothing_runs() -> None:
    planner, _ = planner_with(
        model=Model(call("simple", amount=3), json_object=["no idea"]), catalog=catalog()
    )
    result = finished(await planner.run("q"))
    assert ran == []
    assert result.reason == "no_path"
    assert (
        result.payload.items()
        >= {
            "requires_followup": True,
            "failure_reason": "arg_fill_failed",
            "tool": "simple",
            "missing_fields": ["kind"],
        }.items()
    )
    assert result.payload["clarification"]
    assert result.metadata["requires_followup"] is True


REFUSING: list[tuple[dict[str, Any], str]] = [
    ({"planning_hints": {"disallow_nodes": ["other"]}}, "not permitted"),
    ({"hop_budget": 1}, "Hop budget"),
    ({"planning_hints": {"ordering_hints": ["join", "other"]}}, "Ordering hint"),
]


@pytest.mark.parametrize(("options", "message"), REFUSING)
async def test_limits_and_hints_hold_for_branches_too(options: dict[str, Any], message: str) -> None:
    bench = Bench()
    planner, _ = planner_with(plan(call("echo"), call("other")), answer(), bench=bench, **options)
    result = finished(await planner.run("q"))
    assert message in steps_of(result)[0]["error"]
    assert bench.done == []
    assert result.metadata["constraints"]["hops_used"] == 0


async def test_a_validator_of_the_author_holds_for_branches_too() -> None:
    bench = Bench()

    @tool(desc="careful", arg_validator=lambda args, action: "not that one")
    async def careful(args: Words, ctx: Any) -> Said:
        raise AssertionError

    planner, _ = planner_with(
        plan(call("echo"), call("careful")), answer(), catalog=[*bench.catalog(), careful]
    )
    assert "not that one" in steps_of(await planner.run("q"))[0]["error"]
    assert bench.done == []


async def test_placeholders_are_refused_in_branches_too() -> None:
    bench = Bench()

    @tool(desc="careful", arg_validation={"placeholders": ["TBD"], "reject_placeholders": True})
    async def careful(args: Words, ctx: Any) -> Said:
        raise AssertionError

    planner, _ = planner_with(
        plan(call("echo"), call("careful", text="TBD")), answer(), catalog=[*bench.catalog(), careful]
    )
    assert steps_of(await planner.run("q"))[0]["error"]
    assert bench.done == []


async def test_a_branch_that_needs_approval_waits_for_it() -> None:
    bench = Bench()
    planner, _ = planner_with(plan(call("echo"), call("erase")), bench=bench)
    pause: Any = await planner.run("q")
    assert pause.reason == "approval_required"
    assert "erase x" not in bench.done


@pytest.mark.parametrize(
    "join", [{"node": "join", "args": "no mapping"}, "join", {"node": "join", "inject": 7}]
)
async def test_a_malformed_join_is_told_to_the_model(join: Any) -> None:
    bench = Bench()
    reply = {"next_node": "parallel", "args": {"steps": [{"node": "echo", "args": {}}], "join": join}}
    planner, _ = planner_with(reply, answer(), bench=bench)
    assert "join" in steps_of(await planner.run("q"))[0]["error"]
    assert bench.done == []


async def test_a_malformed_branch_is_told_to_the_model() -> None:
    bench = Bench()
    steps = [{"node": "echo", "args": {}}, {"tool": "other"}, "other"]
    planner, _ = planner_with({"next_node": "parallel", "args": {"steps": steps}}, answer(), bench=bench)
    assert steps_of(await planner.run("q"))[0]["error"]
    assert bench.done == []


async def test_streams_of_branches_are_kept() -> None:
    @tool(desc="streams")
    async def stream(args: Words, ctx: Any) -> Said:
        await ctx.emit_chunk(args.text, 0, f"from {args.text}", done=True)
        return Said(said="ok")

    heard = Heard()
    planner, _ = planner_with(
        plan(call("stream", text="a"), call("stream", text="b")),
        answer(),
        catalog=[stream],
        event_callback=heard,
    )
    (step,) = steps_of(await planner.run("q"))
    assert {name: [c["text"] for c in chunks] for name, chunks in step["streams"].items()} == {
        "a": ["from a"], "b": ["from b"],
    }  # fmt: skip

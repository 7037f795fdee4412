"""Section 10: how a tool is called, and what becomes of its result or its error."""

from __future__ import annotations

import asyncio
import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import ModelRegistry, Node, NodePolicy
from penguiflow.catalog import NodeSpec, build_catalog, tool
from tests.contract.planner.fakes_a import Client, Echoed, Repairable, Text, end, paused, planner_of, run, use


class Dated(BaseModel):
    day: datetime.date
    ident: uuid.UUID
    price: Decimal


def returning(value: Any, out: type[BaseModel] = Echoed) -> Any:
    async def give(args: Text, ctx: Any) -> Any:
        return value

    give.__annotations__["return"] = out
    return tool(desc="Gives")(give)


def raising(error: Exception) -> Any:
    @tool(desc="Raises")
    async def crash(args: Text, ctx: Any) -> Echoed:
        raise error

    return crash


async def test_a_tool_gets_its_parsed_arguments() -> None:
    got: list[Any] = []

    @tool(desc="looks")
    async def look(args: Text, ctx: Any) -> Echoed:
        got.append(args)
        return Echoed(said="")

    await run(use("look", text="a"), end(), catalog=[look])
    assert got == [Text(text="a")]


@pytest.mark.parametrize("value", [Echoed(said="a"), {"said": "a"}], ids=["model", "dict"])
async def test_a_result_may_be_a_model_or_a_dict(value: Any) -> None:
    ran = await run(use("give"), end(), catalog=[returning(value)])
    assert ran.steps[0]["observation"] == {"said": "a"}
    assert ran.requests[1].last == {"observation": {"said": "a"}}


@pytest.mark.parametrize("value", [{"wrong": 1}, {"said": 5}, "a", None, 7], ids=str)
async def test_a_result_that_does_not_fit_is_an_error_without_a_failure(value: Any) -> None:
    ran = await run(use("give"), end("went on"), catalog=[returning(value)])
    assert "returned data" in ran.error
    assert "did not validate" in ran.error
    assert (ran.steps[0]["observation"], ran.steps[0]["failure"]) == (None, None)
    assert ran.requests[1].last == {"error": ran.error}
    assert ran.result.payload["raw_answer"] == "went on"


async def test_an_observation_is_plain_json() -> None:
    dated = Dated(day=datetime.date(2026, 1, 2), ident=uuid.UUID(int=7), price=Decimal("1.50"))
    ran = await run(use("give"), end(), catalog=[returning(dated, Dated)])
    assert ran.steps[0]["observation"] == dated.model_dump(mode="json")
    assert ran.steps[0]["observation"]["day"] == "2026-01-02"


async def test_an_error_names_tool_class_and_message() -> None:
    ran = await run(use("crash", text="a"), end(), catalog=[raising(LookupError("no such penguin"))])
    assert all(part in ran.error for part in ("crash", "LookupError", "no such penguin"))
    assert ran.steps[0]["failure"] == {
        "node": "crash", "args": {"text": "a"}, "error_code": "LookupError", "message": "no such penguin",
    }  # fmt: skip
    assert ran.requests[1].last == {"error": ran.error, "failure": ran.steps[0]["failure"]}


@pytest.mark.parametrize(
    ("more", "suggestion"),
    [
        ({"suggestion": "count them"}, "count them"),
        ({"remedy": "feed them"}, "feed them"),
        ({"suggestion": "count them", "remedy": "feed them"}, "count them"),
        ({"suggestion": 42}, "42"),
        ({"remedy": ["a", "b"]}, "['a', 'b']"),
        ({"suggestion": None, "remedy": "feed them"}, "feed them"),
    ],
)
async def test_an_error_may_know_what_to_do(more: dict[str, Any], suggestion: str) -> None:
    ran = await run(use("crash"), end(), catalog=[raising(Repairable("lost", **more))])
    assert ran.steps[0]["failure"]["suggestion"] == suggestion
    assert ran.requests[1].last["failure"]["suggestion"] == suggestion


async def test_the_model_can_act_on_what_it_was_told() -> None:
    rows = {"7": "found"}

    @tool(desc="Looks a row up")
    async def look(args: Text, ctx: Any) -> Echoed:
        if args.text not in rows:
            raise Repairable("no such row", suggestion="7")
        return Echoed(said=rows[args.text])

    ran = await run(
        use("look", text="1"),
        lambda request: use("look", text=request.last["failure"]["suggestion"]),
        end("found it"),
        catalog=[look],
    )
    assert ran.steps[1]["observation"] == {"said": "found"}
    assert ran.result.payload["raw_answer"] == "found it"


async def test_a_tool_that_catches_everything_still_pauses() -> None:
    @tool(desc="is careful")
    async def careful(args: Text, ctx: Any) -> Echoed:
        try:
            await ctx.pause("await_input", {"question": "sure?"})
        except Exception:  # noqa: BLE001  # what many tools do
            return Echoed(said="swallowed")
        return Echoed(said="not reached")

    pause = paused(await planner_of(Client(use("careful")), [careful]).run("q"))
    assert (pause.reason, pause.payload) == ("await_input", {"question": "sure?"})


async def test_a_pause_without_permission_is_an_ordinary_failure() -> None:
    @tool(desc="asks")
    async def ask(args: Text, ctx: Any) -> Echoed:
        await ctx.pause("await_input")
        raise AssertionError

    ran = await run(use("ask"), end("went on"), catalog=[ask], pause_enabled=False)
    assert ran.steps[0]["failure"]["error_code"] == "RuntimeError"
    assert ran.result.payload["raw_answer"] == "went on"


def with_policy(function: Any, **policy: Any) -> list[NodeSpec]:
    registry = ModelRegistry()
    registry.register("worker", Text, Echoed)
    return build_catalog([Node(function, name="worker", policy=NodePolicy(**policy))], registry)


async def test_a_tool_is_bounded_by_the_timeout_of_its_node() -> None:
    ended: list[str] = []

    async def hang(args: Text, ctx: Any) -> Echoed:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")
        raise AssertionError

    ran = await run(use("worker"), end("went on"), catalog=with_policy(hang, timeout_s=2.0))
    assert "worker" in ran.error
    assert ended == ["cancelled"]
    assert ran.result.payload["raw_answer"] == "went on"


async def test_a_tool_is_tried_again_as_its_node_says() -> None:
    tries: list[int] = []

    async def flaky(args: Text, ctx: Any) -> Echoed:
        tries.append(len(tries))
        if len(tries) < 3:
            raise ConnectionError("not yet")
        return Echoed(said="at last")

    ran = await run(use("worker"), end(), catalog=with_policy(flaky, max_retries=2))
    assert ran.steps[0]["observation"] == {"said": "at last"}
    assert len(tries) == 3
    assert ran.result.metadata["constraints"]["hops_used"] == 1


async def test_a_tool_without_retries_is_tried_once() -> None:
    tries: list[int] = []

    async def flaky(args: Text, ctx: Any) -> Echoed:
        tries.append(1)
        raise ConnectionError("no")

    ran = await run(use("worker"), end(), catalog=with_policy(flaky))
    assert len(tries) == 1
    assert ran.steps[0]["failure"]["error_code"] == "ConnectionError"


async def test_one_call_is_told_from_start_to_result() -> None:
    ran = await run(use("give"), end(), catalog=[returning({"said": "a"})])
    kinds = [kind for kind in ran.events.kinds if kind.startswith(("tool_call", "step_complete"))]
    assert kinds == ["tool_call_start", "tool_call_end", "tool_call_result", "step_complete"]

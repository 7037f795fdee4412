"""Section 24: a reply that holds more than one action."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Bench, Said, Store, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, finished, paused


def act(node: str, **args: Any) -> dict[str, Any]:
    return {"next_node": node, "args": args}


def together(*actions: dict[str, Any]) -> str:
    """Return one reply that holds these actions."""
    return "\n".join(json.dumps(action) for action in actions)


FINAL = act("final_response", answer="too early")


async def test_without_the_option_one_action_is_taken_and_the_model_is_asked_again() -> None:
    bench = Bench()
    planner, model = planner_with(
        together(act("echo", text="a"), act("other", text="b")), answer(), bench=bench
    )
    await planner.run("q")
    assert bench.done == ["echo a"]
    assert len(model.planning) == 2


async def test_an_unknown_tool_gives_way_to_another_action_of_the_reply() -> None:
    bench, heard = Bench(), Heard()
    planner, _ = planner_with(
        together(act("nowhere"), act("echo", text="b")), answer(), bench=bench, event_callback=heard
    )
    steps = steps_of(await planner.run("q"))
    assert bench.done == ["echo b"]
    assert [step["error"] for step in steps] == [None]
    (event,) = heard.of("multi_action_fallback_used")
    assert (event.extra["from"], event.extra["to"]) == ("nowhere", "echo")
    assert event.extra["reason"]


class Amount(BaseModel):
    amount: int


async def test_unusable_arguments_give_way_to_the_same_tool_with_better_ones() -> None:
    paid: list[int] = []

    @tool(desc="pays")
    async def pay(args: Amount, ctx: Any) -> Said:
        paid.append(args.amount)
        return Said(said="paid")

    heard = Heard()
    planner, _ = planner_with(
        together(act("pay", amount="much"), act("pay", amount=3)),
        answer(),
        catalog=[pay],
        event_callback=heard,
    )
    await planner.run("q")
    assert paid == [3]
    (event,) = heard.of("multi_action_fallback_used")
    assert (event.extra["tool"], event.extra["reason"]) == ("pay", "args_validation")


async def test_with_the_option_the_tools_run_in_order_without_asking_again() -> None:
    bench, heard = Bench(), Heard()
    planner, model = planner_with(
        together(act("echo", text="triage"), act("other", text="retrieve"), FINAL),
        answer("from the second call"),
        bench=bench,
        event_callback=heard,
        multi_action_sequential=True,
    )
    result = finished(await planner.run("q"))
    assert bench.done == ["echo triage", "other retrieve"]
    assert len(model.planning) == 2
    assert result.payload["raw_answer"] == "from the second call"
    assert heard.of("multi_action_enqueued")[0].extra["count"] == 1
    assert len(steps_of(result)) == 2


@pytest.mark.parametrize(("most", "ran"), [(2, 3), (1, 2)])
async def test_only_so_many_are_queued(most: int, ran: int) -> None:
    bench = Bench()
    planner, _ = planner_with(
        together(*[act("echo", text=str(n)) for n in range(5)]),
        answer(),
        bench=bench,
        multi_action_sequential=True,
        multi_action_max_tools=most,
    )
    await planner.run("q")
    assert len(bench.done) == ran


@pytest.mark.parametrize(("read_only", "ran"), [(True, ["echo a"]), (False, ["echo a", "send b"])])
async def test_what_changes_something_is_queued_only_when_allowed(read_only: bool, ran: list[str]) -> None:
    bench = Bench()

    @tool(desc="sends", side_effects="external")
    async def send(args: Words, ctx: Any) -> Said:
        bench.done.append(f"send {args.text}")
        return Said(said="sent")

    planner, _ = planner_with(
        together(act("echo", text="a"), act("send", text="b")),
        answer(),
        catalog=[*bench.catalog(), send],
        multi_action_sequential=True,
        multi_action_read_only_only=read_only,
    )
    await planner.run("q")
    assert bench.done == ran


async def test_a_queued_call_is_checked_like_any_other() -> None:
    bench = Bench()
    planner, _ = planner_with(
        together(act("echo", text="a"), act("other", text="b")),
        answer(),
        bench=bench,
        multi_action_sequential=True,
        planning_hints={"disallow_nodes": ["other"]},
    )
    result = await planner.run("q")
    assert bench.done == ["echo a"]
    assert "not permitted" in steps_of(result)[1]["error"]


async def test_a_queued_call_that_needs_approval_waits_for_it() -> None:
    bench = Bench()
    planner, _ = planner_with(
        together(act("echo", text="a"), act("erase", text="b")),
        bench=bench,
        multi_action_sequential=True,
        multi_action_read_only_only=False,
    )
    result = await planner.run("q")
    assert not hasattr(result, "metadata")
    assert bench.done == ["echo a"]


async def test_what_waits_in_the_queue_is_part_of_a_paused_trajectory() -> None:
    bench, store = Bench(), Store()
    planner, _ = planner_with(
        together(act("ask", text="a"), act("echo", text="b")),
        bench=bench,
        state_store=store,
        multi_action_sequential=True,
    )
    pause = paused(await planner.run("q"))
    (waiting,) = store.record(pause.resume_token)["trajectory"]["metadata"]["pending_actions"]
    assert (waiting["next_node"], waiting["args"]) == ("echo", {"text": "b"})
    assert bench.done == ["ask a"]


async def test_many_such_replies_do_not_change_the_system_prompt() -> None:
    replies = [together(act("echo", text=str(n)), act("other", text=str(n))) for n in range(4)]
    planner, model = planner_with(*replies, answer(), answer())
    await planner.run("q")
    await planner.run("another")
    assert len({asked.system for asked in model.planning}) == 1


async def test_what_else_stood_in_the_reply_is_told() -> None:
    heard = Heard()
    planner, _ = planner_with(
        "I think:\n" + together(act("echo", text="a"), act("other", text="b")), answer(), event_callback=heard
    )
    await planner.run("q")
    (event,) = heard.of("llm_parse_extras")
    assert event.extra["selected_next_node"] == "echo"
    assert event.extra["candidate_count"] == 2
    assert event.extra["attempt"] >= 0

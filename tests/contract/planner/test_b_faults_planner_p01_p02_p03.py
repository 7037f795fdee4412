"""Faults P1 to P3: replies that are no actions, tools that are not there, and calls that go in circles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow.catalog import build_catalog
from penguiflow.planner import ToolPolicy
from tests.contract.planner.fakes_b import Bench, Model, planner_with, seconds, steps_of
from tests.fakes.planner_tools import answer, call, finished, paused, plan

FINAL = '{"next_node": "final_response", "args": {"answer": %s}}'

BAD: dict[str, str] = {
    "empty": "",
    "blank": " \n\t ",
    "prose": "I think I should look that up first.",
    "half JSON": '{"next_node": "echo", "args": {"text": "a',
    "5 MB of prose": "words " * 850_000,
    "5 MB of one string": '{"next_node": "echo", "args": {"text": "' + "x" * 5_000_000,
    "NaN": '{"next_node": "echo", "args": {"text": "a", "weight": NaN}}',
    "Infinity": FINAL % "-Infinity",
    "a number of 5,000 digits": '{"next_node": "echo", "args": {"text": "a", "n": ' + "9" * 5_000 + "}}",
    "a lone surrogate": FINAL % '"\\ud800 text"',
    "100,000 brackets": "[" * 100_000,
    "100,000 closed brackets": "[" * 100_000 + "]" * 100_000,
    "100,000 objects in each other": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "a key twice": '{"next_node": "echo", "next_node": "erase", "args": {"text": "a"}}',
    "a number": "42",
    "a list of numbers": "[1, 2, 3]",
    "null": "null",
    "a node that is no text": '{"next_node": 7, "args": {}}',
    "arguments that are no object": '{"next_node": "echo", "args": 7}',
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD.keys())
async def test_p1_a_reply_that_is_no_action_ends_in_a_typed_failure_after_bounded_attempts(
    reply: str,
) -> None:
    bench = Bench()
    planner, model = planner_with(*[reply] * 3, bench=bench, repair_attempts=3)
    with seconds(20):
        result = finished(await planner.run("q"))
    assert result.reason == "no_path"
    assert result.metadata["answer_quality"] == "none"
    assert result.metadata["error"]
    assert bench.done == []
    assert 1 <= len(model.planning) <= 3
    result.model_dump_json().encode("utf-8")  # nothing in it that cannot be sent or stored
    assert len(result.model_dump_json()) < 100_000


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD.keys())
async def test_p1_the_model_may_do_better_at_the_next_attempt(reply: str) -> None:
    planner, model = planner_with(reply, answer("better"))
    with seconds(20):
        result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "better"
    assert result.metadata["answer_quality"] == "repaired"
    shown = model.planning[1]
    assert len(shown.text) < len(model.planning[0].text) + 50_000, "a huge reply is not sent back whole"
    shown.text.encode("utf-8")


GOOD: dict[str, str] = {
    "plain": FINAL % '"yes"',
    "fenced": f"```json\n{FINAL % json.dumps('yes')}\n```",
    "fenced with words around": f"Sure:\n```\n{FINAL % json.dumps('yes')}\n```\nDone.",
    "with words around": f"Here it is: {FINAL % json.dumps('yes')} as wanted.",
    "with a byte order mark": "\ufeff" + FINAL % '"yes"',
    "the same object twice": FINAL % '"yes"' + "\n" + FINAL % '"yes"',
}


@pytest.mark.parametrize("reply", GOOD.values(), ids=GOOD.keys())
async def test_p1_an_action_in_a_wrapping_is_still_an_action(reply: str) -> None:
    planner, model = planner_with(reply)
    assert finished(await planner.run("q")).payload["raw_answer"] == "yes"
    assert len(model.planning) == 1


async def test_p1_two_different_actions_in_one_reply_run_one() -> None:
    bench = Bench()
    both = json.dumps(call("echo", text="a")) + "\n" + json.dumps(call("other", text="b"))
    planner, _ = planner_with(both, answer(), bench=bench)
    await planner.run("q")
    assert len(bench.done) == 1


async def test_p2_an_unknown_tool_is_an_observation_and_counts_against_the_limit() -> None:
    planner, model = planner_with(*[call(f"nowhere{n}") for n in range(3)], max_iters=3)
    result = finished(await planner.run("q"))
    assert result.reason == "no_path"
    assert [step["error"] is not None for step in steps_of(result)] == [True] * 3
    told = model.planning[1].last["error"]
    assert "nowhere0" in told
    assert "is not in the catalog" in told
    assert told.index("ask") < told.index("echo") < told.index("other")


@pytest.mark.parametrize("reply", [call("other"), plan(call("echo"), call("other"))])
async def test_p2_a_tool_of_another_tenant_never_runs(reply: Any) -> None:
    bench = Bench()
    planner, _ = planner_with(
        reply, answer("fine"), bench=bench, tool_policy=ToolPolicy(allowed_tools={"echo"})
    )
    assert finished(await planner.run("q")).payload["raw_answer"] == "fine"
    assert bench.done == []


class Source:
    """Tools that can be taken away."""

    name = "source"

    def __init__(self, bench: Bench) -> None:
        self.specs = build_catalog(bench.catalog())

    def get_tool_specs(self) -> Any:
        return self.specs


async def test_p2_a_tool_that_was_removed_meanwhile_does_not_run() -> None:
    bench = Bench()
    source = Source(bench)
    planner, _ = planner_with(
        call("ask"), call("other"), answer("without"), catalog=[], tool_sources=[source]
    )
    pause = paused(await planner.run("q"))
    source.specs = [spec for spec in source.specs if spec.name != "other"]
    result = finished(await planner.resume(pause.resume_token, "go"))
    assert bench.done == ["ask x"]
    assert "is not in the catalog" in steps_of(result)[1]["error"]
    assert result.payload["raw_answer"] == "without"


async def test_p3_the_same_call_with_the_same_outcome_ends_the_run_at_the_fourth_time() -> None:
    bench = Bench()
    planner, model = planner_with(*[call("echo", text="again")] * 10, bench=bench, max_iters=20)
    result = finished(await planner.run("q"))
    assert result.reason == "no_progress"
    assert bench.done == ["echo again"] * 3
    assert len(model.planning) == 4
    assert result.metadata["answer_quality"] == "none"
    assert result.metadata["error"]


async def test_p3_failing_in_the_same_way_is_no_progress_either() -> None:
    bench = Bench()
    planner, _ = planner_with(*[call("fail")] * 10, bench=bench, max_iters=20)
    assert finished(await planner.run("q")).reason == "no_progress"
    assert len(bench.done) == 3


async def test_p3_the_limit_can_be_set() -> None:
    bench = Bench()
    planner, _ = planner_with(*[call("echo")] * 10, bench=bench, max_iters=20, max_repeated_calls=1)
    assert finished(await planner.run("q")).reason == "no_progress"
    assert len(bench.done) == 1


async def test_p3_other_arguments_or_another_outcome_are_progress() -> None:
    planner, _ = planner_with(*[call("echo", text=str(n)) for n in range(10)], answer("done"), max_iters=20)
    assert finished(await planner.run("q")).reason == "answer_complete"


async def test_p3_something_else_in_between_starts_the_count_again() -> None:
    script = [*[call("echo")] * 3, call("other"), *[call("echo")] * 3, answer("done")]
    planner, _ = planner_with(model=Model(*script), max_iters=20)
    assert finished(await planner.run("q")).reason == "answer_complete"


async def test_p3_a_plan_that_repeats_itself_is_no_progress_either() -> None:
    bench = Bench()
    planner, _ = planner_with(*[plan(call("echo"), call("other"))] * 10, bench=bench, max_iters=20)
    assert finished(await planner.run("q")).reason == "no_progress"
    assert len(bench.done) == 6

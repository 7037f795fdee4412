"""Section 15: which tools a policy leaves, and what becomes of the others."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.planner import ToolPolicy
from tests.contract.planner.fakes_b import Bench, planner_with, steps_of
from tests.fakes.planner_tools import answer, call, finished, plan


def test_a_policy_is_a_pydantic_model_that_allows_everything_at_first() -> None:
    policy = ToolPolicy()
    assert isinstance(policy, BaseModel)
    assert policy.model_dump() == {"allowed_tools": None, "denied_tools": set(), "require_tags": set()}
    assert policy.is_allowed("anything", ())


@pytest.mark.parametrize(
    ("policy", "name", "tags", "allowed"),
    [
        ({"denied_tools": {"a"}}, "a", {"t"}, False),
        ({"denied_tools": {"a"}, "allowed_tools": {"a"}}, "a", {"t"}, False),
        ({"allowed_tools": {"a"}}, "a", set(), True),
        ({"allowed_tools": {"a"}}, "b", set(), False),
        ({"allowed_tools": set()}, "a", set(), False),
        ({"allowed_tools": {"a"}, "require_tags": {"t"}}, "a", set(), False),
        ({"allowed_tools": {"a"}, "require_tags": {"t"}}, "a", {"t", "u"}, True),
        ({"require_tags": {"t", "u"}}, "a", {"t"}, False),
        ({"require_tags": {"t", "u"}}, "a", ["u", "t"], True),
    ],
)
def test_denied_comes_before_allowed_and_all_tags_must_be_there(
    policy: dict[str, Any], name: str, tags: Any, allowed: bool
) -> None:
    assert ToolPolicy(**policy).is_allowed(name, tags) is allowed


async def test_a_filtered_tool_is_an_unknown_tool_and_the_run_goes_on() -> None:
    bench = Bench()
    planner, model = planner_with(
        call("other"), answer("fine"), bench=bench, tool_policy=ToolPolicy(denied_tools={"other"})
    )
    result = finished(await planner.run("q"))
    assert bench.done == []
    error = steps_of(result)[0]["error"]
    assert "other" in error
    assert "is not in the catalog" in error
    assert result.payload["raw_answer"] == "fine"
    assert "Repeat a text too" not in model.planning[0].system
    assert "Repeat a text" in model.planning[0].system


async def test_a_filtered_tool_does_not_run_as_a_branch_either() -> None:
    bench = Bench()
    planner, _ = planner_with(
        plan(call("echo"), call("other")),
        answer(),
        bench=bench,
        tool_policy=ToolPolicy(denied_tools={"other"}),
    )
    assert "other" in steps_of(await planner.run("q"))[0]["error"]
    assert bench.done == []


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (ToolPolicy(allowed_tools={"echo", "join"}), {"echo", "join"}),
        (ToolPolicy(require_tags={"safe"}), {"echo", "other"}),
        (ToolPolicy(require_tags={"safe"}, denied_tools={"echo"}), {"other"}),
    ],
)
def test_what_is_left_can_be_read(policy: ToolPolicy, left: set[str]) -> None:
    planner, _ = planner_with(tool_policy=policy)
    assert {spec.name for spec in planner.visible_tools()} == left
    assert set(planner._spec_by_name.keys()) == left  # noqa: SLF001  # printed in the project's description


def test_the_removed_tools_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "penguiflow.planner"):
        planner_with(tool_policy=ToolPolicy(allowed_tools={"echo"}))
    (record,) = [r for r in caplog.records if "planner_tool_policy_filtered" in r.getMessage()]
    assert (record.levelno, record.name) == (logging.INFO, "penguiflow.planner")
    fields: Any = record
    assert set(fields.removed) == {"other", "fail", "ask", "erase", "join"}
    assert (fields.original_count, fields.filtered_count) == (6, 1)


def test_a_policy_that_removes_nothing_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "penguiflow.planner"):
        planner_with(tool_policy=ToolPolicy())
    assert "planner_tool_policy" not in caplog.text


async def test_a_policy_that_removes_everything_is_a_warning_and_the_planner_still_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    planner, _ = planner_with(answer("alone"), tool_policy=ToolPolicy(allowed_tools=set()))
    records = [r for r in caplog.records if "planner_tool_policy_empty" in r.getMessage()]
    assert [record.levelno for record in records] == [logging.WARNING]
    assert finished(await planner.run("q")).payload["raw_answer"] == "alone"

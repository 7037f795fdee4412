"""Section 17: trajectories as values: their fields, their stored form and their summary by rule."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from penguiflow.planner import PlannerAction, Trajectory, TrajectoryStep, TrajectorySummary


def step(node: str = "echo", **fields: Any) -> TrajectoryStep:
    return TrajectoryStep(action=PlannerAction(next_node=node, args={"text": "a"}), **fields)


def test_a_trajectory_has_its_fields_and_defaults() -> None:
    trajectory = Trajectory(query="q")
    assert {field.name: getattr(trajectory, field.name) for field in dataclasses.fields(trajectory)} == {
        "query": "q",
        "llm_context": None,
        "tool_context": None,
        "artifacts": {},
        "sources": [],
        "metadata": {},
        "steps": [],
        "summary": None,
        "hint_state": {},
        "resume_user_input": None,
        "steering_inputs": [],
    }


def test_a_step_has_its_fields_and_defaults() -> None:
    plain = step()
    names = ("observation", "llm_observation", "error", "failure", "streams")
    assert [getattr(plain, name) for name in names] == [None] * 5


def test_a_step_shows_the_model_the_shorter_observation() -> None:
    assert step(observation={"a": 1}).serialise_for_llm() == {"a": 1}
    assert step(observation={"a": 1}, llm_observation={"a": "short"}).serialise_for_llm() == {"a": "short"}


def test_a_step_is_dumped_with_the_older_form_of_its_action() -> None:
    dumped = step(observation={"a": 1}, streams={"s": [{"seq": 0, "text": "t"}]}).dump()
    assert dumped["action"] == {
        "thought": "planning next step",
        "next_node": "echo",
        "args": {"text": "a"},
        "plan": None,
        "join": None,
    }
    assert (dumped["observation"], dumped["error"], dumped["failure"]) == ({"a": 1}, None, None)
    assert dumped["streams"] == {"s": [{"seq": 0, "text": "t"}]}
    assert "llm_observation" not in dumped
    assert "streams" not in step().dump()
    assert Trajectory(query="q", steps=[step()]).to_history() == [step().dump()]


def test_the_stored_form_comes_back() -> None:
    trajectory = Trajectory(
        query="q",
        llm_context={"a": 1},
        tool_context={"t": 1},
        artifacts={"tool": {"chart": 1}},
        sources=[{"title": "t"}],
        metadata={"m": 1},
        steps=[
            step(observation={"a": 1}, llm_observation={"a": "short"}),
            step("fail", error="broken", failure={"node": "fail"}),
            step("final_response"),
        ],
        hint_state={"ordering_state": {"completed": ["echo"], "warned": False}},
        resume_user_input="go",
        steering_inputs=["left"],
    )
    trajectory.compress()
    stored = json.loads(json.dumps(trajectory.serialise()))
    assert stored.keys() >= {field.name for field in dataclasses.fields(trajectory)}
    assert Trajectory.from_serialised(stored).serialise() == trajectory.serialise()


def test_a_plan_comes_back_from_its_older_form() -> None:
    steps = [{"node": "echo", "args": {"text": "a"}}]
    action = PlannerAction(next_node="parallel", args={"steps": steps, "join": None})
    stored = Trajectory(query="q", steps=[TrajectoryStep(action=action)]).serialise()
    assert stored["steps"][0]["action"]["plan"] == steps
    again = Trajectory.from_serialised(stored).steps[0].action
    assert (again.next_node, again.args["steps"]) == ("parallel", steps)


def test_what_does_not_belong_into_a_stored_form_is_left_out() -> None:
    stored: dict[str, Any] = Trajectory(query="q", steps=[step()]).serialise()
    stored["steps"][0]["streams"] = {
        "good": [{"seq": 0, "text": "t"}, "no chunk"],
        "bad": "no sequence",
        "number": 7,
    }
    stored["sources"] = [{"title": "t"}, "no source", 3]
    stored["tool_context"] = "no mapping"
    again = Trajectory.from_serialised(stored)
    streams = again.steps[0].streams
    assert streams is not None
    assert dict(streams) == {"good": ({"seq": 0, "text": "t"},)}
    assert again.sources == [{"title": "t"}]
    assert again.tool_context == {}


def test_the_older_name_of_the_context_is_read() -> None:
    assert Trajectory.from_serialised({"query": "q", "context_meta": {"a": 1}}).llm_context == {"a": 1}


def test_a_summary_by_rule_of_a_good_step() -> None:
    trajectory = Trajectory(query="the goal", steps=[step(observation={"said": "a"})])
    summary = trajectory.compress()
    assert trajectory.summary is summary
    assert (summary.goals, summary.facts) == (["the goal"], {"last_observation": {"said": "a"}})
    assert (summary.pending, summary.note) == ([], "rule_based")
    assert json.loads(summary.last_output_digest or "") == {"said": "a"}


def test_a_summary_by_rule_of_failed_steps() -> None:
    trajectory = Trajectory(
        query="g", steps=[step("fetch", error="no net"), step("final_response", error="no answer")]
    )
    summary = trajectory.compress()
    assert summary.facts == {"last_error": "no answer"}
    assert summary.pending == ["retry fetch", "retry finish"]


@pytest.mark.parametrize(("length", "cut"), [(50, False), (500, True)])
def test_the_digest_is_short(length: int, cut: bool) -> None:
    digest = Trajectory(query="g", steps=[step(observation="x" * length)]).compress().last_output_digest
    assert digest is not None
    assert len(digest) <= 120
    assert digest.endswith("...") is cut


def test_a_compact_summary_leaves_an_empty_note_out() -> None:
    assert TrajectorySummary(goals=["g"]).compact() == {
        "goals": ["g"], "facts": {}, "pending": [], "last_output_digest": None,
    }  # fmt: skip
    assert TrajectorySummary(note="llm").compact()["note"] == "llm"

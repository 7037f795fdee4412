from __future__ import annotations

import json

from penguiflow.planner import PlannerAction, Trajectory, TrajectoryStep

ACTION = PlannerAction(next_node="look", args={"text": "x"}, thought="why")


def test_a_trajectory_reads_back_what_it_wrote() -> None:
    trajectory = Trajectory(
        query="q",
        llm_context={"a": 1},
        tool_context={"b": 2},
        steps=[
            TrajectoryStep(
                action=ACTION, observation={"x": 1}, llm_observation={"x": "short"}, latency_ms=1.5
            ),
            TrajectoryStep(
                action=ACTION,
                error="broken",
                failure={"node": "look"},
                streams={"s": ({"seq": 0, "text": "t"},)},
                decision={"decision": "approve"},
                resume_inputs=["yes"],
            ),
        ],
    )
    trajectory.compress()
    record = json.loads(json.dumps(trajectory.serialise()))
    again = Trajectory.from_serialised(record)
    assert again.serialise() == trajectory.serialise()
    assert again.steps[1].streams == {"s": ({"seq": 0, "text": "t"},)}


def test_reading_is_tolerant_of_what_older_programs_wrote() -> None:
    trajectory = Trajectory.from_serialised(
        {
            "query": "q",
            "context_meta": {"a": 1},
            "tool_context": "gone",
            "sources": [{"title": "t"}, "odd"],
            "steps": [
                {
                    "action": {
                        "thought": "planning next step",
                        "next_node": None,
                        "args": {"raw_answer": "a"},
                    },
                    "streams": {"good": [{"seq": 0}, "odd"], "bad": 5, "worse": "text"},
                }
            ],
        }
    )
    assert trajectory.llm_context == {"a": 1}
    assert trajectory.tool_context == {}
    assert trajectory.sources == [{"title": "t"}]
    (step,) = trajectory.steps
    assert step.streams == {"good": ({"seq": 0},)}
    assert (step.action.next_node, step.action.thought) == (
        "final_response",
        "planning next step",
    )
    assert step.action.own_thought() == ""


def test_a_summary_by_rule_keeps_goal_last_fact_and_what_to_retry() -> None:
    trajectory = Trajectory(query="goal")
    trajectory.steps = [
        TrajectoryStep(action=ACTION, error="x"),
        TrajectoryStep(action=ACTION, observation={"text": "y" * 300}),
    ]
    summary = trajectory.compress()
    assert (summary.goals, summary.pending, summary.note) == (["goal"], ["retry look"], "rule_based")
    assert summary.facts == {"last_observation": {"text": "y" * 300}}
    assert summary.last_output_digest is not None
    assert (len(summary.last_output_digest), summary.last_output_digest[-3:]) == (120, "...")
    assert trajectory.summary is summary
    trajectory.steps.append(TrajectoryStep(action=ACTION, error="late"))
    assert trajectory.compress().facts == {"last_error": "late"}

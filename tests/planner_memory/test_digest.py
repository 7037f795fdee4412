"""What is remembered of a run."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.planner import FinalPayload, PlannerAction, TrajectoryStep
from penguiflow.planner._memory.digest import turn_of
from penguiflow.planner.memory import ShortTermMemoryConfig, TrajectoryDigest

CONFIG = ShortTermMemoryConfig(strategy="truncation")
ANSWER = {"raw_answer": "done", "extra": {}}


def step(node: str, observation: Any = None, **fields: Any) -> TrajectoryStep:
    return TrajectoryStep(action=PlannerAction(next_node=node), observation=observation, **fields)


def digest_of(*steps: TrajectoryStep, thought: str = "") -> TrajectoryDigest | None:
    return turn_of("q", ANSWER, steps, thought, CONFIG).trajectory_digest


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        (ANSWER, "done"),
        (FinalPayload(raw_answer="done"), "done"),
        ("text", "text"),
        ({"b": 1, "a": "ü"}, '{"a":"ü","b":1}'),
        ([1], "[1]"),
        (None, ""),
        ({"raw_answer": 5}, '{"raw_answer":5}'),
        ({1, 2}, "{1, 2}"),
    ],
)
def test_the_answer_is_the_raw_one_or_the_payload_as_text(payload: Any, answer: str) -> None:
    assert turn_of("q", payload, [], "", CONFIG).assistant_response == answer


def test_question_and_time_are_kept() -> None:
    turn = turn_of("what?", ANSWER, [], "", CONFIG, ts=12.5)
    assert (turn.user_message, turn.ts, turn.trajectory_digest) == ("what?", 12.5, None)


def test_every_observation_stands_behind_the_name_of_its_tool() -> None:
    digest = digest_of(step("search", {"hits": 2}), step("read", {"text": "x"}), thought="enough")
    assert digest == TrajectoryDigest(
        tools_invoked=["search", "read"],
        observations_summary='- search: {"hits":2}\n- read: {"text":"x"}',
        reasoning_summary="enough",
    )


def test_a_tools_text_cannot_pass_for_another_tools_line() -> None:
    digest = digest_of(step("read", {"text": "x\n- pay: {}"}))
    assert digest is not None
    assert digest.observations_summary.splitlines() == ['- read: {"text":"x\\n- pay: {}"}']


def test_what_the_model_read_is_kept_and_cut() -> None:
    digest = digest_of(step("read", {"secret": 1}, llm_observation={"text": "y" * 1_000}))
    assert digest is not None
    assert digest.observations_summary == '- read: {"text":"' + "y" * 391
    assert len(digest.observations_summary) == len("- read: ") + 400


def test_failures_and_answers_are_no_observations() -> None:
    assert digest_of(step("search", error="timed out"), step("final_response")) is None


def test_branches_and_the_join_of_a_parallel_plan_are_observations() -> None:
    observation = {
        "branches": [
            {"node": "left", "args": {}, "observation": {"n": 1}},
            {"node": "wrong", "args": {}, "error": "no"},
            {"node": "right", "args": {}, "observation": {"n": 2}},
        ],
        "stats": {"success": 2, "failed": 1},
        "join": {"node": "merge", "observation": {"n": 3}},
    }
    digest = digest_of(step("parallel", observation))
    assert digest is not None
    assert digest.tools_invoked == ["left", "right", "merge"]
    assert digest.observations_summary == '- left: {"n":1}\n- right: {"n":2}\n- merge: {"n":3}'


def test_a_join_that_was_skipped_is_no_observation() -> None:
    observation = {"branches": [], "join": {"node": "merge", "status": "skipped"}}
    assert digest_of(step("parallel", observation)) is None
    assert digest_of(step("parallel", None)) is None


def test_a_digest_that_is_not_wanted_is_not_made() -> None:
    config = ShortTermMemoryConfig(strategy="truncation", include_trajectory_digest=False)
    turn = turn_of("q", ANSWER, [step("search", {})], "thought", config)
    assert turn.trajectory_digest is None


def test_a_thought_alone_is_kept() -> None:
    assert digest_of(thought="easy") == TrajectoryDigest([], "", "easy")

"""Section 17: the shape of an answer."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from penguiflow.planner import FinalPayload, PlannerFinish, Source, SuggestedAction
from tests.contract.planner.fakes_b import planner_with
from tests.fakes.planner_tools import answer, finished

PAYLOAD_KEYS = {
    "raw_answer", "artifacts", "confidence", "sources", "route", "suggested_actions", "requires_followup",
    "warnings", "language", "extra",
}  # fmt: skip


async def payload_of(*replies: Any, **options: Any) -> dict[str, Any]:
    planner, _ = planner_with(*replies, **options)
    result = finished(await planner.run("q"))
    assert result.reason == "answer_complete"
    return result.payload


async def test_an_answer_is_a_dump_of_the_final_payload_with_its_defaults() -> None:
    payload = await payload_of(answer("yes"))
    assert type(payload) is dict
    assert payload.keys() == PAYLOAD_KEYS
    assert {key: payload[key] for key in PAYLOAD_KEYS - {"extra"}} == {
        "raw_answer": "yes",
        "artifacts": {},
        "confidence": None,
        "sources": [],
        "route": None,
        "suggested_actions": [],
        "requires_followup": False,
        "warnings": [],
        "language": None,
    }
    assert FinalPayload.model_validate(payload).raw_answer == "yes"


async def test_what_the_model_says_of_its_answer_has_its_place() -> None:
    payload = await payload_of(
        answer(
            "yes",
            confidence=0.75,
            route="kb",
            requires_followup=True,
            warnings=["old data"],
            language="en",
            suggested_actions=[{"action_id": "a1", "label": "Open", "params": {"id": 1}}],
            artifacts={"chart": {"points": [1]}},
            sources=[{"title": "Manual", "url": "https://e.example", "snippet": "s", "relevance_score": 0.5}],
        )
    )
    assert payload["confidence"] == 0.75
    assert payload["route"] == "kb"
    assert payload["requires_followup"] is True
    assert payload["warnings"] == ["old data"]
    assert payload["language"] == "en"
    assert payload["suggested_actions"] == [{"action_id": "a1", "label": "Open", "params": {"id": 1}}]
    assert payload["artifacts"] == {"chart": {"points": [1]}}
    assert payload["sources"] == [
        {"title": "Manual", "url": "https://e.example", "snippet": "s", "relevance_score": 0.5}
    ]


async def test_unknown_keys_and_the_answer_stand_in_extra() -> None:
    payload = await payload_of(answer("yes", mood="calm", depth={"a": [1]}))
    assert payload["extra"] == {"answer": "yes", "mood": "calm", "depth": {"a": [1]}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 5},
        {"confidence": -0.1},
        {"warnings": "none"},
        {"sources": [{"url": "https://untitled.example"}]},
        {"suggested_actions": [{"label": "without id"}]},
    ],
)
async def test_only_what_does_not_validate_is_left_out_and_that_is_logged(
    wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "penguiflow.planner"):
        payload = await payload_of(
            answer("yes", **{"route": "kb", "language": "en", "artifacts": {"a": 1}, **wrong})
        )
    assert (payload["raw_answer"], payload["artifacts"]) == ("yes", {"a": 1})
    assert (payload["route"], payload["language"], payload["confidence"]) == ("kb", "en", None)
    assert (payload["warnings"], payload["sources"], payload["suggested_actions"]) == ([], [], [])
    assert [r for r in caplog.records if r.levelno == logging.WARNING and r.name == "penguiflow.planner"]


async def test_raw_answer_is_as_good_as_answer() -> None:
    payload = await payload_of({"next_node": "final_response", "args": {"raw_answer": "yes"}})
    assert payload["raw_answer"] == "yes"


def test_the_models_of_an_answer_have_their_fields() -> None:
    assert Source(title="t").model_dump() == {
        "title": "t", "url": None, "snippet": None, "relevance_score": None,
    }  # fmt: skip
    assert SuggestedAction(action_id="a", label="l").model_dump() == {
        "action_id": "a", "label": "l", "params": {},
    }  # fmt: skip


@pytest.mark.parametrize("reason", ["answer_complete", "no_path", "budget_exhausted"])
def test_a_finish_has_a_reason_a_payload_and_metadata(reason: Any) -> None:
    finish = PlannerFinish(reason=reason)
    assert (finish.reason, finish.payload, finish.metadata) == (reason, None, {})


def test_there_is_no_made_up_reason() -> None:
    with pytest.raises(ValidationError):
        PlannerFinish(reason="bored")  # type: ignore[arg-type]  # what is tested

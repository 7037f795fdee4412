"""Section 8: what happens to output that is no action."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.planner.fakes_a import JSON_OBJECT, Client, Ran, end, ended, planner_of, run, use

FINAL = '{"next_node": "final_response"'
CUT_OFF = '{"next_node": "final_response", "args": {"answer": "The capital is Par'
BAD = {
    "prose": "I think the answer is Paris.",
    "nothing": "",
    "blank": "  \n ",
    "a broken tool call": '{"next_node": "echo", "args": {"text": "a',
    "a number": "42",
    "an empty list": "[]",
    "JSON that is no object": '"hello"',
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_bad_output_is_sent_back_and_a_good_reply_counts(bad: str) -> None:
    ran = await run(bad, use("echo", text="a"), end())
    assert ran.client.kinds == ["planner_action"] * 3
    assert ran.steps[0]["observation"] == {"said": "a"}
    assert "invalid JSON" in ran.requests[1].text
    if bad.strip():
        assert bad in ran.requests[1].text


@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
async def test_the_model_is_asked_a_given_number_of_times(attempts: int) -> None:
    ran = await run(*["no action"] * attempts, repair_attempts=attempts)
    assert len(ran.requests) == attempts
    assert ran.result.reason == "no_path"


async def test_the_model_is_asked_three_times_unless_said() -> None:
    assert len((await run(*["no action"] * 3)).requests) == 3


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_output_that_stays_bad_is_never_an_answer(bad: str) -> None:
    ran = await run(bad, bad, bad)
    assert ran.result.reason == ran.result.metadata["reason"] == "no_path"
    assert ran.result.metadata["error"]
    assert ran.result.metadata["answer_quality"] == "none"
    assert ran.result.metadata["salvage_used"] is False
    assert "Paris" not in json.dumps(ran.result.payload)


async def test_each_step_may_be_repaired_anew() -> None:
    ran = await run("no", "no", use("echo", text="a"), "no", "no", end("at last"))
    assert ran.result.payload["raw_answer"] == "at last"


async def test_an_answer_after_its_output_was_sent_back_is_a_repaired_one() -> None:
    ran = await run("no action", end("x"))
    assert ran.result.metadata["answer_quality"] == "repaired"


@pytest.mark.parametrize("replies", [[end("x")], [use("echo"), end("x")]])
async def test_an_answer_at_the_first_reply_is_an_answer(replies: list[Any]) -> None:
    assert (await run(*replies)).result.metadata["answer_quality"] == "answer"


async def test_every_attempt_is_told() -> None:
    ran = await run("no action", "```\nnothing\n```", end())
    first, second = ran.events.of("planner_repair_attempt")
    assert (first.extra["attempt"], second.extra["attempt"]) == (1, 2)
    assert (first.extra["had_code_fence"], second.extra["had_code_fence"]) == (False, True)
    assert first.extra["response_len"] == len("no action")
    assert first.extra["error_summary"]


CUTS = {
    "plain": (CUT_OFF, "The capital is Par"),
    "raw_answer": ('{"next_node": "final_response", "args": {"raw_answer": "The ca', "The ca"),
    "with escapes": (f'{FINAL}, "args": {{"answer": "one\\n\\"two\\" th', 'one\n"two" th'),
    "cut inside an escape": (f'{FINAL}, "args": {{"answer": "one\\', "one"),
    "cut after the answer": (f'{FINAL}, "args": {{"answer": "whole", "confidence": 0.', "whole"),
    "in a fence": (f"```json\n{CUT_OFF}", "The capital is Par"),
    "in an older form": ('{"thought": "t", "next_node": null, "args": {"raw_answer": "The ca', "The ca"),
}  # fmt: skip


async def cut_off(text: str) -> Ran:
    return await run(*[text] * 3)


@pytest.mark.parametrize(("text", "salvaged"), CUTS.values(), ids=CUTS)
async def test_the_text_of_a_cut_off_answer_is_salvaged_and_marked(text: str, salvaged: str) -> None:
    ran = await cut_off(text)
    assert (ran.result.reason, ran.result.payload["raw_answer"]) == ("answer_complete", salvaged)
    assert ran.result.metadata["answer_quality"] == "salvaged"
    assert ran.result.metadata["salvage_used"] is True


async def test_salvage_comes_after_the_last_attempt_only() -> None:
    ran = await run(CUT_OFF, end("The capital is Paris."))
    assert ran.result.payload["raw_answer"] == "The capital is Paris."
    assert ran.result.metadata["salvage_used"] is False


@pytest.mark.parametrize(
    "text",
    [
        '{"next_node": "echo", "args": {"answer": "not for people',
        '{"next_node": "echo", "args": {"text": "say \\"answer\\": ',
        '{"next_node": "final_response", "args": {"ans',
        '{"next_node": "final_response", "args": {"answer": "',
    ],
    ids=["a tool call", "a word in a tool call", "before the answer", "an empty answer"],
)
async def test_what_is_no_cut_off_answer_is_not_salvaged(text: str) -> None:
    ran = await cut_off(text)
    assert (ran.result.reason, ran.result.metadata["answer_quality"]) == ("no_path", "none")


WITHOUT_ANSWER: dict[str, dict[str, Any]] = {
    "missing": {},
    "blank": {"answer": "  "},
    "empty": {"answer": ""},
    "a placeholder": {"answer": "<auto>"},
    "null": {"answer": None},
}
REPAIRED_KEYS = ["raw_answer", "answer", "text", "response", "content"]
REPAIRS = {
    **{key: ({key: "mended"}, "mended") for key in REPAIRED_KEYS},
    **{f"{key} in args": ({"args": {key: "mended"}}, "mended") for key in REPAIRED_KEYS},
    "a final response": (end("mended"), "mended"),
    "plain text": ("mended in plain words", "mended in plain words"),
}  # fmt: skip


def unfinished(**args: Any) -> dict[str, Any]:
    return {"next_node": "final_response", "args": args}


@pytest.mark.parametrize("args", WITHOUT_ANSWER.values(), ids=WITHOUT_ANSWER)
async def test_a_finish_without_an_answer_is_asked_for_once(args: dict[str, Any]) -> None:
    ran = await run(unfinished(**args), {"answer": "mended"})
    assert ran.client.kinds == ["planner_action", "json_object"]
    assert ran.requests[1].response_format == JSON_OBJECT
    assert (ran.result.reason, ran.result.payload["raw_answer"]) == ("answer_complete", "mended")
    assert ran.result.metadata["answer_quality"] == "repaired"
    assert ran.result.metadata["finish_repair_success_count"] == 1


@pytest.mark.parametrize(("reply", "text"), REPAIRS.values(), ids=REPAIRS)
async def test_the_missing_answer_may_come_in_several_forms(reply: Any, text: str) -> None:
    ran = await run(unfinished(), reply)
    assert ran.result.payload["raw_answer"] == text


async def test_repairing_a_finish_is_told() -> None:
    ran = await run(unfinished(), {"answer": "mended"})
    kinds = [kind for kind in ran.events.kinds if kind.startswith("finish")]
    assert kinds == ["finish_repair_attempt", "finish_repair_success", "finish"]
    chunks = [e.extra for e in ran.events.of("llm_stream_chunk") if e.extra["phase"] == "args"]
    assert [(c["channel"], c["done"]) for c in chunks] == [("answer", False), ("answer", True)]
    assert "".join(c["text"] for c in chunks) == "mended"


NOTHING = [{}, "", {"answer": " "}, {"answer": "<auto>"}, {"mood": "good"}]


@pytest.mark.parametrize("reply", NOTHING, ids=str)
async def test_a_failed_repair_falls_back_to_what_was_seen(reply: Any) -> None:
    ran = await run(use("echo", text="seen"), unfinished(), reply)
    assert ran.client.kinds == ["planner_action", "planner_action", "json_object"]
    assert ran.result.reason == "answer_complete"
    assert "seen" in ran.result.payload["raw_answer"]
    assert ran.result.metadata["answer_quality"] == "fallback"
    assert ran.result.metadata["finish_repair_failure_count"] == 1
    assert len(ran.events.of("finish_repair_failure")) == 1


@pytest.mark.parametrize("reply", NOTHING, ids=str)
async def test_a_failed_repair_with_nothing_seen_is_no_path(reply: Any) -> None:
    ran = await run(unfinished(), reply)
    assert (ran.result.reason, ran.result.metadata["answer_quality"]) == ("no_path", "none")
    assert ran.result.metadata["error"]


async def test_a_text_elsewhere_in_the_arguments_is_a_fallback_too() -> None:
    ran = await run(unfinished(summary="in other words"), {})
    assert ran.result.payload["raw_answer"] == "in other words"
    assert ran.result.metadata["answer_quality"] == "fallback"


async def test_an_error_of_the_provider_while_repairing_is_raised() -> None:
    with pytest.raises(ConnectionError):
        await planner_of(Client(unfinished(), ConnectionError("down"))).run("q")


async def test_the_other_arguments_of_a_repaired_finish_are_kept() -> None:
    result = ended(await planner_of(Client(unfinished(confidence=0.5), {"answer": "mended"})).run("q"))
    assert (result.payload["raw_answer"], result.payload["confidence"]) == ("mended", 0.5)

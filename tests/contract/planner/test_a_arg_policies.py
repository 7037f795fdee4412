"""Section 9: a tool's own say about its arguments, and what too many refusals lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.planner import PlannerAction
from tests.contract.planner.fakes_a import JSON_OBJECT, Echoed, Ran, Tools, end, run, use


class Letter(BaseModel):
    to: str
    lines: list[str] = []


class Number(BaseModel):
    n: int


def writing(sent: list[str], **marks: Any) -> Any:
    @tool(desc="Writes a letter", **marks)
    async def write(args: Letter, ctx: Any) -> Echoed:
        sent.append(args.to)
        return Echoed(said="sent")

    return write


def counting(name: str = "count", check: Callable[..., Any] | None = None) -> Any:
    async def count(args: Number, ctx: Any) -> Echoed:
        return Echoed(said=str(args.n))

    count.__name__ = name
    return tool(desc=f"Counts {name}", arg_validator=check)(count)


async def written(to: str, *more: Any, validation: Any, **args: Any) -> tuple[Ran, list[str]]:
    sent: list[str] = []
    ran = await run(
        use("write", to=to, **args), *more, end(), catalog=[writing(sent, arg_validation=validation)]
    )
    return ran, sent


async def test_a_placeholder_is_refused_where_the_tool_says_so() -> None:
    ran, sent = await written("TBD", validation={"placeholders": ["TBD"], "reject_placeholders": True})
    assert sent == []
    assert "write" in ran.error
    assert ran.result.metadata["args_invalid_count"] == 1
    (invalid,) = ran.events.of("planner_args_invalid")
    assert invalid.extra.keys() >= {
        "tool", "error_summary", "placeholders", "placeholder_paths", "autofilled_fields", "source",
    }  # fmt: skip
    assert (invalid.extra["tool"], invalid.extra["source"]) == ("write", "placeholder")
    assert list(invalid.extra["placeholders"]) == ["TBD"]
    assert list(invalid.extra["placeholder_paths"]) == ["to"]
    assert list(invalid.extra["autofilled_fields"]) == []


async def test_a_placeholder_is_suspect_and_runs_where_the_tool_does_not_refuse_it() -> None:
    ran, sent = await written("TBD", validation={"placeholders": ["TBD"], "reject_placeholders": False})
    assert sent == ["TBD"]
    assert ran.steps[0]["error"] is None
    (suspect,) = ran.events.of("planner_args_suspect")
    assert suspect.extra["tool"] == "write"
    assert ran.events.of("planner_args_invalid") == []
    assert ran.result.metadata["args_suspect_count"] == 1
    assert ran.result.metadata["args_invalid_count"] == 0


async def test_suspicion_can_be_kept_silent() -> None:
    validation = {"placeholders": ["TBD"], "reject_placeholders": False, "emit_suspect": False}
    ran, sent = await written("TBD", validation=validation)
    assert sent == ["TBD"]
    assert ran.events.of("planner_args_suspect") == []


async def test_the_automatic_placeholder_is_always_one() -> None:
    _, sent = await written("<auto>", validation={"placeholders": ["TBD"], "reject_placeholders": True})
    assert sent == []


async def test_a_placeholder_is_found_inside_other_values() -> None:
    validation = {"placeholders": ["TBD"], "reject_placeholders": True}
    ran, sent = await written("Ada", validation=validation, lines=["Hello", "TBD"])
    assert sent == []
    assert "lines" in str(ran.events.of("planner_args_invalid")[0].extra["placeholder_paths"])


@pytest.mark.parametrize("to", ["Ada", "TBD or not", "Ada TBD"])
async def test_a_text_that_is_no_placeholder_runs(to: str) -> None:
    ran, sent = await written(to, validation={"placeholders": ["TBD"], "reject_placeholders": True})
    assert sent == [to]
    assert ran.events.of("planner_args_suspect") == []


async def test_what_was_refused_and_suspected_is_kept_with_the_step() -> None:
    ran, _ = await written("TBD", validation={"placeholders": ["TBD"], "reject_placeholders": True})
    kept = ran.result.metadata["trajectory_metadata"]
    for key in ("invalid_args", "suspect_args"):
        (entry,) = kept[key]
        assert entry["tool"] == "write"
        assert {"step", "ts"} <= entry.keys()


VERDICTS = {
    "None": (lambda args, action: None, True),
    "True": (lambda args, action: True, True),
    "a text": (lambda args, action: "out of range", False),
    "an error": (lambda args, action: {"error": "out of range"}, False),
    "False": (lambda args, action: False, False),
    "a number": (lambda args, action: 0, False),
    "an empty mapping": (lambda args, action: {}, False),
}


@pytest.mark.parametrize(("check", "runs"), VERDICTS.values(), ids=VERDICTS)
async def test_a_check_accepts_with_none_or_true_only(check: Callable[..., Any], runs: bool) -> None:
    ran = await run(use("count", n=1), end(), catalog=[counting(check=check)])
    assert (ran.steps[0]["error"] is None) is runs
    assert (ran.steps[0]["observation"] is not None) is runs
    sources = [event.extra["source"] for event in ran.events.of("planner_args_invalid")]
    assert sources == ([] if runs else ["validator"])


@pytest.mark.parametrize("name", ["a text", "an error"])
async def test_the_model_reads_what_a_check_said(name: str) -> None:
    ran = await run(use("count", n=1), end(), catalog=[counting(check=VERDICTS[name][0])])
    assert "out of range" in ran.error
    assert "out of range" in ran.events.of("planner_args_invalid")[0].extra["error_summary"]


async def test_a_check_gets_the_parsed_arguments_and_the_action() -> None:
    got: list[Any] = []
    check = counting(check=lambda args, action: got.extend([args, action]))
    await run(use("count", n="7"), end(), catalog=[check])
    args, action = got
    assert args == Number(n=7)
    assert isinstance(action, PlannerAction)
    assert action.next_node == "count"


async def test_a_check_that_raises_refuses() -> None:
    def broken(args: Any, action: Any) -> None:
        raise RuntimeError("the check is broken")

    ran = await run(use("count", n=1), end(), catalog=[counting(check=broken)])
    assert ran.steps[0]["error"]
    assert ran.events.of("planner_args_invalid")[0].extra["source"] == "validator_error"


def bad(n: int, name: str = "count") -> dict[str, Any]:
    """Return a call with arguments that fit no model, different each time."""
    return use(name, n=["wrong", n])


async def test_refusals_are_counted_until_a_tool_succeeds() -> None:
    ran = await run(bad(1), bad(2), end(), catalog=[counting()])
    assert ran.result.metadata["consecutive_arg_failures"] == 2
    ran = await run(bad(1), bad(2), use("echo"), end(), catalog=[counting(), Tools().named("echo")])
    assert ran.result.metadata["consecutive_arg_failures"] == 0


async def test_too_many_refusals_end_in_words_of_the_model() -> None:
    ran = await run(
        bad(1),
        bad(2),
        bad(3),
        {"raw_answer": "Which number?", "answer": "Which number?"},
        catalog=[counting()],
    )
    assert ran.client.kinds == ["planner_action"] * 3 + ["json_object"]
    assert ran.requests[3].response_format == JSON_OBJECT
    assert ran.result.reason == "answer_complete"
    assert ran.result.payload.items() >= {
        "raw_answer": "Which number?", "graceful_failure": True, "tool": "count",
        "failure_reason": "consecutive_arg_failures",
    }.items()  # fmt: skip
    assert ran.result.metadata["answer_quality"] == "graceful_failure"
    assert len(ran.events.of("graceful_failure_attempt")) == 1
    assert ran.events.of("graceful_failure_success")[0].extra["answer_len"] == len("Which number?")


async def test_too_many_refusals_without_words_are_no_path() -> None:
    ran = await run(bad(1), bad(2), bad(3), "", catalog=[counting()])
    assert ran.result.reason == "no_path"
    payload = ran.result.payload
    assert payload.items() >= {
        "requires_followup": True, "failure_reason": "consecutive_arg_failures", "tool": "count",
    }.items()  # fmt: skip
    assert payload["last_error"]
    assert "missing_fields" in payload
    assert ran.result.metadata["requires_followup"] is True
    assert ran.events.of("graceful_failure_success") == []


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_how_many_refusals_are_too_many_can_be_said(limit: int) -> None:
    calls = [bad(n) for n in range(limit)]
    ran = await run(*calls, {"answer": "Which?"}, catalog=[counting()], max_consecutive_arg_failures=limit)
    assert ran.client.kinds == ["planner_action"] * limit + ["json_object"]


async def test_refusals_by_a_check_count_too() -> None:
    refuses = counting(check=lambda args, action: "no")
    ran = await run(*[use("count", n=n) for n in range(3)], {"answer": "Which?"}, catalog=[refuses])
    assert ran.result.metadata["answer_quality"] == "graceful_failure"


async def test_a_success_of_the_same_tool_starts_its_count_anew() -> None:
    calls = [bad(1), bad(2), use("count", n=1), bad(3), bad(4)]
    ran = await run(*calls, end("fine"), catalog=[counting()])
    assert ran.result.payload["raw_answer"] == "fine"
    assert ran.result.metadata["answer_quality"] == "answer"


async def test_a_success_of_another_tool_does_not() -> None:
    calls = [bad(1), bad(2), use("other_count", n=1), bad(3)]
    catalog = [counting(), counting("other_count")]
    ran = await run(*calls, {"answer": "Which?"}, catalog=catalog)
    assert ran.result.metadata["answer_quality"] == "graceful_failure"


async def test_each_tool_has_a_count_of_its_own() -> None:
    calls = [bad(1), bad(1, "other_count"), bad(2), bad(2, "other_count")]
    ran = await run(*calls, end("fine"), catalog=[counting(), counting("other_count")])
    assert ran.result.metadata["answer_quality"] == "answer"
    assert ran.result.metadata["consecutive_arg_failures"] == 4

"""What the options of `penguiflow run` mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguiflow.planner.approvals import Approve, Decision, Edit, Reject, Respond
from penguiflow.state.events import CallToApprove, PersonAsked
from penguiflow_cli._errand import (
    Errand,
    Question,
    Reply,
    RunOptions,
    options_to_repeat,
    read_decision,
    read_errand,
)
from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode

ROOT = Path("/project")


def options(
    question: str | None = None, resume: str | None = None, reply: str | None = None, **more: str
) -> RunOptions:
    return RunOptions(question=question, resume=resume, reply=reply, project_root=ROOT, **more)


@pytest.mark.parametrize(
    ("given", "errand"),
    [
        (options("hello"), Question(text="hello", session_id=None)),
        (options("hello", session_id="last"), Question(text="hello", session_id="last")),
        (options(resume="t", reply="approve"), Reply(token="t", text="approve")),
    ],
)
def test_a_question_or_a_reply_is_an_errand(given: RunOptions, errand: Errand) -> None:
    assert read_errand(given) == errand


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (options(), "no question"),
        (options("  "), "no question"),
        (options(reply="approve"), "`--resume TOKEN`"),
        (options(resume="t"), "`--input TEXT`"),
        (options("hello", resume="t", reply="approve"), "do not go together"),
    ],
)
def test_anything_else_is_a_usage_error_that_says_what_is_missing(given: RunOptions, named: str) -> None:
    with pytest.raises(CommandError, match=named) as caught:
        read_errand(given)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.hint


CALL = CallToApprove(call_id="c", tool="t", args={}, call_hash="00")
APPROVAL = PersonAsked(step=1, request_id="t", reason="approval_required", call=CALL)
QUESTION = PersonAsked(step=1, request_id="t", reason="await_input", prompt="Which city?")


@pytest.mark.parametrize(
    ("text", "request_", "decision"),
    [
        ("approve", APPROVAL, Approve()),
        ("reject: too early", APPROVAL, Reject("too early")),
        ('{"decision": "edit", "args": {"text": "b"}}', APPROVAL, Edit({"text": "b"})),
        ("Berlin", QUESTION, Respond("Berlin")),
        ("reject: me", QUESTION, Respond("reject: me")),
    ],
)
def test_a_reply_is_read_by_what_was_asked(text: str, request_: PersonAsked, decision: Decision) -> None:
    assert read_decision(text, request_) == decision


def test_a_reply_that_is_no_decision_leaves_the_run_waiting_and_says_so() -> None:
    with pytest.raises(CommandError, match="yes please") as caught:
        read_decision("yes please", APPROVAL)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "still waits" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("given", "started_in", "words"),
    [
        (options("q"), ROOT, []),
        (options("q", agent="a.b:c", model="m"), ROOT, ["--agent", "a.b:c", "--model", "m"]),
        (options("q"), Path("/elsewhere"), ["--project-root", "/project"]),
    ],
)
def test_a_command_to_go_on_repeats_what_it_needs(
    given: RunOptions, started_in: Path, words: list[str]
) -> None:
    assert options_to_repeat(given, started_in) == words

"""How two runs differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.sessions.projections.diff import RunDiff, diff_runs
from penguiflow.sessions.projections.recorded_run import RecordedRun, recorded_run
from penguiflow.state.events import ContentRef, RunFailed, ToolFinished, ToolStarted
from tests.fakes.recorded_runs import Step, approval, call, model, run_events, run_of_steps

LOST = RunFailed(code="llm_gone", message="the model is gone")


def changes_in(diff: RunDiff) -> list[str]:
    """Every change in a short form: its sign, what changed, and where."""
    found = [f"~ {change.path}" for change in diff.question]
    found += [
        f"{decision.state} decision {[change.path for change in decision.changes]}"
        for decision in diff.decisions
        if decision.state != "same"
    ]
    for each in diff.calls:
        if each.state != "same":
            either = each.before or each.after
            paths = [change.path for change in (*each.args, *each.outcome)]
            found.append(f"{each.state} {either.tool if either else ''} {paths}")
    return found + [f"~ {change.path}" for change in diff.outcome]


@pytest.mark.parametrize(
    ("before", "after", "changes", "divergence"),
    [
        ([call("a", x=1)], [call("a", x=1)], [], None),
        (
            [call("a", x=1)],
            [call("a", x=2)],
            ["changed a ['args.x']"],
            (1, "`a` was called with other arguments"),
        ),
        (
            [call("a", {"n": 1})],
            [call("a", {"n": 2})],
            ["changed a ['result.n']"],
            (1, "`a` gave another result"),
        ),
        (
            [call("a")],
            [call("a", error="no")],
            ["changed a ['error', 'result']"],
            (1, "`a` failed"),
        ),
        (
            [call("a", error="no")],
            [call("a")],
            ["changed a ['error', 'result']"],
            (1, "`a` did not fail"),
        ),
        (
            [call("a", error="no")],
            [call("a", error="never")],
            ["changed a ['error']"],
            (1, "`a` failed in another way"),
        ),
        ([call("a")], [call("a", ended=False)], ["changed a ['ended', 'result']"], (1, "`a` did not end")),
        ([call("a")], [call("a"), call("b")], ["added b []"], (2, "`b` was called as well")),
        ([call("a"), call("b")], [call("a")], ["removed b []"], (2, "`b` was not called")),
        (
            [call("a"), call("b"), call("d")],
            [call("a"), call("c"), call("d")],
            ["removed b []", "added c []"],
            (2, "`c` was called instead of `b`"),
        ),
        (
            [call("a", x=1), call("a", x=2), call("a", x=3)],
            [call("a", x=1), call("a", x=3)],
            ["removed a []"],
            (2, "`a` was not called"),
        ),
        (
            [approval("approve", x=1)],
            [approval("reject", x=1, text="no")],
            ["changed decision ['decision.kind', 'decision.text']"],
            (1, "a person said `reject` instead of `approve` about `save`"),
        ),
        (
            [approval("approve", x=1)],
            [approval("approve", x=2)],
            ["changed decision ['asked.args.x']"],
            (1, "a person was asked otherwise about `save`"),
        ),
        (
            [approval("reject", text="no")],
            [approval("reject", text="never")],
            ["changed decision ['decision.text']"],
            (1, "a person answered otherwise about `save`"),
        ),
        (
            [approval("approve"), call("save")],
            [call("save")],
            ["removed decision []"],
            (1, "nobody was asked about `save`"),
        ),
        (
            [call("save")],
            [call("save"), approval("approve")],
            ["added decision []"],
            (2, "a person was asked about `save`"),
        ),
        (
            [call("a", x=1), approval("approve")],
            [call("a", x=2), approval("reject")],
            ["changed decision ['decision.kind']", "changed a ['args.x']"],
            (1, "`a` was called with other arguments"),
        ),
    ],
)
def test_calls_and_decisions_are_compared(
    before: list[Step], after: list[Step], changes: list[str], divergence: tuple[int, str] | None
) -> None:
    diff = diff_runs(run_of_steps(*before), run_of_steps(*after))
    first = diff.first_divergence
    assert changes_in(diff) == changes
    assert (None if first is None else (first.step, first.text)) == divergence
    assert diff.changed == bool(changes)


@pytest.mark.parametrize(
    ("before", "after", "changes", "divergence"),
    [
        ({}, {"answer": "That."}, ["~ answer"], "the answer is another one"),
        (
            {},
            {"reason": "no_path", "answer": "This."},
            ["~ reason"],
            "the run ended with `no_path` instead of `answer_complete`",
        ),
        ({}, {"failed": LOST}, ["~ end", "~ error", "~ answer"], "the run is `failed` instead of `finished`"),
        (
            {"failed": LOST},
            {"failed": replace(LOST, message="it came back")},
            ["~ error"],
            "the run failed in another way",
        ),
        ({}, {"ended": False}, ["~ end", "~ answer"], "the run is `running` instead of `finished`"),
    ],
)
def test_ends_are_compared(
    before: dict[str, Any], after: dict[str, Any], changes: list[str], divergence: str
) -> None:
    diff = diff_runs(run_of_steps(call("a"), **before), run_of_steps(call("a"), **after))
    assert changes_in(diff) == changes
    assert diff.first_divergence is not None
    assert (diff.first_divergence.step, diff.first_divergence.text) == (1, divergence)


def test_another_question_is_a_change_and_no_divergence() -> None:
    diff = diff_runs(run_of_steps(call("a")), run_of_steps(call("a"), question="Which?"))
    assert changes_in(diff) == ["~ question"]
    assert (diff.changed, diff.first_divergence) == (True, None)


def test_ids_times_costs_and_names_of_models_are_no_change() -> None:
    before = run_of_steps((model(), *call("a", latency_ms=5.0)), approval("approve", token="t1"))
    after = run_of_steps(
        (model(cost_usd=0.5, latency_ms=900.0, tokens=7), *call("a", latency_ms=50.0)),
        approval("approve", token="t2"),
        run_id="run-2",
        session_id="session-2",
        start=9_000.0,
        agent="another",
    )
    diff = diff_runs(before, after)
    assert not diff.changed
    assert (diff.measured_before.cost_usd, diff.measured_after.cost_usd) == (0.001, 0.5)
    assert (diff.measured_before.input_tokens, diff.measured_after.input_tokens) == (100, 7)
    assert diff.calls[0].latency_change_ms == 45.0


def test_measures_that_nobody_told_are_unknown() -> None:
    diff = diff_runs(run_of_steps((model(),)), run_of_steps((model(cost_usd=None, tokens=None),)))
    assert (diff.measured_after.cost_usd, diff.measured_after.input_tokens) == (None, None)
    assert not diff.changed


def with_long_result(content_id: str, chars: int) -> RecordedRun:
    started = ToolStarted(step=0, call_id="c", tool="a")
    ref = ContentRef(content_id=content_id, chars=chars)
    finished = ToolFinished(step=0, call_id="c", tool="a", result="the beginning", content=ref)
    return recorded_run(run_events((started, finished)))


def test_long_results_that_begin_alike_are_compared_by_whoever_can_load_them() -> None:
    one, other = with_long_result("id-1", 9_000), with_long_result("id-2", 9_000)
    assert not diff_runs(one, other).changed
    assert changes_in(diff_runs(one, other, same_content=lambda *_: False)) == ["changed a ['result']"]
    assert changes_in(diff_runs(one, with_long_result("id-2", 9_001))) == ["changed a ['result']"]


steps = st.lists(
    st.one_of(
        st.builds(call, st.sampled_from("abc"), st.integers(0, 1), x=st.integers(0, 2)),
        st.builds(call, st.sampled_from("abc"), error=st.sampled_from(["no", "never"])),
        st.builds(approval, st.sampled_from(["approve", "reject", None]), x=st.integers(0, 1)),
    ),
    max_size=8,
)


@given(steps)
def test_a_run_does_not_differ_from_itself(bodies: list[Step]) -> None:
    diff = diff_runs(run_of_steps(*bodies), run_of_steps(*bodies, run_id="run-2", start=5.0))
    assert (changes_in(diff), diff.first_divergence) == ([], None)


@given(steps, steps)
def test_there_and_back_are_as_many_changes(before: list[Step], after: list[Step]) -> None:
    there = diff_runs(run_of_steps(*before), run_of_steps(*after))
    back = diff_runs(run_of_steps(*after), run_of_steps(*before))
    assert there.change_count == back.change_count
    assert (there.first_divergence is None) == (back.first_divergence is None)
    sides = {"added": "removed", "removed": "added"}
    mirrored = sorted(sides.get(each.state, each.state) for each in back.calls)
    assert sorted(each.state for each in there.calls) == mirrored


def test_runs_of_thousands_of_calls_are_compared() -> None:
    before = run_of_steps(*(call("a", x=place % 97) for place in range(3_000)))
    after = run_of_steps(*(call("a", x=place % 89) for place in range(3_000)))
    diff = diff_runs(before, after)
    assert len([each for each in diff.calls if each.state == "same"]) > 1_000

"""`penguiflow runs diff`: what changed from one run to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.sessions.projections.diff import diff_runs
from penguiflow.sessions.projections.measures import RunMeasures
from penguiflow.sessions.projections.recorded_flow import recorded
from penguiflow.sessions.projections.value_changes import ValueChange
from penguiflow.state.contents import Content
from penguiflow.state.events import ContentRef, EventBody, RunFailed, ToolFinished, ToolStarted
from penguiflow_cli._cells import cell_count
from penguiflow_cli._diff_measures import measure_lines
from penguiflow_cli._diff_text import diff_lines
from penguiflow_cli._diff_values import MAX_CHANGES, change_lines, text_change_lines
from penguiflow_cli._styled import StyledLine, plain_text
from penguiflow_cli.app import exit_code_of
from tests.fakes.any_events import any_body
from tests.fakes.history import run_of
from tests.fakes.history_files import keep
from tests.fakes.recorded_runs import Step, approval, call, model, run_events

CaptureFd = pytest.CaptureFixture[str]


def text_of(lines: list[StyledLine]) -> list[str]:
    return [plain_text(line).rstrip() for line in lines]


def shown(before: list[Step], after: list[Step], **options: Any) -> list[str]:
    """The lines between the heads and the measures."""
    runs = (recorded(run_events(*before)), recorded(run_events(*after, run_id="run-2", **options)))
    lines = text_of(list(diff_lines(diff_runs(*runs), None)))
    return lines[lines.index("") + 1 : -1 - lines[::-1].index("")]


def test_what_changed_is_named_first_and_signed() -> None:
    lines = shown(
        [call("a"), call("a", x=1), call("b", n=1), call("d")],
        [call("a"), call("a", x=2), call("c"), call("d"), call("e", "new", y=[1])],
        answer="That.",
    )
    assert lines == [
        "First divergence: step 2: `a` was called with other arguments",
        "",
        "= step 1  a  5 ms -> 5 ms",
        "~ step 2  a  5 ms -> 5 ms",
        "    ~ args.x: 1 -> 2",
        '- step 3  b {"n": 1}',
        "+ step 3  c",
        "= step 4  d  5 ms -> 5 ms",
        '+ step 5  e {"y": [1]}',
        "~ answer",
        "    - This.",
        "    + That.",
    ]


def test_what_is_the_same_takes_one_line() -> None:
    steps = [call("a", x=number) for number in range(30)]
    assert shown(steps, steps) == ["Nothing changed.", "", "= steps 1 to 30  30 calls", "= answer"]


def test_only_another_question_is_told_as_that() -> None:
    assert shown([], [], question="Which?") == [
        "Only the question changed.",
        "",
        "~ question",
        "    - What?",
        "    + Which?",
        "= answer",
    ]


def test_a_decision_stands_before_the_call_it_is_about() -> None:
    before, after = (*approval("approve", x=1), *call("save", x=1)), approval("reject", x=1, text="no")
    assert shown([before], [after]) == [
        "First divergence: step 1: a person said `reject` instead of `approve` about `save`",
        "",
        "~ step 1  decision: may save run?",
        '    ~ decision.kind: "approve" -> "reject"',
        '    + decision.text: "no"',
        '- step 1  save {"x": 1}',
        "= answer",
    ]


def test_an_end_that_changed_is_told_with_the_error() -> None:
    lost = RunFailed(code="llm_gone", message="the model is gone")
    assert shown([call("a")], [call("a")], failed=lost)[3:] == [
        "~ end  finished -> failed",
        "~ error",
        "    + llm_gone: the model is gone",
        "~ answer",
        "    - This.",
    ]


def test_the_first_of_many_changes_are_shown_and_the_rest_is_counted() -> None:
    changes = [ValueChange(path=f"args.p{n}", kind="added", after=n) for n in range(MAX_CHANGES + 3)]
    lines = text_of(change_lines(changes, None))
    assert len(lines) == MAX_CHANGES + 1
    assert "3 changes more" in lines[-1]


def test_long_values_are_cut_to_where_they_differ() -> None:
    before, after = "x" * 5_000 + "old" + "y" * 5_000, "x" * 5_000 + "new" + "y" * 5_000
    (line,) = text_of(
        change_lines([ValueChange(path="args", kind="changed", before=before, after=after)], None)
    )
    assert "xold" in line
    assert "xnew" in line
    assert len(line) < 300


def test_values_too_wide_for_one_line_take_two() -> None:
    change = ValueChange(path="args.text", kind="changed", before="one " * 8, after="two " * 8)
    lines = text_of(change_lines([change], 50))
    assert lines[0] == "    ~ args.text"
    assert (lines[1][:8], lines[2][:8]) == ("      - ", "      + ")


def test_lines_of_a_text_that_are_the_same_are_left_out() -> None:
    before, after = "a\nb\nc\nd\ne", "a\nb\nX\nd\ne"
    assert text_of(text_change_lines(before, after, None)) == [
        "      (2 lines the same)",
        "    - c",
        "    + X",
        "      (2 lines the same)",
    ]
    assert text_of(text_change_lines("", "new", None)) == ["    + new"]


MEASURED = RunMeasures(
    steps=2, model_calls=2, tool_calls=1, input_tokens=100, output_tokens=None, cost_usd=0.001, worked_ms=400
)


def test_measures_stand_side_by_side_with_their_change() -> None:
    after = RunMeasures(
        steps=3, model_calls=2, tool_calls=1, input_tokens=50, output_tokens=7, cost_usd=0.0015, worked_ms=9e6
    )
    rows = {line.split("  ")[0].strip(): line.split() for line in text_of(measure_lines(MEASURED, after))}
    assert rows["steps"][1:] == ["2", "3", "+1", "(+50%)"]
    assert rows["model calls"][2:] == ["2", "2"]
    assert rows["tokens in"][2:] == ["100", "50", "-50", "(-50%)"]
    assert rows["tokens out"][2:] == ["?", "7"]
    assert rows["cost"][1:] == ["$0.0010", "$0.0015", "+$0.0005", "(+50%)"]
    assert "%" not in " ".join(rows["time"])


bodies = st.lists(any_body, min_size=1, max_size=6)


@given(bodies, bodies, st.sampled_from([None, 60]))
def test_any_two_runs_are_compared_within_the_width(
    before: list[EventBody], after: list[EventBody], width: int | None
) -> None:
    diff = diff_runs(recorded(run_of(*before)), recorded(run_of(*after, run_id="run-2")))
    lines = [plain_text(line) for line in diff_lines(diff, width)]
    assert ("Nothing changed." in lines) == (not diff.changed)
    signed = [line for line in lines if line.startswith(("    -", "    +", "      -", "      +"))]
    assert width is None or all(cell_count(line) <= width for line in signed)


def runs_diff(project: Path, *arguments: str) -> int:
    return exit_code_of(["runs", "diff", *arguments, "--project-root", str(project)])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    keep(tmp_path, run_events((model(), *call("a", x=1)), run_id="run-1"))
    keep(tmp_path, run_events((model(), *call("a", x=1)), run_id="run-2", session_id="session-2", start=9.0))
    keep(tmp_path, run_events((model(), *call("a", x=2)), run_id="run-3", answer="That."))
    return tmp_path


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        (["run-1", "run-2"], 0),
        (["run-1", "run-1"], 0),
        (["run-1", "run-3"], 1),
        (["last", "last~1"], 1),
        (["run-1", "run-9"], 2),
        (["run-1"], 2),
    ],
)
def test_the_exit_code_says_whether_something_changed(project: Path, runs: list[str], code: int) -> None:
    assert runs_diff(project, *runs) == code


def test_json_is_one_object_with_both_sides(project: Path, capfd: CaptureFd) -> None:
    assert runs_diff(project, "run-1", "run-3", "--json") == 1
    diff = json.loads(capfd.readouterr().out)
    assert (diff["v"], diff["type"], diff["changed"], diff["change_count"]) == (1, "diff", True, 2)
    assert diff["first_divergence"] == {"step": 1, "text": "`a` was called with other arguments"}
    assert (diff["a"]["run_id"], diff["b"]["run_id"], diff["a"]["cost_usd"]) == ("run-1", "run-3", 0.001)
    (compared,) = diff["calls"]
    assert compared["changes"] == [{"path": "args.x", "kind": "changed", "a": 1, "b": 2}]
    assert (compared["state"], compared["a"]["args"], compared["latency_change_ms"]) == (
        "changed",
        {"x": 1},
        0.0,
    )
    assert diff["outcome"] == [{"path": "answer", "kind": "changed", "a": "This.", "b": "That."}]


def long_result(run_id: str, content_id: str) -> list[Any]:
    ref = ContentRef(content_id=content_id, chars=9_000)
    finished = ToolFinished(step=1, call_id="c", tool="a", result="the beginning", content=ref)
    return run_events(
        (ToolStarted(step=1, call_id="c", tool="a"), finished), run_id=run_id, session_id=run_id
    )


@pytest.mark.parametrize(("other", "code"), [("the same text", 0), ("another text.", 1)])
def test_long_results_are_compared_by_what_is_kept_of_them(other: str, code: int, tmp_path: Path) -> None:
    for run_id, text in (("run-1", "the same text"), ("run-2", other)):
        content = Content(session_id=run_id, content_id=f"id-of-{run_id}", text=text)
        keep(tmp_path, long_result(run_id, f"id-of-{run_id}"), [content])
    assert runs_diff(tmp_path, "run-1", "run-2") == code

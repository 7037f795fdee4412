"""`penguiflow runs list`: which runs there are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from penguiflow.state.summaries import RunSummary
from penguiflow_cli._cells import cell_count
from penguiflow_cli._run_words import day_time
from penguiflow_cli._runs_table import run_table
from penguiflow_cli._styled import plain_text
from penguiflow_cli.app import exit_code_of
from tests.fakes.history import answered, asked, run_of
from tests.fakes.history_files import keep
from tests.fakes.recorded_runs import call, run_events

CaptureFd = pytest.CaptureFixture[str]
NOW = datetime(2026, 5, 28, 14, 30).timestamp()
RUN = RunSummary(
    run_id="0123456789abcdef",
    session_id="session-1",
    agent="helper",
    model="m",
    question="What does the \x1b[31mred\x1b[0m tea cost in the shop at the corner?",
    state="idle",
    last_line="",
    started_at=NOW - 60,
    updated_at=NOW - 58.5,
    steps=3,
    model_calls=3,
    tool_calls=2,
    input_tokens=1_200,
    output_tokens=34,
    cost_usd=0.0021,
    reason="answer_complete",
)


def table(*runs: RunSummary, width: int) -> list[str]:
    return [plain_text(line) for line in run_table(runs, width=width, now=NOW)]


def test_a_wide_table_has_every_column() -> None:
    heading, row = table(RUN, width=120)
    assert heading.split() == [
        *("RUN", "WHEN", "STATE", "AGENT", "QUESTION", "STEPS", "CALLS", "TOKENS", "COST", "TIME")
    ]
    for part in ("01234567 ", "14:29:00", "✓ done", "helper", "3", "2", "1.2k", "$0.0021", "1.5 s"):
        assert part in row


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    wide = replace(RUN, question="牛乳" * 90, agent="an agent with a very long name", state="interrupted")
    assert all(cell_count(line) <= width for line in table(RUN, wide, width=width))


def test_a_narrow_table_keeps_id_state_and_question() -> None:
    heading, row = table(RUN, width=45)
    assert heading.split() == ["RUN", "STATE", "QUESTION"]
    assert row.endswith("…")


@pytest.mark.parametrize(
    ("state", "reason", "shown"),
    [
        ("idle", "answer_complete", "✓ done"),
        ("idle", "", "✓ done"),
        ("idle", "budget_exhausted", "■ stopped"),
        ("waiting", "", "◆ waiting"),
        ("failed", "", "✗ failed"),
        ("interrupted", "", "■ interrupted"),
        ("running", "", "▸ running"),
    ],
)
def test_a_state_is_a_sign_and_a_word(state: str, reason: str, shown: str) -> None:
    run = replace(RUN, state=state, reason=reason)  # type: ignore[arg-type] # a literal, by parameter
    assert shown in table(run, width=120)[1]


def test_unknown_costs_and_tokens_are_no_zero() -> None:
    row = table(replace(RUN, cost_usd=None, input_tokens=0, output_tokens=0), width=120)[1]
    assert row.split()[-4:-2] == ["?", "?"]


def test_ids_that_begin_alike_are_shown_as_far_as_they_differ() -> None:
    rows = table(RUN, replace(RUN, run_id="0123456789ffffff"), width=120)
    assert [row.split()[0] for row in rows[1:]] == ["0123456789a", "0123456789f"]


def test_a_time_is_told_by_how_long_ago_it_was() -> None:
    assert day_time(NOW - 60, NOW) == "14:29:00"
    assert day_time(NOW - 40 * 86_400, NOW) == "18 Apr 14:30"
    assert day_time(datetime(2024, 2, 3).timestamp(), NOW) == "3 Feb 2024"
    assert day_time(1e300, NOW) == "?"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    keep(tmp_path, run_of(asked("First?"), answered(), run_id="run-a", session_id="one"))
    keep(tmp_path, run_events(call("a"), run_id="run-b", session_id="two", question="Second\tone?\nYes."))
    keep(tmp_path, run_of(asked("Third?"), run_id="run-c", session_id="one"))
    return tmp_path


def runs_list(project: Path, *options: str) -> int:
    return exit_code_of(["runs", "list", *options, "--project-root", str(project)])


def test_a_program_gets_one_line_of_whole_values_per_run(project: Path, capfd: CaptureFd) -> None:
    assert runs_list(project) == 0
    rows = [line.split("\t") for line in capfd.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["run-c", "run-b", "run-a"]
    assert rows[1][2:] == ["done", "helper", "Second one? Yes.", "1", "1", "0", "?", "4000"]
    assert datetime.fromisoformat(rows[1][1]).timestamp() == 1_000.0


def test_json_lines_have_every_field(project: Path, capfd: CaptureFd) -> None:
    assert runs_list(project, "--json") == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(line["v"], line["type"], line["run_id"]) for line in lines] == [
        *((1, "run", "run-c"), (1, "run", "run-b"), (1, "run", "run-a"))
    ]
    assert set(lines[1]) == set(RunSummary.__dataclass_fields__) | {"v", "type", "duration_ms"}
    assert (lines[0]["state"], lines[1]["state"], lines[1]["duration_ms"]) == ("running", "done", 4_000.0)


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        (["--session", "one"], ["run-c", "run-a"]),
        (["--session", "last"], ["run-c", "run-a"]),
        (["--limit", "1"], ["run-c"]),
        (["--after", "run-b"], ["run-a"]),
        (["--after", "last"], ["run-b", "run-a"]),
        (["--after", "run-a"], []),
        (["--session", "one", "--limit", "1", "--after", "run-c"], ["run-a"]),
    ],
)
def test_a_list_can_be_narrowed(project: Path, options: list[str], runs: list[str], capfd: CaptureFd) -> None:
    assert runs_list(project, *options) == 0
    assert [line.split("\t")[0] for line in capfd.readouterr().out.splitlines()] == runs


def test_a_person_is_told_where_the_list_goes_on(project: Path, capfd: CaptureFd) -> None:
    runs_list(project, "--limit", "2")
    assert "--after run-b" in capfd.readouterr().err
    runs_list(project)
    assert capfd.readouterr().err == ""


def test_an_unknown_session_is_an_error_and_no_empty_list(project: Path, capfd: CaptureFd) -> None:
    assert runs_list(project, "--session", "three", "--json") == 2
    told = capfd.readouterr()
    assert json.loads(told.out)["code"] == "unknown_session"
    assert "`three`" in told.err


@pytest.mark.parametrize("command", [["list"], ["show", "last"], ["tail", "last"], ["diff", "a", "b"]])
def test_without_a_history_no_file_is_made(command: list[str], tmp_path: Path, capfd: CaptureFd) -> None:
    assert exit_code_of(["runs", *command, "--json", "--project-root", str(tmp_path)]) == 2
    told = capfd.readouterr()
    assert json.loads(told.out)["code"] == "no_history"
    assert told.err.startswith("✗ no run was recorded in ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_history_is_told_in_one_line(tmp_path: Path, capfd: CaptureFd) -> None:
    (tmp_path / ".penguiflow").mkdir()
    (tmp_path / ".penguiflow" / "history.sqlite3").write_text("not a database, but long enough to be read")
    assert runs_list(tmp_path) == 1
    told = capfd.readouterr().err
    assert "history.sqlite3" in told
    assert "Traceback" not in told

"""`penguiflow sessions`: listing, showing, naming, archiving and forking."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from penguiflow.state.events import RunEvent, SessionForked
from penguiflow.state.summaries import SessionSummary
from penguiflow_cli._errors import CommandError
from penguiflow_cli._sessions_fork import the_run_meant
from penguiflow_cli._sessions_show import session_facts
from penguiflow_cli._sessions_text import session_row, session_table, shown_ids
from penguiflow_cli._styled import plain_text
from penguiflow_cli.app import exit_code_of
from tests.fakes.history import answered, asked, event_at, person_asked, run_of
from tests.fakes.history_files import in_history, keep

CaptureFd = pytest.CaptureFixture[str]
NOW = 1_780_000_000.0
GENERATED = "0123456789ab4cdea" + "0" * 15
SESSION = SessionSummary(
    session_id=GENERATED,
    title="Where is my tea?",
    agent="helper",
    state="idle",
    last_line="In the cup.",
    created_at=NOW - 60,
    updated_at=NOW,
    runs=2,
    cost_usd=0.0125,
)


def dialogue(session_id: str, question: str = "What is new?", *, run: str = "") -> list[RunEvent]:
    return run_of(asked(question), answered(), run_id=run or f"run-of-{session_id}", session_id=session_id)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three sessions; `tea` was changed last."""
    keep(tmp_path, dialogue("oldest"))
    keep(tmp_path, dialogue(GENERATED, "Are you there?"))
    keep(tmp_path, dialogue("tea", "Where is my tea?"))
    return tmp_path


def sessions(folder: Path, *arguments: str) -> int:
    return exit_code_of(["sessions", *arguments, "--project-root", str(folder)])


def listed(folder: Path, capfd: CaptureFd, *options: str) -> list[str]:
    capfd.readouterr()
    assert sessions(folder, "list", *options) == 0
    return [line.split("\t")[0] for line in capfd.readouterr().out.splitlines()]


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_program_gets_one_line_of_values_for_each_session(project: Path, capfd: CaptureFd) -> None:
    assert sessions(project, "list") == 0

    rows = [line.split("\t") for line in capfd.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["tea", GENERATED, "oldest"]
    assert rows[0][2:] == ["done", "", "Where is my tea?", "1", "?", "", ""]


def test_the_list_goes_on_below_a_session(project: Path, capfd: CaptureFd) -> None:
    assert sessions(project, "list", "--limit", "2") == 0
    first = capfd.readouterr()
    assert sessions(project, "list", "--limit", "2", "--after", "01234567") == 0
    second = capfd.readouterr()

    assert first.err == "Older ones: add --after 01234567, or a larger --limit.\n"
    assert [line.split("\t")[0] for line in second.out.splitlines()] == ["oldest"]
    assert second.err == ""


def test_json_lines_tell_all_that_is_known_of_a_session(project: Path, capfd: CaptureFd) -> None:
    assert sessions(project, "list", "--json", "--limit", "1") == 0

    (record,) = records(capfd.readouterr().out)
    assert record.pop("updated_at") == 1.0
    assert record.pop("created_at") == 0.0
    assert record == {
        "v": 1,
        "type": "session",
        "session_id": "tea",
        "title": "Where is my tea?",
        "agent": "helper",
        "state": "done",
        "last_line": "Nothing.",
        "runs": 1,
        "cost_usd": None,
        "name": "",
        "archived": False,
        "parent_session_id": None,
        "parent_run_id": None,
    }


def test_a_folder_without_a_history_is_told_and_stays_empty(tmp_path: Path, capfd: CaptureFd) -> None:
    assert sessions(tmp_path, "list", "--json") == 2

    output = capfd.readouterr()
    assert records(output.out)[0]["code"] == "no_history"
    assert "no run was recorded" in output.err
    assert list(tmp_path.iterdir()) == []


def test_what_was_put_away_is_listed_only_when_asked_for(project: Path, capfd: CaptureFd) -> None:
    assert sessions(project, "archive", "oldest", "tea") == 0
    told = capfd.readouterr()

    assert (told.out, told.err) == ("", "oldest: archived.\ntea: archived.\n")
    assert listed(project, capfd) == [GENERATED]
    assert listed(project, capfd, "--archived") == ["tea", "oldest"]
    assert listed(project, capfd, "--all") == ["tea", "oldest", GENERATED]
    assert sessions(project, "archive", "tea") == 0
    assert sessions(project, "restore", "tea", "tea", GENERATED) == 0
    assert capfd.readouterr().err.splitlines() == [
        "tea: was archived already.",
        "tea: restored.",
        f"{GENERATED}: was not archived.",
    ]


def test_none_of_several_sessions_is_put_away_when_one_is_not_found(project: Path, capfd: CaptureFd) -> None:
    assert sessions(project, "archive", "tea", "nobody") == 2
    assert len(listed(project, capfd)) == 3


def test_a_named_session_is_found_by_its_name(project: Path, capfd: CaptureFd) -> None:
    assert sessions(project, "name", "0123", "  two  words ") == 0
    assert capfd.readouterr().err == f"Session {GENERATED} is called `two words`.\n"
    assert sessions(project, "show", "two words", "--json") == 0
    shown = records(capfd.readouterr().out)
    assert sessions(project, "name", "two words", "", "--json") == 0
    unnamed = records(capfd.readouterr().out)

    assert [record["type"] for record in shown] == ["session", "run"]
    assert (shown[0]["session_id"], shown[0]["name"]) == (GENERATED, "two words")
    assert [record["name"] for record in unnamed] == [""]


REFUSED = [
    (["name", "tea", "oldest"], "bad_session_name", "means session `oldest` already"),
    (["name", "tea", "a\x1b[31mb"], "bad_session_name", "control or invisible characters"),
    (["name", "nobody", "x"], "unknown_session", "no session is called `nobody`"),
    (["show", ""], "unknown_session", "no session is called ``"),
    (["fork", "tea", "--at", "other"], "unknown_run", "no run of the session is called `other`"),
    (["export", "nobody"], "unknown_session", "no session is called `nobody`"),
    (["list", "--after", "nobody"], "unknown_session", "no session is called `nobody`"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), REFUSED)
def test_a_refusal_is_one_line_for_a_person_and_one_for_a_program(
    project: Path, capfd: CaptureFd, arguments: list[str], code: str, message: str
) -> None:
    assert sessions(project, *arguments, "--json") == 2

    output = capfd.readouterr()
    (record,) = records(output.out)
    assert (record["type"], record["code"]) == ("error", code)
    assert message in record["message"]
    assert output.err.startswith("✗ ")
    assert "\x1b" not in output.err


def test_two_sessions_that_may_be_meant_are_named(tmp_path: Path, capfd: CaptureFd) -> None:
    keep(tmp_path, dialogue("tea-1"))
    keep(tmp_path, dialogue("tea-2"))

    assert sessions(tmp_path, "show", "tea") == 2
    assert "`tea` may mean `tea-2`, `tea-1`" in capfd.readouterr().err


def test_a_session_is_shown_with_its_runs(project: Path, capfd: CaptureFd) -> None:
    keep(project, dialogue("tea", "And the milk?", run="second"))

    assert sessions(project, "show", "tea") == 0

    facts, _, runs = capfd.readouterr().out.partition("\n\n")
    assert facts.splitlines()[0] == "Session   tea"
    assert "Runs      2, cost ?" in facts
    assert [line.split("\t")[0] for line in runs.splitlines()] == ["second", "run-of-tea"]


def test_of_many_runs_the_newest_are_shown_and_where_the_others_are_is_told(
    tmp_path: Path, capfd: CaptureFd
) -> None:
    for number in range(22):
        keep(tmp_path, dialogue("long", run=f"run-{number}"))

    assert sessions(tmp_path, "show", "long") == 0

    output = capfd.readouterr()
    assert output.out.count("run-") == 20
    assert output.err == "All runs: penguiflow runs list --session long --limit 22\n"


def test_a_fork_is_printed_by_its_id_and_how_to_go_on_is_told(
    project: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sessions(project, "fork", "tea") == 0
    output = capfd.readouterr()
    monkeypatch.chdir(project)
    assert sessions(project, "fork", "last", "--json") == 0
    (record,) = records(capfd.readouterr().out)

    (session_id,) = output.out.splitlines()
    assert "starts without a memory" in output.err
    assert output.err.endswith(f"penguiflow run QUESTION --session {session_id} --project-root {project}\n")
    assert record == {
        "v": 1,
        "type": "fork",
        "session_id": record["session_id"],
        "parent_session_id": "tea",  # the fork of a fork that has said nothing yet
        "parent_run_id": "run-of-tea",
        "remembers": False,
    }
    assert listed(project, capfd)[:2] == [record["session_id"], session_id]


def test_a_session_is_forked_at_an_earlier_run(project: Path, capfd: CaptureFd) -> None:
    keep(project, dialogue("tea", run="second"))

    for at in ("run-of-tea", "run-", "last~1"):
        assert sessions(project, "fork", "tea", "--at", at, "--json") == 0

    assert {record["parent_run_id"] for record in records(capfd.readouterr().out)} == {"run-of-tea"}
    newest = in_history(project, lambda store: store.list_sessions(limit=1))[0]
    (event,) = in_history(project, lambda store: store.load_session(newest.session_id))
    assert event.body == SessionForked(parent_session_id="tea", parent_run_id="run-of-tea")


RUNS_MEANT = [
    ("last", ["a1", "a2", "b"], "b"),
    ("last~2", ["a1", "a2", "b"], "a1"),
    ("a1", ["a1", "a10"], "a1"),
    ("b", ["a1", "b2"], "b2"),
]
NO_RUNS = [
    ("a", ["a1", "a2"], "ambiguous_run"),
    ("c", ["a1"], "unknown_run"),
    ("", ["a1"], "unknown_run"),
    ("last~1", ["a1"], "unknown_run"),
    ("last", [], "unknown_run"),
]


@pytest.mark.parametrize(("text", "runs", "meant"), RUNS_MEANT)
def test_a_run_of_the_session_is_found_by_id_beginning_or_place(
    text: str, runs: list[str], meant: str
) -> None:
    assert the_run_meant(text, runs, "session") == meant


@pytest.mark.parametrize(("text", "runs", "code"), NO_RUNS)
def test_a_run_that_is_not_clear_is_refused(text: str, runs: list[str], code: str) -> None:
    with pytest.raises(CommandError) as caught:
        the_run_meant(text, runs, "session")
    assert caught.value.code == code


def drawn(*shown: SessionSummary, width: int = 90) -> list[str]:
    return [plain_text(line) for line in session_table(shown, width=width, now=NOW)]


def test_a_table_fits_its_terminal_and_leaves_out_what_has_no_room() -> None:
    long = replace(SESSION, title="Where " * 40)

    for width in (200, 90, 60, 45, 30):
        lines = drawn(SESSION, long, width=width)
        assert all(len(line) <= max(width, 48) for line in lines)
        assert "SESSION" in lines[0]
        assert "STATE" in lines[0]
    assert "COST" in drawn(SESSION, width=90)[0]
    assert "COST" not in drawn(SESSION, width=60)[0]


def test_columns_that_say_nothing_are_not_there() -> None:
    heading = drawn(SESSION)[0]
    named = drawn(replace(SESSION, name="tea"), replace(SESSION, archived=True))

    assert "NAME" not in heading
    assert "ARCHIVED" not in heading
    assert "NAME" in named[0]
    assert named[2].rstrip().endswith("yes")


def test_a_fork_that_has_said_nothing_is_new_and_says_where_it_comes_from() -> None:
    fork = replace(SESSION, title="", runs=0, cost_usd=None, parent_session_id="tea", parent_run_id="r")

    assert "○ new" in drawn(fork)[1]
    assert "(fork of tea)" in drawn(fork)[1]
    assert "?" not in drawn(fork)[1]


def test_only_ids_that_nobody_chose_are_shortened() -> None:
    other = "01234567ff" + "0" * 22
    chosen = replace(SESSION, session_id="a-job-with-a-name-of-its-own")

    assert shown_ids([SESSION, replace(SESSION, session_id=other), chosen]) == [
        "012345678",
        "01234567f",
        "a-job-with-a-name-of-it…",
    ]


def test_text_from_outside_cannot_change_a_line() -> None:
    hostile = replace(SESSION, title="a\tb\nc\x1b[31m", name="x\ty", session_id="i\td")

    assert len(session_row(hostile).split("\t")) == 9
    assert all("\x1b" not in line for line in drawn(hostile))
    assert all("\n" not in plain_text(line) for line in session_facts(hostile))


def test_a_waiting_archived_fork_is_told_as_that() -> None:
    session = replace(SESSION, state="waiting", archived=True, parent_session_id="p", parent_run_id="r")

    lines = [plain_text(line) for line in session_facts(session)]

    assert "State     ◆ waiting, archived" in lines
    assert "Fork of   p at run r" in lines


def test_a_session_that_waits_is_listed_as_waiting(tmp_path: Path, capfd: CaptureFd) -> None:
    keep(tmp_path, run_of(asked(), person_asked()))
    keep(tmp_path, [event_at(2, answered(), run_id="run-1")])

    assert sessions(tmp_path, "list", "--json") == 0
    assert records(capfd.readouterr().out)[0]["state"] == "done"

"""`penguiflow sessions prune`: nothing goes without a rule and a yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penguiflow.sessions.shelf.pruning import PruneRules
from penguiflow_cli._errors import CommandError
from penguiflow_cli._sessions_prune import PruneOptions, rules_of, seconds
from penguiflow_cli.app import exit_code_of
from tests.fakes.history import answered, asked, person_asked, run_of
from tests.fakes.history_files import in_history, keep

CaptureFd = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        keep(tmp_path, run_of(asked("x" * 40_000), answered(), run_id=f"run-{name}", session_id=name))
    keep(tmp_path, run_of(asked(), person_asked(), run_id="waits", session_id="waiting"))
    return tmp_path


def prune(folder: Path, *arguments: str) -> int:
    return exit_code_of(["sessions", "prune", *arguments, "--project-root", str(folder)])


def left(project: Path) -> list[str]:
    return [each.session_id for each in in_history(project, lambda store: store.list_sessions(archived=None))]


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


TIMES = [("30d", 2_592_000), ("12h", 43_200), ("90m", 5_400), (" 2W ", 1_209_600), ("0s", 0)]


@pytest.mark.parametrize(("text", "expected"), TIMES)
def test_a_time_is_a_number_with_its_unit(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5d", "30 d", "3y", "9999999d", "٣d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is no time"):
        seconds(text)


def test_without_a_rule_nothing_is_meant(project: Path, capfd: CaptureFd) -> None:
    assert prune(project, "--yes") == 2
    assert "nothing says which sessions are meant" in capfd.readouterr().err
    with pytest.raises(CommandError):
        rules_of(PruneOptions(project_root=project, force=True))
    assert rules_of(PruneOptions(project_root=project, archived_only=True)) == PruneRules(archived_only=True)
    assert rules_of(PruneOptions(project_root=project, keep=0)) == PruneRules()


def test_a_look_removes_nothing(project: Path, capfd: CaptureFd) -> None:
    assert prune(project, "--older-than", "1d", "--dry-run") == 0

    output = capfd.readouterr()
    assert [line.split("\t")[0] for line in output.out.splitlines()] == ["two", "one"]
    assert output.err.splitlines() == [
        "Kept: waiting waits for a person (--force removes it).",
        "2 sessions would be removed.",
    ]
    assert left(project) == ["waiting", "two", "one"]


def test_where_nobody_can_be_asked_a_yes_is_needed(project: Path, capfd: CaptureFd) -> None:
    assert prune(project, "--older-than", "1d", "--json") == 2

    spared, error = records(capfd.readouterr().out)
    assert (spared["action"], spared["session_id"], spared["reason"]) == (
        "spared",
        "waiting",
        "waits for a person",
    )
    assert error["code"] == "not_confirmed"
    assert len(left(project)) == 3


def test_with_a_yes_old_sessions_go_and_the_disk_is_freed(project: Path, capfd: CaptureFd) -> None:
    history = project / ".penguiflow" / "history.sqlite3"
    before = history.stat().st_size

    assert prune(project, "--older-than", "1d", "--yes", "--json") == 0

    lines = records(capfd.readouterr().out)
    assert [(line["type"], line.get("action")) for line in lines] == [
        ("prune", "spared"),
        ("prune", "removed"),
        ("prune", "removed"),
        ("pruned", None),
    ]
    assert lines[-1]["removed"] == 2
    assert lines[-1]["freed_bytes"] >= 80_000
    assert before - history.stat().st_size >= 80_000
    assert left(project) == ["waiting"]


def test_by_force_even_a_waiting_session_goes(project: Path, capfd: CaptureFd) -> None:
    assert prune(project, "--older-than", "1d", "--yes", "--force") == 0

    assert "Removed 3 sessions; " in capfd.readouterr().err
    assert left(project) == []


def test_the_newest_are_kept_and_archived_ones_can_be_meant_alone(project: Path, capfd: CaptureFd) -> None:
    assert exit_code_of(["sessions", "archive", "two", "--project-root", str(project)]) == 0

    assert prune(project, "--keep", "3", "--yes") == 0
    assert prune(project, "--archived-only", "--yes") == 0

    assert left(project) == ["waiting", "one"]
    assert "No session is to be removed." in capfd.readouterr().err

"""`penguiflow-admin` over a store that a project brings, in this process and as `python -m`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from penguiflow.admin import main, render_events
from penguiflow.state import StoredEvent

PROJECT = """
from penguiflow.state import StateStore, StoredEvent

class Store(StateStore):
    async def save_event(self, event): ...
    async def save_remote_binding(self, binding): ...
    async def load_history(self, trace_id):
        if trace_id != "t":
            return []
        return [StoredEvent("t", float(n), "node_start", "a", "id", {"n": n}) for n in range(3)]

async def later():
    return Store()

half = type("Half", (), {"save_event": 1})
number = 5
"""


def line(n: int) -> str:
    place = '"node_id": "id", "node_name": "a", "trace_id": "t"'
    return f'{{"event": "node_start", "n": {n}, {place}, "ts": {n}.0}}'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "contract_project.py").write_text(PROJECT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "contract_project", raising=False)
    return "contract_project"


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["history", "t"], [line(0), line(1), line(2)]),
        (["history", "t", "--tail", "1"], [line(2)]),
        (["history", "t", "--tail", "0"], []),
        (["history", "unknown"], []),
        (["replay", "t"], ["# replay trace=t events=3", line(0), line(1), line(2)]),
        (["replay", "t", "--tail", "2", "--delay", "0"], ["# replay trace=t events=2", line(1), line(2)]),
        (["replay", "unknown"], ["# trace unknown has no stored events"]),
    ],
)
@pytest.mark.parametrize("factory", ["Store", "later"])
def test_the_command_prints_what_is_stored(
    words: list[str], printed: list[str], factory: str, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--state-store", f"{project}:{factory}"]) == 0
    assert capsys.readouterr() == ("".join(f"{text}\n" for text in printed), "")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("contract_project", "must be in the form"),
        ("contract_project:number", "not a callable"),
        ("contract_project:half", "load_history"),
        ("contract_project:missing", "missing"),
        ("no_such_module:f", "no_such_module"),
    ],
)
def test_a_failure_is_one_line_on_stderr(
    spec: str, words: str, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "t", "--state-store", spec]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert words in err
    assert err.count("\n") == 1


def test_lines_complete_the_payload_by_what_it_lacks() -> None:
    event = StoredEvent("t", 2.0, "kind", None, None, {"event": "mine", "z": {"b": 1, "a": 2}})
    (text,) = render_events([event])
    assert text == (
        '{"event": "mine", "node_id": null, "node_name": null, "trace_id": "t", "ts": 2.0,'
        ' "z": {"a": 2, "b": 1}}'
    )


@pytest.mark.process
def test_the_module_is_a_program(tmp_path: Path) -> None:
    (tmp_path / "contract_project.py").write_text(PROJECT)
    done = subprocess.run(
        [sys.executable, "-m", "penguiflow.admin", "history", "t", "--state-store", "contract_project:later"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(text)["n"] for text in done.stdout.splitlines()] == [0, 1, 2]

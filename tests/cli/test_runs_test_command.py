"""`penguiflow runs test`: from a run to a test that passes at once and fails when the agent changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.command import penguiflow

pytestmark = pytest.mark.process

WAIT_S = 60

AGENT = """
from penguiflow import ReactPlanner
from penguiflow.catalog import build_catalog, tool
from penguiflow.llm import FunctionLLM
from pydantic import BaseModel


class Wish(BaseModel):
    city: str
    day: str


class Forecast(BaseModel):
    text: str


@tool(desc="Tell the weather")
async def weather(args: Wish, ctx) -> Forecast:
    with open("asked.txt", "a") as file:
        file.write(args.city)
    return Forecast(text="Rain.")


def reply(messages):
    if not any(each["role"] == "assistant" for each in messages):
        return {"next_node": "weather", "args": {"city": "Bergen", "day": "2026-11-28"}}
    return {"next_node": "final_response", "args": {"answer": "It rains."}}


def build_planner(state_store=None):
    client, catalog = FunctionLLM(reply), build_catalog([weather])
    return ReactPlanner(llm_client=client, catalog=catalog, state_store=state_store)
"""


def pytest_in(cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_S,
    )


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose agent was asked once, to be copied."""
    folder = tmp_path_factory.mktemp("asked_once")
    (folder / "forecaster").mkdir()
    (folder / "forecaster" / "__init__.py").touch()
    (folder / "forecaster" / "planner.py").write_text(AGENT)
    asked = penguiflow(folder, "run", "Will it rain?")
    assert asked.stdout == "It rains.\n", asked.stderr
    return folder


@pytest.fixture
def project(asked_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(asked_once, tmp_path / "project")


def test_the_test_passes_at_once_and_runs_no_tool(project: Path) -> None:
    made = penguiflow(project, "runs", "test", "last", "--ignore", "weather.day", "--json")
    (line,) = [json.loads(line) for line in made.stdout.splitlines()]
    assert (made.returncode, made.stderr) == (0, "")
    assert line == {
        "v": 1,
        "type": "test",
        "test": "tests/recorded/test_will_it_rain.py",
        "recording": "tests/recorded/test_will_it_rain.recording.json",
        "cassette": "tests/recorded/test_will_it_rain.cassette.jsonl",
        "model_calls": 2,
        "tool_calls": 1,
        "passed": True,
    }

    done = pytest_in(project)

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert (project / "asked.txt").read_text() == "Bergen"  # by the run, not by the test
    written = (project / line["test"]).read_text()
    assert "VOLATILE_ARGUMENTS = ['weather.day']" in written
    assert "2026-11-28" not in written
    assert str(project) not in written + (project / line["recording"]).read_text()


def test_the_test_fails_when_the_agent_changes(project: Path) -> None:
    assert penguiflow(project, "runs", "test", "last").returncode == 0
    agent = project / "forecaster" / "planner.py"
    agent.write_text(agent.read_text().replace("Tell the weather", "Guess the weather"))

    done = pytest_in(project)

    assert done.returncode == 1
    assert "Tell the weather" in done.stdout
    assert "Guess the weather" in done.stdout


def test_an_agent_that_changed_since_the_run_is_told_when_the_files_are_written(project: Path) -> None:
    agent = project / "forecaster" / "planner.py"
    agent.write_text(agent.read_text().replace("Tell the weather", "Guess the weather"))

    made = penguiflow(project, "runs", "test", "last")

    assert made.returncode == 1
    assert "the replay went another way" in made.stderr


def test_nothing_is_written_over_without_force(project: Path) -> None:
    assert penguiflow(project, "runs", "test", "last", "--name", "rain").returncode == 0
    before = (project / "tests/recorded/test_rain.py").read_bytes()

    again = penguiflow(project, "runs", "test", "last", "--name", "rain")

    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert (project / "tests/recorded/test_rain.py").read_bytes() == before
    assert penguiflow(project, "runs", "test", "last", "--name", "rain", "--force").returncode == 0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--name", "../evil"], "`../evil` is no name of a test"),
        (["--output", "../elsewhere"], "is not in the project"),
        (["--ignore", "weather.town"], "no call of this run has an argument `weather.town`"),
    ],
)
def test_options_that_make_no_sense_are_refused_and_nothing_is_written(
    project: Path, options: list[str], problem: str
) -> None:
    made = penguiflow(project, "runs", "test", "last", *options)

    assert made.returncode == 2
    assert problem in made.stderr
    assert not (project / "tests").exists()

"""`penguiflow run` sends telemetry when the standard variables ask for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import desk_agent
from tests.fakes.otlp_collector import running_collector

pytestmark = pytest.mark.process

PENGUIFLOW = str(Path(sys.executable).with_name("penguiflow"))
DESK = f"{desk_agent.__file__}:build_planner"


def run(cwd: Path, endpoint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PENGUIFLOW, "run", "hello", "--agent", DESK],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
    )


def test_the_spans_of_a_run_reach_the_collector_that_the_environment_names(tmp_path: Path) -> None:
    with running_collector() as collector:
        done = run(tmp_path, collector.endpoint)

    assert (done.returncode, done.stdout) == (0, "Hello, person.\n"), done.stderr
    agents = [span for span in collector.spans if span.name.startswith("invoke_agent")]
    models = [span for span in collector.spans if span.name.startswith("chat")]
    assert len(agents) == 1
    assert [span.parent_id for span in models] == [agents[0].span_id]


def test_a_collector_that_is_down_changes_neither_the_answer_nor_the_exit_code(tmp_path: Path) -> None:
    with running_collector() as collector:
        gone = collector.endpoint

    done = run(tmp_path, gone)

    assert (done.returncode, done.stdout) == (0, "Hello, person.\n")

"""Every benchmark runs and prints its rows; the figures depend on the machine and are not looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

RUNS = {
    "table.py --quick": (
        "sequential hop ",
        "sequential hop, one no-op middleware",
        "pipelined hop ",
        "pipelined hop, typed both ways",
        "pipelined hop, timeout_s set",
        "fan-out to 100 and join",
        "controller self-loop, per round",
        "streamed chunks per second of CPU",
        "memory per parked trace, a flow each",
        "memory per parked trace, in one node",
        "memory per parked trace, queued",
        "cancel one of 1000 traces, executing",
        "cancel one of 1000 traces, queued",
        "`import penguiflow`",
        "first names of a flow",
    ),
    "curves.py --quick": ("traces in flight", "nodes in a row", "largest / least"),
    "soak.py --minutes 0.01 --traces 100": ("nothing lost, nothing twice, nothing left",),
    "history.py --events 3000": ("the store", "bare executemany", "newest sessions", "end of the last run"),
    "planner.py --times 1": ("step   10", "step  200", "ratio"),
    "tools.py --calls 5 --times 1": ("bare client", "ToolNode.call", "ratio"),
    "startup.py --times 1": ("python -c 'import penguiflow'", "penguiflow --help", "first paint"),
}


def run(command: str) -> subprocess.CompletedProcess[str]:
    script, *options = command.split()
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *options], capture_output=True, text=True, timeout=120
    )


@pytest.mark.process
@pytest.mark.parametrize("command", RUNS)
def test_a_benchmark_runs_and_prints_its_rows(command: str) -> None:
    done = run(command)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [row for row in RUNS[command] if row not in done.stdout] == []


@pytest.mark.process
@pytest.mark.parametrize("script", ["hops", "fanout", "loops", "streams", "parked", "cancels", "imports"])
def test_a_script_of_the_table_names_its_options(script: str) -> None:
    done = run(f"{script}.py --help")

    assert done.returncode == 0, done.stderr
    assert "--loop {asyncio,uvloop}" in done.stdout


@pytest.mark.process
def test_a_missing_uvloop_is_named_before_the_work_begins() -> None:
    without_uvloop = "import sys; sys.modules['uvloop'] = None; sys.argv = ['table.py', '--loop', 'uvloop']"
    program = f"{without_uvloop}; sys.path.insert(0, {str(BENCHMARKS)!r}); import table; table.main()"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "pip install uvloop" in done.stderr

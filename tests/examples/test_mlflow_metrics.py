from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "mlflow_metrics" / "flow.py"

ABSENT = "raise ImportError('not installed')\n"

# The three functions of MLflow that the example calls.
PRINTING = """\
from contextlib import contextmanager

@contextmanager
def start_run(run_name):
    print("begin", run_name)
    yield
    print("end")

def set_tag(key, value):
    print(key, value)

def log_metrics(metrics, step):
    assert all(type(value) is float for value in metrics.values())
    print("step", step, "attempt", [value for name, value in metrics.items() if name.endswith("attempt")])
"""

TO_STDOUT = """\
words: 2
0 node_success clean/attempt clean/latency_ms clean/queue_depth_in clean/queue_depth_out \
clean/queue_depth_total clean/trace_cancelled clean/trace_inflight clean/trace_pending
1 node_success count/attempt count/latency_ms count/queue_depth_in count/queue_depth_out \
count/queue_depth_total count/trace_cancelled count/trace_inflight count/trace_pending
"""

TO_MLFLOW = """\
words: 2
begin penguiflow
nodes clean,count
step 0 attempt [0.0]
step 1 attempt [0.0]
end
"""


@pytest.mark.process
@pytest.mark.parametrize(("mlflow", "printed"), [(ABSENT, TO_STDOUT), (PRINTING, TO_MLFLOW)])
def test_metrics_go_to_mlflow_or_else_to_stdout(mlflow: str, printed: str, tmp_path: Path) -> None:
    (tmp_path / "mlflow.py").write_text(mlflow, encoding="utf-8")
    search_path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))

    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": search_path},
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")

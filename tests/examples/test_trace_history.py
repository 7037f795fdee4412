from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "trace_history" / "flow.py"

PRINTED = """\
clean node_start 0
clean node_success 0
save node_start 0
save node_error 0
save node_retry 1
save node_start 1
save node_success 1
"""


@pytest.mark.process
def test_the_stored_history_of_a_trace_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

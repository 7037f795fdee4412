from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "remote_call" / "flow.py"

PRINTED = """\
0: fish
1: for
2: the
3: colony
{'words': 4}
...
local://agent cancels task-1
"""


@pytest.mark.process
def test_the_answer_streams_in_and_a_cancelled_trace_cancels_the_remote_task() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

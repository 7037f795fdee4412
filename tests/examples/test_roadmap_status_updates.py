from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "roadmap_status_updates" / "flow.py"
EXPECTED = """\
[1/2] search the logs
[2/2] compare the releases
search the logs: done. compare the releases: done.
"""


@pytest.mark.process
def test_each_step_is_told_before_the_answer() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

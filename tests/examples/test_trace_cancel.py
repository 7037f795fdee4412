from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "trace_cancel" / "flow.py"
EXPECTED = """\
spare: research begins
doomed: research begins
cancel doomed: True
doomed: research was cancelled and cleans up
spare: report written
cancel doomed again: False
"""


@pytest.mark.process
def test_a_cancelled_trace_ends_in_its_playbook_and_the_other_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

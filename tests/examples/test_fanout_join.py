from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "fanout_join" / "flow.py"


@pytest.mark.process
def test_the_join_sums_up_what_all_experts_say() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    expected = "legal says no; sales says yes; security says maybe\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

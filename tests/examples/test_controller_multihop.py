from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "controller_multihop" / "flow.py"
EXPECTED = """\
hop 0: look up capital of Chile
hop 1: look up Mapocho
hop 2: look up Maipo
hop 3: nothing left to look up
budget 8: the Maipo reaches the Pacific (3 citations)
hop 0: look up capital of Chile
hop 1: look up Mapocho
budget 2: Hop budget exhausted (0 citations)
"""


@pytest.mark.process
def test_the_controller_answers_or_uses_up_its_budget() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

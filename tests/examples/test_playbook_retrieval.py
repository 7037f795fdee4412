from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "playbook_retrieval" / "flow.py"
EXPECTED = """\
krill ice -> PENGUINS DIVE FOR KRILL; KRILL SWARMS FOLLOW THE ICE EDGE
same trace: True
"""


@pytest.mark.process
def test_the_playbook_answers_in_the_trace_of_its_caller() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

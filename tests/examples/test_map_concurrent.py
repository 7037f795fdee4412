from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "map_concurrent" / "flow.py"


@pytest.mark.process
def test_the_documents_are_enriched_in_their_order_three_at_a_time() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    expected = "OX, GNU, LYNX, TIGER, WALRUS, PENGUIN\nat most 3 at a time\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

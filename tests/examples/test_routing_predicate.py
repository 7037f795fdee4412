from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "routing_predicate" / "flow.py"


@pytest.mark.process
def test_the_predicate_router_pages_for_urgent_tickets_and_queues_the_others() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    expected = "queued: printer is slow\npaged: building is on fire\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

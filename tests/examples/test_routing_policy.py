from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "routing_policy" / "flow.py"


@pytest.mark.process
def test_the_policy_overrides_the_router_and_is_replaced_while_the_flow_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    expected = "acme: careful\nglobex: fast\ninitech: fast\numbrella: careful\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "testkit_demo" / "flow.py"

PRINTED = """\
result: prices of fish
  fetch_prices attempt 0: node_start
  fetch_prices attempt 0: node_error
  fetch_prices attempt 1: node_retry
  fetch_prices attempt 1: node_start
  fetch_prices attempt 1: node_success
  render attempt 0: node_start
  render attempt 0: node_success
failures: 1 of 2 calls
envelope kept: demo acme
trace `demo` took another way
expected: ['render', 'fetch_prices']
  actual: ['fetch_prices', 'render']
"""


@pytest.mark.process
def test_the_testkit_demo_prints_what_it_recorded() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "reliability_middleware" / "flow.py"

PRINTED = """\
search attempt 0: node_start
search attempt 0: node_timeout
search attempt 1: node_retry in 0.01 s
search attempt 1: node_start
search attempt 1: node_success
rank attempt 0: node_start
rank attempt 0: node_error, ConnectionError('the ranking service is restarting')
rank attempt 1: node_retry in 0.01 s
rank attempt 1: node_start
rank attempt 1: node_error, ConnectionError('the ranking service is restarting')
rank attempt 2: node_retry in 0.02 s
rank attempt 2: node_start
rank attempt 2: node_success
result: ['squid', 'krill', 'herring']
"""


@pytest.mark.process
def test_the_middleware_tells_a_timeout_an_error_and_their_retries() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

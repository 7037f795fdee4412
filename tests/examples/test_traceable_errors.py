from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "traceable_errors" / "flow.py"

PRINTED = """\
[NODE_EXCEPTION] Node 'load_account' raised LookupError: no account 42 trace=t-1 node=load_account
  code=NODE_EXCEPTION node=load_account trace=t-1
  attempts=2 cause=LookupError
[NODE_TIMEOUT] Node 'ask_bank' timed out after 0.02s trace=t-2 node=ask_bank
  code=NODE_TIMEOUT node=ask_bank trace=t-2
  attempts=1 cause=TimeoutError
"""


@pytest.mark.process
def test_errors_come_out_with_their_trace_and_cause() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

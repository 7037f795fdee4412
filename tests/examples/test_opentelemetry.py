from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "opentelemetry" / "main.py"
EXPECTED = """\
invoke_agent tea shop penguiflow.run.outcome=answered
  chat scripted gen_ai.provider.name=unknown
  execute_tool look gen_ai.tool.call.id=call_1 error.type=LookupError
  chat scripted gen_ai.provider.name=unknown
  execute_tool look gen_ai.tool.call.id=call_2
  chat scripted gen_ai.provider.name=unknown
"""


@pytest.mark.process
def test_the_run_is_printed_as_a_tree_of_spans() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "toolnode_utcp_echo" / "echo.py"

PRINTED = """\
demo.echo: Say the same again.
{'result': {'echo': {'fish': 'cod', 'weight_kg': 2.5}}}
"""


@pytest.mark.process
def test_a_tool_of_a_utcp_manual_is_called_and_its_result_keeps_its_types() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

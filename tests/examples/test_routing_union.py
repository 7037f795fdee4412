from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "routing_union" / "flow.py"


@pytest.mark.process
def test_the_union_router_answers_each_variant_by_its_own_node() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    expected = "pages about penguins\nrows of SELECT 1\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "toolnode_http" / "main.py"
PRINTED = """\
Fishmonger 2, described by OpenAPI 3.1.0
shop.order: Order fish, takes fish, count
{'result': {'fish': 'krill', 'count': 12}}
`order` failed with status 400 Bad Request: so much fish is not in the sea
"""


@pytest.mark.process
def test_the_example_orders_fish() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "metadata_propagation" / "flow.py"
EXPECTED = """\
AHOY {'user': 'ada', 'request': 'acme-4', 'cost': 2.0, 'style': 'loud'}
ahoy {'user': 'ada', 'request': 'acme-4', 'cost': 2.0, 'style': 'quiet'}
"""


@pytest.mark.process
def test_notes_travel_with_their_message_and_stay_in_their_branch() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

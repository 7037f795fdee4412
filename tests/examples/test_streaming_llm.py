from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "streaming_llm" / "flow.py"
EXPECTED = (
    "event: chunk\n"
    "id: 0\n"
    "data: You \n"
    "\n"
    "event: chunk\n"
    "id: 1\n"
    "data: asked: \n"
    "\n"
    "event: chunk\n"
    "id: 2\n"
    "data: do \n"
    "\n"
    "event: chunk\n"
    "id: 3\n"
    "data: penguins \n"
    "\n"
    "event: chunk\n"
    "id: 4\n"
    "data: fly? \n"
    "\n"
    "event: done\n"
    "id: 5\n"
    "data: \n"
    'data: {"model": "mock"}\n'
    "\n"
)


@pytest.mark.process
def test_the_model_speaks_in_server_sent_events() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "status_roadmap_flow" / "flow.py"
EXPECTED = """\
{"stream_id": "request-1", "seq": 0, "text": "routed to bug", "done": false, "meta": {"kind": "status"}}
{"stream_id": "request-1", "seq": 1, "text": "read the log", "done": false, "meta": {"kind": "status"}}
{"stream_id": "request-1", "seq": 2, "text": "name the suspect", "done": false, "meta": {"kind": "status"}}
{"stream_id": "request-1", "seq": 3, "text": "", "done": true, "meta": {"kind": "status"}}
{"kind":"response","branch":"bug","text":"2 steps for: the upload crashes"}
"""


@pytest.mark.process
def test_statuses_go_out_as_frames_before_the_response() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, EXPECTED, "")

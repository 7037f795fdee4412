"""The planner's examples print what they promise."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

OUTPUT = {
    "react_minimal": """\
1. I need documents about the topic.
   search_docs {"text": "routing"} -> {"titles": ["routing: overview", "routing: examples"]}
2. Two documents are enough for a summary.
   summarize {"titles": ["routing: overview", "routing: examples"]} -> \
{"text": "2 documents, first `routing: overview`"}
Routing is covered by 2 documents; start with the overview.
""",
    "react_pause_resume": """\
waiting: approval_required, send_mail {'to': 'ann@example.org', 'text': 'we are late'}
sent so far: []
sent: ['ann@example.org: we arrive at nine']
Ann knows.
a token works once: no run waits under token
""",
}


@pytest.mark.parametrize("name", OUTPUT)
def test_the_example_prints_what_it_promises(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES / name / "main.py"
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out == OUTPUT[name]
    assert len(path.read_text().splitlines()) < 80

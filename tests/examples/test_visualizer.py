from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "visualizer" / "flow.py"

MARKDOWN = """\
# Topology

```mermaid
graph LR
    OpenSea["OpenSea"]
    triage["triage"]
    plan["plan"]
    retrieve__playbook_["retrieve (playbook)"]
    answer["answer"]
    Rookery["Rookery"]
    classDef controller_loop fill:#fef3c7,stroke:#b45309,stroke-width:1px
    classDef endpoint fill:#e0f2fe,stroke:#0369a1,stroke-width:1px
    class OpenSea endpoint
    class plan controller_loop
    class Rookery endpoint
    OpenSea -->|ingress| triage
    triage --> plan
    triage --> retrieve__playbook_
    plan -->|loop| plan
    plan --> answer
    retrieve__playbook_ --> answer
    answer -->|egress| Rookery
```
"""

DOT = """\
digraph PenguiFlow {
    rankdir=LR
    node [shape=box, style=rounded]
    OpenSea [label="OpenSea", shape=oval, style=filled, fillcolor="#e0f2fe"]
    triage [label="triage"]
    plan [label="plan", style="rounded,filled", fillcolor="#fef3c7"]
    retrieve__playbook_ [label="retrieve (playbook)"]
    answer [label="answer"]
    Rookery [label="Rookery", shape=oval, style=filled, fillcolor="#e0f2fe"]
    OpenSea -> triage [label="ingress"]
    triage -> plan
    triage -> retrieve__playbook_
    plan -> plan [label="loop"]
    plan -> answer
    retrieve__playbook_ -> answer
    answer -> Rookery [label="egress"]
}
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.process
def test_the_visualizer_prints_markdown_and_dot() -> None:
    done = run()

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{MARKDOWN}\n{DOT}\n", "")


@pytest.mark.process
def test_the_visualizer_writes_both_into_a_folder(tmp_path: Path) -> None:
    done = run(str(tmp_path))

    assert (done.returncode, done.stdout) == (0, "wrote topology.md\nwrote topology.dot\n")
    assert (tmp_path / "topology.md").read_text(encoding="utf-8") == MARKDOWN
    assert (tmp_path / "topology.dot").read_text(encoding="utf-8") == DOT

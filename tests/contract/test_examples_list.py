"""The examples that the project's first description lists: each folder is there, and its program is small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

LISTED = [
    *("quickstart", "routing_predicate", "routing_union", "fanout_join", "map_concurrent"),
    *("controller_multihop", "reliability_middleware", "mlflow_metrics", "playbook_retrieval"),
    *("trace_cancel", "streaming_llm", "metadata_propagation", "visualizer", "roadmap_status_updates"),
    *("status_roadmap_flow", "routing_policy", "traceable_errors", "testkit_demo"),
]


@pytest.mark.parametrize("name", LISTED)
def test_the_example_is_one_small_program_with_a_test_of_its_output(name: str) -> None:
    program = ROOT / "examples" / name / "flow.py"
    text = program.read_text(encoding="utf-8")

    assert len(text.splitlines()) < 80
    assert ast.get_docstring(ast.parse(text))
    assert (ROOT / "tests" / "examples" / f"test_{name}.py").is_file()

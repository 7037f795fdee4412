"""What `import penguiflow` costs and offers, seen from a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import penguiflow

HEAVY = (
    "penguiflow.planner",
    "penguiflow.llm",
    "penguiflow.tools",
    "penguiflow.sessions",
    "penguiflow.catalog",
    "penguiflow.state",
    "litellm",
    "fastmcp",
    "textual",
    "typer",
    "rich",
    "httpx",
    "anyio",
    "yaml",
    "sqlite3",
)

PYDANTIC = {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}


def loaded_by(statement: str) -> set[str]:
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.process
def test_importing_the_library_loads_nothing_but_itself() -> None:
    loaded = loaded_by("import penguiflow") - loaded_by("pass")

    assert {name for name in loaded if name.startswith("penguiflow")} == {"penguiflow", "penguiflow._version"}
    assert "pydantic" not in loaded


@pytest.mark.process
def test_the_runtime_loads_pydantic_and_nothing_else_heavy() -> None:
    loaded = loaded_by("from penguiflow import Headers, Message, Node, create") - loaded_by("pass")

    packages = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names
    foreign = {name for name in packages if not name.startswith("_sysconfigdata")}
    assert foreign <= PYDANTIC | {"penguiflow"}
    assert not loaded & set(HEAVY)


@pytest.mark.process
def test_a_name_loads_only_what_it_needs() -> None:
    loaded = loaded_by("import penguiflow; penguiflow.tool")

    assert "penguiflow.catalog" in loaded
    assert "penguiflow.planner" not in loaded


def test_submodules_are_attributes_without_an_import_of_their_own() -> None:
    assert penguiflow.core.create is penguiflow.create
    assert penguiflow.testkit.run_one


def test_every_public_name_exists() -> None:
    missing = [name for name in penguiflow.__all__ if not hasattr(penguiflow, name)]

    assert missing == []
    assert set(penguiflow.__all__) <= set(dir(penguiflow))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute `nonsense`"):
        _ = penguiflow.nonsense

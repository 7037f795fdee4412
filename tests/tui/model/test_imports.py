"""What importing the model costs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.process
@pytest.mark.parametrize("module", ["penguiflow_tui", "penguiflow_tui.model"])
def test_importing_it_loads_no_terminal_library(module: str) -> None:
    program = (
        f"import sys, {module}; print(sorted({{'textual', 'rich', 'litellm', 'fastmcp'}} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "[]"

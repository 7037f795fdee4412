"""The programs of the README run as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def _program(holding: str) -> str:
    (program,) = [text for text in PROGRAMS if holding in text]
    return program


@pytest.mark.process
def test_the_flow_of_the_readme_prints_the_topic() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _program("asyncio.run(main())")], capture_output=True, text=True, timeout=30
    )

    assert (done.stdout, done.stderr) == ("metrics\n", "")


@pytest.mark.process
def test_the_agent_of_the_readme_is_found_in_its_folder(tmp_path: Path) -> None:
    package = tmp_path / "my_agent"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "planner.py").write_text(_program("def build_planner"), encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-m", "penguiflow_cli", "run", "order three sledges"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environment,
    )

    assert done.returncode == 5, done.stderr
    assert "OPENAI_API_KEY" in done.stderr

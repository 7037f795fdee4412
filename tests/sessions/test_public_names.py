"""What `penguiflow.sessions` offers, and that offering it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import penguiflow.sessions


@pytest.mark.parametrize("name", penguiflow.sessions.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(penguiflow.sessions, name) is not None


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="`Sesion`"):
        _ = penguiflow.sessions.Sesion


@pytest.mark.process
def test_the_packages_load_nothing_before_a_name_is_used() -> None:
    code = (
        "import sys, penguiflow.sessions, penguiflow.state\n"
        "print([name for name in ('sqlite3', 'litellm', 'fastmcp', 'penguiflow.planner.react') "
        "if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )

    assert done.stdout.strip() == "[]"

"""What costs nothing when it is not used, and says what is missing when it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORTS = """
import sys
import penguiflow.sessions
from penguiflow.sessions import AgentSession
import penguiflow.sessions.projections.otel_environment
import penguiflow.sessions.projections.otel_spans
packages = ("opentelemetry", "google.protobuf", "requests")
print(sorted(name for name in sys.modules if name.startswith(packages)))
"""

WITHOUT = """
import asyncio, os, sys
from importlib.machinery import PathFinder

class Missing(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return None

sys.meta_path.insert(0, Missing)
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4318"

from penguiflow.sessions.projections.otel_environment import telemetry_from_environment
print(telemetry_from_environment(None))
try:
    import penguiflow.sessions.projections.otel
except ImportError as error:
    print(error)
"""


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.process
def test_sessions_import_nothing_of_opentelemetry() -> None:
    assert printed(IMPORTS) == "[]\n"


@pytest.mark.process
def test_without_the_package_nothing_is_followed_and_the_error_says_what_to_install() -> None:
    followed, error = printed(WITHOUT).splitlines()

    assert followed == "None"
    assert error.startswith("telemetry needs a package that is not installed")
    assert error.endswith("pip install 'penguiflow[otel]'")

"""The installed command, run as a script runs it: pipes, an exit code, no terminal and no key of a model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PENGUIFLOW = str(Path(sys.executable).with_name("penguiflow"))
_WAIT_S = 60


def penguiflow(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PENGUIFLOW, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=_WAIT_S,
        stdin=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"},
    )

"""Records `stored/history_vN.sqlite3` for the present version N of a history file.

    python -m tests.state.record_history

Runs the command line with the bundled agent: a calculation, a note that is approved, and a note that waits.
Do it once for each version, before it is released, and never again: what it proves is that files of that time
are still read.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from penguiflow.state._sqlite_tables import SCHEMA_VERSION

STORED = Path(__file__).with_name("stored")


def penguiflow(project: Path, *arguments: str) -> str:
    """Run the command line and return what it wrote."""
    command = (sys.executable, "-m", "penguiflow_cli", "run", *arguments)
    done = subprocess.run(
        (*command, "--agent", "demo", "--project-root", str(project)), capture_output=True, text=True
    )
    if done.returncode not in (0, 4):
        raise SystemExit(done.stderr)
    return done.stdout + done.stderr


def record(project: Path) -> Path:
    """Let a history come about and return its file, with everything in it."""
    penguiflow(project, "what is 12 * (3 + 4)?")
    waiting = penguiflow(project, "calculate 6*7 and save the result as a note")
    token = re.findall(r"Resume token: (\w+)", waiting)[0]
    penguiflow(project, "--resume", token, "--input", "approve")
    penguiflow(project, "save a note: buy fish")
    history = project / ".penguiflow" / "history.sqlite3"
    with closing(sqlite3.connect(history)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = history.read_bytes()
    if str(project).encode() in content or str(Path.home()).encode() in content:
        raise SystemExit("the history names folders of this machine")
    return history


def main() -> None:
    target = STORED / f"history_v{SCHEMA_VERSION}.sqlite3"
    with tempfile.TemporaryDirectory() as project:
        shutil.copyfile(record(Path(project)), target)
    sys.stdout.write(f"{target.name}: {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()

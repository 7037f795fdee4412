"""How fast the command line starts, as ratios to importing Textual in the same run.

    python benchmarks/startup.py [--times 7]

Prints, per start, CPU seconds of the whole process (all threads) and wall time until it was done or, for
the workbench, until its first frame stood in a pseudo-terminal. The starts take turns, so that a busy
moment of the machine falls on all of them alike; medians and minima are over the turns.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import shutil
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from processes import Cost, run_to_end

BASELINE = "python -c 'import textual.app'"
_PAINT_WAIT_S = 30.0
_QUIET_S = 0.05
_PAINTED = b"Ask"
"""A text of the first frame, where a person starts to type."""


Start: TypeAlias = Callable[[], Cost]


def first_paint(command: list[str]) -> Cost:
    """Start a full-screen program in a pseudo-terminal and stop it when its first frame is there."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color"})
        try:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            read_until_painted(terminal)
            wall = time.perf_counter() - began
            cpu_ms = cpu_ms_of(pid)
        finally:
            os.kill(pid, signal.SIGTERM)
            drain(terminal)
            os.waitpid(pid, 0)
            os.close(terminal)
    return Cost(cpu_ms=cpu_ms, wall_ms=wall * 1e3)


def read_until_painted(terminal: int) -> None:
    """Read what the program draws until its first frame has come."""
    seen = b""
    deadline = time.monotonic() + _PAINT_WAIT_S
    while _PAINTED not in seen:
        if time.monotonic() > deadline:
            raise SystemExit(
                f"no first frame within {_PAINT_WAIT_S:.0f} s; the terminal got: {seen[-500:]!r}"
            )
        if select.select([terminal], [], [], _QUIET_S)[0]:
            seen += os.read(terminal, 65536)


def drain(terminal: int) -> None:
    """Read until the program closes the terminal, so that it never waits for us to read."""
    while True:
        try:
            if not os.read(terminal, 65536):
                return
        except OSError:  # Linux answers EIO when the last process has left the terminal
            return


def cpu_ms_of(pid: int) -> float:
    """Return the CPU time a running process has used so far, without its children (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") * 1e3


def measure(starts: Mapping[str, Start], times: int) -> dict[str, list[Cost]]:
    """Run each start once unmeasured, then all in turn, `times` times over."""
    for start in starts.values():
        start()  # writes the byte code files and warms the disk cache
    costs: dict[str, list[Cost]] = {name: [] for name in starts}
    for _ in range(times):
        for name, start in starts.items():
            costs[name].append(start())
    return costs


def table(costs: Mapping[str, list[Cost]]) -> str:
    """Return the costs as text, one line per start."""
    base = statistics.median(cost.cpu_ms for cost in costs[BASELINE])
    lines = [f"{'':34}{'CPU ms':>8}{'least':>8}{'wall ms':>9}{'least':>8}{'CPU / textual':>15}"]
    for name, taken in costs.items():
        cpu = [cost.cpu_ms for cost in taken]
        wall = [cost.wall_ms for cost in taken]
        lines.append(
            f"{name:34}{statistics.median(cpu):>8.0f}{min(cpu):>8.0f}"
            f"{statistics.median(wall):>9.0f}{min(wall):>8.0f}{statistics.median(cpu) / base:>15.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--times", type=int, default=7, help="how often each start is measured")
    times = options.parse_args().times
    beside_python = Path(sys.executable).with_name("penguiflow")
    penguiflow = str(beside_python) if beside_python.exists() else shutil.which("penguiflow")
    if penguiflow is None:
        raise SystemExit("`penguiflow` is not installed in this environment: pip install -e '.[all]'")
    starts: dict[str, Start] = {
        "python -c pass": lambda: run_to_end([sys.executable, "-c", "pass"]),
        BASELINE: lambda: run_to_end([sys.executable, "-c", "import textual.app"]),
        "python -c 'import penguiflow'": lambda: run_to_end([sys.executable, "-c", "import penguiflow"]),
        "penguiflow --help": lambda: run_to_end([penguiflow, "--help"]),
        "penguiflow tui (first paint)": lambda: first_paint([penguiflow, "tui", "--agent", "demo"]),
    }
    print(table(measure(starts, times)))


if __name__ == "__main__":
    main()

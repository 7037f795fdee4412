"""What a command costs from its start to its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one start took, in milliseconds; the CPU time is that of all threads."""

    cpu_ms: float
    wall_ms: float


def run_to_end(command: Sequence[str]) -> Cost:
    """Run a command and wait for it."""
    began = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"`{' '.join(command)}` ended with {process.returncode}")
    return Cost(cpu_ms=(used.ru_utime + used.ru_stime) * 1e3, wall_ms=wall * 1e3)

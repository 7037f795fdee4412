"""The installed command at a terminal: a person sees what it writes to stderr and types answers."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.command import PENGUIFLOW

_WAIT_S = 60.0
CTRL_C = "\x03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """How the command ended, what it wrote to stdout, and what the person saw besides."""

    code: int
    stdout: str
    seen: str


def typed(cwd: Path, *arguments: str, answers: Sequence[tuple[str, str]]) -> Typed:
    """Run a command; each answer is typed when the text before it is seen."""
    person, command = pty.openpty()
    # A session of its own whose terminal is the pseudo terminal, so that Ctrl+C reaches the command alone.
    process = subprocess.Popen(
        [PENGUIFLOW, *arguments],
        cwd=cwd,
        stdin=command,
        stdout=subprocess.PIPE,
        stderr=command,
        text=True,
        start_new_session=True,
    )
    os.close(command)
    try:
        seen = _converse(person, process, answers)
        stdout, _ = process.communicate(timeout=_WAIT_S)
    finally:
        process.kill()
        process.wait(_WAIT_S)
        os.close(person)
    return Typed(code=process.returncode, stdout=stdout, seen=seen.replace("\r\n", "\n"))


def _converse(person: int, process: subprocess.Popen[str], answers: Sequence[tuple[str, str]]) -> str:
    seen, told, waiting = "", 0, list(answers)
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        ready, _, _ = select.select([person], [], [], 0.1)
        if ready:
            try:
                piece = os.read(person, 65536).decode(errors="replace")
            except OSError:  # Linux says so when nobody has the terminal open any more
                return seen
            if not piece:
                return seen
            seen += piece
        elif process.poll() is not None:
            return seen
        while waiting and (at := seen.find(waiting[0][0], told)) >= 0:
            told = at + len(waiting[0][0])
            _type(person, process, waiting.pop(0)[1])
    raise AssertionError(f"the command did not end; seen: {seen}")


def _type(person: int, process: subprocess.Popen[str], answer: str) -> None:
    if answer == CTRL_C:
        process.send_signal(signal.SIGINT)  # as the terminal does to the command in front of it
    else:
        os.write(person, answer.encode() + b"\n")

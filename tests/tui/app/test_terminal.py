"""The real terminal: what is written to it, and that it comes back as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[3]
LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"
MOUSE_OFF = b"\x1b[?1000l"
WAIT_S = 15.0


def _environment() -> dict[str, str]:
    # These two name the size of another terminal, that of the test run.
    return {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}


class Terminal:
    """A process on a pseudo-terminal of 120 columns and 40 lines."""

    def __init__(self, folder: Path, what: str) -> None:
        self._side, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.settings = termios.tcgetattr(theirs)
        self._theirs = theirs
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("bench_process.py")), str(folder), what],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=ROOT,
            env={**_environment(), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
            start_new_session=True,
        )
        self.written = b""

    def until(self, text: bytes) -> None:
        end = monotonic() + WAIT_S
        while text not in self.written:
            assert monotonic() < end, f"{text!r} did not come in {WAIT_S} s"
            self._read(0.1)

    def press(self, keys: bytes) -> None:
        os.write(self._side, keys)

    def ended(self) -> int:
        end = monotonic() + WAIT_S
        while self.process.poll() is None:
            assert monotonic() < end, f"the process did not end in {WAIT_S} s"
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.returncode

    @property
    def is_restored(self) -> bool:
        return (
            self.written.rfind(LEFT_ALTERNATE_SCREEN) > self.written.rfind(b"\x1b[?1049h")
            and self.written.rfind(MOUSE_OFF) > self.written.rfind(b"\x1b[?1000h")
            and termios.tcgetattr(self._theirs) == self.settings
        )

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._side)
        os.close(self._theirs)

    def _read(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._side], [], [], timeout_s)
        if ready:
            self.written += os.read(self._side, 65_536)
        return bool(ready)


@pytest.fixture
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, getattr(request, "param", "nothing"))
    yield opened
    opened.close()


def test_ctrl_q_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.until(b"Ask demo something")
    terminal.press(b"\x11")
    assert terminal.ended() == 0
    assert terminal.is_restored
    assert terminal.written.rstrip().endswith(b"CLOSED=True")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order(terminal: Terminal, number: signal.Signals) -> None:
    terminal.until(b"Ask demo something")
    terminal.process.send_signal(number)
    assert terminal.ended() == 128 + number
    assert terminal.is_restored
    assert b"CLOSED=True" in terminal.written


@pytest.mark.parametrize("terminal", ["crashes"], indirect=True)
def test_a_crash_leaves_a_report_without_locals_and_a_failing_exit_code(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.until(b"Ask demo something")
    terminal.press(b"x\r")
    assert terminal.ended() == 1
    assert terminal.is_restored
    (report,) = tmp_path.glob("*.txt")
    assert "the screen fails over 12 letters" in report.read_text()
    assert "local-secret" not in report.read_text()
    after = terminal.written[terminal.written.rfind(LEFT_ALTERNATE_SCREEN) :]
    assert str(report).encode() in after.replace(b"\r\n", b"")
    assert b"Traceback" not in after
    assert b"local-secret" not in terminal.written


@pytest.mark.parametrize("terminal", ["prints"], indirect=True)
def test_nothing_that_is_printed_reaches_the_screen_but_the_event_log(terminal: Terminal) -> None:
    terminal.until(b"Ask demo something")
    terminal.press(b"x\r")
    for text in ("PRINTED", "LOGGED", "FROM C"):
        terminal.until(text.encode())
    terminal.press(b"\x11")
    assert terminal.ended() == 0
    assert "PRINTED ␛[31m".encode() in terminal.written
    assert b"\x1b]0;FROM C" not in terminal.written


def test_without_a_terminal_it_says_so_and_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("bench_process.py")), str(tmp_path), "nothing"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=WAIT_S,
        check=False,
    )
    assert ended.returncode != 0
    assert b"NoTerminalError: the workbench needs a terminal" in ended.stderr
    assert ended.stdout == b""

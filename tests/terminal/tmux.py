"""A real terminal for tests: one tmux server per test, driven by keys and read as a person reads it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

DEFAULT_WAIT_S = 10.0
_POLL_S = 0.05
_PRESS_AGAIN_S = 1.0
_PROMPT = "ready$ "


class TerminalTimeoutError(AssertionError):
    """The screen did not come to show what was awaited; the message holds the last screen."""


class Terminal:
    """A shell in a terminal of its own. Use as a context manager; it ends its tmux server at exit."""

    def __init__(
        self, cwd: Path, *, env: Mapping[str, str] | None = None, columns: int = 120, rows: int = 40
    ) -> None:
        self._cwd = cwd
        self._env = dict(env or {})
        self._size = (columns, rows)
        # A folder of its own and a short one: tmux leaves the socket behind, and its path has a limit.
        self._folder = TemporaryDirectory(prefix="terminal-")

    def __enter__(self) -> Self:
        columns, rows = self._size
        # No start-up files: the shell is the same on every machine.
        shell = ["env", "-u", "TMUX", *(f"{key}={value}" for key, value in self._env.items())]
        shell += [f"PS1={_PROMPT}", "PROMPT_COMMAND=", "HISTFILE=", "bash", "--norc", "--noprofile", "-i"]
        self._tmux(
            *("-f", os.devnull, "new-session", "-d", "-s", "main", "-x", str(columns), "-y", str(rows)),
            *("-c", str(self._cwd), shlex.join(shell)),
        )
        self.wait_for(_PROMPT.strip())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tmux("kill-server", check=False)
        self._folder.cleanup()

    def type(self, text: str) -> None:
        """Type text as it stands, without Enter."""
        self._tmux("send-keys", "-t", "main", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys by their tmux names: `Enter`, `C-c`, `Escape`, `Down`."""
        self._tmux("send-keys", "-t", "main", *keys)

    def press_until(self, key: str, text: str, *, timeout_s: float = DEFAULT_WAIT_S) -> str:
        """Press a key, again every now and then, until `text` is visible: for what ignores early keys.

        Only for a key that does nothing once `text` is there.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            self.press(key)
            try:
                return self.wait_for(text, timeout_s=_PRESS_AGAIN_S)
            except TerminalTimeoutError:
                if time.monotonic() > deadline:
                    raise

    def run(self, *command: str) -> None:
        """Type a command line and press Enter."""
        self.type(shlex.join(command))
        self.press("Enter")

    def screen(self) -> str:
        """Return what is visible now, lines without trailing blanks."""
        return self._tmux("capture-pane", "-t", "main", "-p")

    def wait_for(self, text: str, *, timeout_s: float = DEFAULT_WAIT_S) -> str:
        """Wait until `text` is visible, and return the screen."""
        return self.wait_until(lambda screen: text in screen, f"`{text}` to appear", timeout_s=timeout_s)

    def wait_gone(self, text: str, *, timeout_s: float = DEFAULT_WAIT_S) -> str:
        """Wait until `text` is no longer visible, and return the screen."""
        return self.wait_until(lambda screen: text not in screen, f"`{text}` to go", timeout_s=timeout_s)

    def wait_for_prompt(self, *, timeout_s: float = DEFAULT_WAIT_S) -> str:
        """Wait until the last line written is an empty shell prompt."""
        return self.wait_until(
            lambda screen: screen.rstrip().splitlines()[-1:] == [_PROMPT.strip()],
            "the shell prompt",
            timeout_s=timeout_s,
        )

    def wait_until(
        self, shown: Callable[[str], bool], awaited: str, *, timeout_s: float = DEFAULT_WAIT_S
    ) -> str:
        """Wait until `shown(screen)` holds.

        Raises:
            TerminalTimeoutError: it did not within `timeout_s`; the message shows the screen.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            screen = self.screen()
            if shown(screen):
                return screen
            if time.monotonic() > deadline:
                raise TerminalTimeoutError(
                    f"waited {timeout_s:.0f} s for {awaited}; the screen shows:\n{screen}"
                )
            time.sleep(_POLL_S)

    @property
    def in_alternate_screen(self) -> bool:
        """Whether a full-screen program holds the screen."""
        return self._asks("alternate_on")

    @property
    def cursor_shown(self) -> bool:
        """Whether the cursor is visible."""
        return self._asks("cursor_flag")

    @property
    def mouse_reported(self) -> bool:
        """Whether the terminal still reports the mouse to a program."""
        return self._asks("mouse_any_flag")

    @property
    def shell_pid(self) -> int:
        """The process id of the shell."""
        return int(self._tmux("display-message", "-p", "-t", "main", "#{pane_pid}"))

    def descendants(self) -> dict[int, str]:
        """Return the command lines of all processes below the shell, by process id."""
        return descendants(self.shell_pid)

    def _asks(self, flag: str) -> bool:
        return self._tmux("display-message", "-p", "-t", "main", f"#{{{flag}}}").strip() == "1"

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-S", f"{self._folder.name}/socket", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEFAULT_WAIT_S,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"tmux {shlex.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout


def tmux_missing() -> str | None:
    """Return why real-terminal tests cannot run here, `None` when they can (or must: on CI)."""
    if shutil.which("tmux") or os.environ.get("CI"):
        return None
    return "tmux is not installed; on CI this is a failure"


def descendants(pid: int) -> dict[int, str]:
    """Return the command lines of all living processes below `pid`, by process id."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    children: dict[int, list[tuple[int, str]]] = {}
    for line in listed.splitlines():
        child, parent, state, args = line.split(None, 3)
        if not state.startswith("Z"):
            children.setdefault(int(parent), []).append((int(child), args))
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for child, args in children.get(waiting.pop(), []):
            found[child] = args
            waiting.append(child)
    return found

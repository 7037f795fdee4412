"""One file that only its owner can read, replaced whole, by one process at a time. Blocking."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Generator
from pathlib import Path

from penguiflow.tools.errors import ToolAuthError

if sys.platform != "win32":
    import fcntl

_OTHERS = 0o077
_OTHERS_WRITE = 0o022
_MAX_BYTES = 50_000_000
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class PrivateFile:
    """A file of mode 0600 and its two locks: one for a change, one for a turn of several changes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def content(self) -> bytes | None:
        """Return what is in the file; None when there is none.

        Raises:
            ToolAuthError: others can read or change it, or it cannot be read.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | _NO_FOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable("cannot be read", error) from error
        with os.fdopen(descriptor, "rb") as file:
            self._check(os.fstat(descriptor))
            return file.read(_MAX_BYTES)

    def replace(self, content: bytes) -> None:
        """Put `content` in the place of the file; after a crash there is the old one or the new one.

        Raises:
            ToolAuthError: it cannot be written, or others could replace it.
        """
        self._make_folder()
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            part.unlink(missing_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.replace(part, self.path)
            self._sync_folder()
        except OSError as error:
            part.unlink(missing_ok=True)
            raise self._unusable("cannot be written", error) from error

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Be the only process that changes the file."""
        lock = self._take("lock")
        try:
            yield
        finally:
            release(lock)

    def take_turn(self) -> int:
        """Wait until no other process has its turn; give the result to `release`."""
        return self._take("turn")

    def _take(self, purpose: str) -> int:
        self._make_folder()
        path = self.path.with_name(f"{self.path.name}.{purpose}")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _NO_FOLLOW, 0o600)
        except OSError as error:
            raise self._unusable("cannot be locked", error) from error
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor

    def _make_folder(self) -> None:
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = folder.stat().st_mode
        except OSError as error:
            raise self._unusable("has no usable folder", error) from error
        is_shared = bool(mode & _OTHERS_WRITE) and not mode & stat.S_ISVTX
        if sys.platform != "win32" and is_shared:
            raise ToolAuthError(
                f"others can replace files in the folder of `{self.path}`", hint=f"chmod 700 '{folder}'"
            )

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise ToolAuthError(f"`{self.path}` is no file", hint="name another file")
        if sys.platform == "win32":
            return
        if found.st_uid != os.geteuid():
            raise ToolAuthError(f"`{self.path}` belongs to somebody else", hint="name another file")
        if found.st_mode & _OTHERS:
            raise ToolAuthError(
                f"others can read the tokens in `{self.path}`",
                hint=f"chmod 600 '{self.path}', and sign in again in case somebody did",
            )

    def _sync_folder(self) -> None:
        if sys.platform == "win32":
            return
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unusable(self, what: str, error: OSError) -> ToolAuthError:
        return ToolAuthError(
            f"`{self.path}` {what}: {error.strerror}", hint="name another file, or correct its folder"
        )


def release(lock: int) -> None:
    """Let the next process go on."""
    os.close(lock)

"""Reading a small file, and writing one that is there whole or as it was before."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

MAX_BYTES = 1_000_000


def read_small(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file; a byte order mark is left out.

    Raises:
        OSError: it cannot be read. ValueError: it is too large, no regular file, or no UTF-8.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("is no regular file")
    if status.st_size > max_bytes:
        raise ValueError(f"is larger than {max_bytes} bytes")
    return path.read_bytes().decode("utf-8-sig")  # as it is written, its line ends too


def write_private(path: Path, text: str) -> None:
    """Replace a file that only its owner may read; its folder is made if it is missing.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(path, text, mode=0o600)


def write_whole(path: Path, text: str) -> None:
    """Replace a file and keep its permissions; a new one gets those of any new file.

    A link is followed: the file it leads to is replaced, the link stays.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    target = path.resolve()
    _replace(target, text, mode=0o666, like=target if target.exists() else None)


def _replace(path: Path, text: str, *, mode: int, like: Path | None = None) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            temporary.chmod(stat.S_IMODE(like.stat().st_mode))
        os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()

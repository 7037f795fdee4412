"""Writing a file that is there whole or not at all, and readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode


@contextmanager
def new_file(path: Path, *, force: bool) -> Generator[TextIO]:
    """Write ASCII lines into a file that takes its place when the block ends well.

    Raises:
        CommandError: the file is there and `force` is not set, or it cannot be written.
    """
    if not force and os.path.lexists(path):
        raise _is_there(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with open(handle, "w", encoding="ascii", newline="\n") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _put_in_place(temporary, path, force=force)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
    except OSError as exc:
        raise CommandError(
            f"`{path}` cannot be written: {exc.strerror or exc}",
            exit_code=ExitCode.FAILED,
            code="file_not_written",
            hint="choose another file with --output, or `-` for stdout.",
        ) from exc


def _put_in_place(temporary: str, path: Path, *, force: bool) -> None:
    if not force:
        try:
            os.link(temporary, path)  # fails when somebody made the file meanwhile, which a rename would not
        except FileExistsError as exc:
            raise _is_there(path) from exc
        except OSError:  # a file system without links
            if os.path.lexists(path):
                raise _is_there(path) from None
        else:
            return
    os.replace(temporary, path)


def _is_there(path: Path) -> CommandError:
    return CommandError(
        f"`{path}` is there already",
        exit_code=ExitCode.USAGE,
        code="file_exists",
        hint="choose another file, or write over it with --force.",
    )

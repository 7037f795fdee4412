"""What remains of a crash: a file that helps and gives nothing away.

The report names the places in the code and the messages, redacted and made safe. It holds no local
variables: they carry keys and prompts.
"""

from __future__ import annotations

import platform
import traceback
from datetime import UTC, datetime
from pathlib import Path

from penguiflow._version import __version__
from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_text

_REPORT_CHARS = 64_000


def crash_text(error: BaseException, *, at: float) -> str:
    """Return the report of `error`; `at` is Unix time."""
    frames = "".join(traceback.format_exception(error))
    lines = [
        f"penguiflow {__version__}, Python {platform.python_version()}, {platform.system()}",
        f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC",
        "",
        frames,
    ]
    return safe_text(redact_text("\n".join(lines)), max_chars=_REPORT_CHARS)


def write_crash_report(folder: Path, error: BaseException, *, at: float) -> Path:
    """Write the report into `folder`, readable by its owner only, and return the path of the file.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S-%f}.txt"
    path.touch(mode=0o600)
    path.write_text(crash_text(error, at=at), encoding="utf-8")
    return path

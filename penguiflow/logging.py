"""Log records of flows, for people and for machines; the one place that configures logging.

What nodes, models and tools say ends up in records, so no text can pass for a record of its own or
steer a terminal. In lines for people only a record begins in the first column: its further lines are
indented, and control characters are shown. In JSON they are escaped, which loses nothing.

Secrets pass `redact` on the way into a line. Who formats records by other means puts the `RedactingFilter` of
`penguiflow.redaction` on the handler: it cleans the records of every library.

`import logging` means the standard library here too: imports are absolute.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from penguiflow._redaction.log_records import STANDARD_FIELDS, extra_of, readable_extra, strict_json
from penguiflow.redaction import redact, redact_text
from penguiflow.safe_text import safe_text

__all__ = ["ExtraFormatter", "StructuredFormatter", "configure_logging"]

_PLAIN_FORMAT = "%(levelname)s:%(name)s:%(message)s"
_MAX_EXTRA_CHARS = 100


class StructuredFormatter(logging.Formatter):
    """Formats each record as one JSON object, with the attributes given as `extra` under that key."""

    STANDARD_FIELDS: ClassVar[frozenset[str]] = STANDARD_FIELDS
    """The attributes that every record has, or gets by being formatted."""

    def __init__(self, include_timestamp: bool = True, indent: int | None = None) -> None:
        super().__init__()
        self._include_timestamp = include_timestamp
        self._indent = indent

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON text; values that JSON does not know are given as `str` shows them."""
        entry: dict[str, object] = {
            "level": record.levelname,
            "logger": record.name,
            "message": redact_text(record.getMessage()),
        }
        if self._include_timestamp:
            entry["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        extra = extra_of(record)
        if extra:
            entry["extra"] = extra
        if record.exc_info and record.exc_info[0] is not None:
            entry["exception"] = redact_text(self.formatException(record.exc_info))
        elif record.exc_text:
            entry["exception"] = redact_text(record.exc_text)
        return self._dump(entry, extra)

    def _dump(self, entry: dict[str, object], extra: Mapping[str, object]) -> str:
        try:
            text = strict_json(entry)
        except (TypeError, ValueError, RecursionError):
            # Keys that are no text, values that hold themselves: such an extra becomes text as a whole.
            entry["extra"] = {str(key): _json_or_text(value) for key, value in extra.items()}
            text = strict_json(entry)
        text = strict_json(_without_secrets(entry, text), self._indent)
        # Raw newlines are those of the indentation; the ones in values are escaped already.
        return "\n".join(_show_unprintable(line, _as_json_escape) for line in text.split("\n"))


class _LineFormatter(logging.Formatter):
    """Formats each record for people: whatever it says, only its first line is not indented."""

    def format(self, record: logging.LogRecord) -> str:
        return safe_text(redact_text(super().format(record))).replace("\n", "\n  ")


class ExtraFormatter(_LineFormatter):
    """Appends the attributes given as `extra` to the line, ahead of a traceback: `[node="a", attempt=1]`."""

    def __init__(self, fmt: str | None = None, datefmt: str | None = None) -> None:
        super().__init__(fmt, datefmt)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line of the record with its extras."""
        line = super().formatMessage(record)
        extra = readable_extra(extra_of(record))
        shown = [f"{_one_line(key)}={_shown(value)}" for key, value in extra.items()]
        return f"{line} [{', '.join(shown)}]" if shown else line


def configure_logging(
    level: int | str = logging.INFO,
    *,
    structured: bool = False,
    include_extras: bool = True,
    logger_name: str = "penguiflow",
) -> None:
    """Send the records of a logger to stderr and nowhere else, from `level` on.

    Its present handlers are removed, not closed. `structured` writes JSON; otherwise `include_extras`
    decides whether the attributes of a record follow its line.

    Raises:
        ValueError: there is no level of that name; nothing was changed.
    """
    threshold = _level_number(level)
    handler = logging.StreamHandler()
    handler.setLevel(threshold)
    handler.setFormatter(_formatter(structured=structured, include_extras=include_extras))
    logger = logging.getLogger(logger_name)
    for previous in tuple(logger.handlers):
        logger.removeHandler(previous)
    logger.addHandler(handler)
    logger.setLevel(threshold)
    logger.propagate = False


def _formatter(*, structured: bool, include_extras: bool) -> logging.Formatter:
    if structured:
        return StructuredFormatter()
    return ExtraFormatter(_PLAIN_FORMAT) if include_extras else _LineFormatter(_PLAIN_FORMAT)


def _level_number(level: int | str) -> int:
    if isinstance(level, int):
        return level
    known = logging.getLevelNamesMapping()
    number = known.get(level, known.get(level.upper()))
    if number is None:
        raise ValueError(f"unknown log level `{level}`; use a number or one of {', '.join(known)}")
    return number


def _without_secrets(entry: Mapping[str, object], text: str) -> dict[str, object]:
    """Return the entry, which `text` shows as JSON, with extras without secrets."""
    if "extra" not in entry:
        return dict(entry)
    return {**entry, "extra": redact(json.loads(text)["extra"])}


def _shown(value: object) -> str:
    if not isinstance(value, str):
        return _one_line(str(value))
    cut = value[:_MAX_EXTRA_CHARS].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_one_line(cut)}{"..." if len(value) > _MAX_EXTRA_CHARS else ""}"'


def _one_line(text: str) -> str:
    return _show_unprintable(text, _as_python_escape)


def _show_unprintable(text: str, escape: Callable[[str], str]) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else escape(char) for char in text)


def _as_python_escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _as_json_escape(char: str) -> str:
    return json.dumps(char)[1:-1]


def _json_or_text(value: object) -> object:
    try:
        strict_json(value)
    except (TypeError, ValueError, RecursionError):
        return str(value)
    return value

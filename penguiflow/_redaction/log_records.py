"""Log records without secrets, for whoever formats them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

from penguiflow._redaction.values import redact, redact_text

STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "message", "taskName"}
"""The attributes that every record has, or gets by being formatted."""


class RedactingFilter(logging.Filter):
    """Takes the secrets out of each record; made for handlers that the application configured itself.

    The record itself changes. Its traceback becomes text, because its frames lead to local variables.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record and let it pass."""
        record.msg, record.args = redact_text(_message_of(record)), None
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        if record.exc_text:
            record.exc_text = redact_text(record.exc_text)
        if record.stack_info:
            record.stack_info = redact_text(record.stack_info)
        vars(record).update(readable_extra(extra_of(record)))
        return super().filter(record)


def extra_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what was given as `extra`."""
    return {key: value for key, value in vars(record).items() if key not in STANDARD_FIELDS}


def readable_extra(extra: Mapping[str, object]) -> dict[str, object]:
    """Return the extras without secrets; one with a secret in it that is no JSON becomes text."""
    return {str(key): _without_secret(str(key), value) for key, value in extra.items()}


def _without_secret(key: str, value: object) -> object:
    try:
        plain = json.loads(strict_json({key: value}))
    except (TypeError, ValueError, RecursionError):
        plain = {key: str(value)}
    clean = redact(plain)
    return value if clean == plain else next(iter(clean.values()))


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError) as error:  # the text and its arguments do not fit together
        return f"{record.msg} {record.args} cannot be formatted: {error}"


def strict_json(value: object, indent: int | None = None) -> str:
    """Return JSON text; values that JSON does not know are given as `str` shows them.

    Raises:
        TypeError, ValueError, RecursionError: no JSON can hold the value.
    """
    return json.dumps(value, ensure_ascii=False, default=str, indent=indent, allow_nan=False)

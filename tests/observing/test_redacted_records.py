"""Log records hold no secret, neither in lines of ours nor behind the filter for the lines of others."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from penguiflow.logging import ExtraFormatter, StructuredFormatter
from penguiflow.redaction import RedactingFilter, secrets_remembered

SECRET = 'a "secret" with\ttabs, 9d21'


class Opaque:
    """Shows its secret only when it is written out."""

    def __str__(self) -> str:
        return f"opaque {SECRET}"

    __repr__ = __str__


@pytest.fixture(autouse=True)
def known_secret() -> Iterator[None]:
    with secrets_remembered(SECRET):
        yield


def logged(handler: logging.Handler, write: Callable[[logging.Logger], None]) -> None:
    logger = logging.Logger("penguiflow.test")
    logger.addHandler(handler)
    write(logger)


def handler_of(formatter: logging.Formatter, *filters: logging.Filter) -> logging.StreamHandler[io.StringIO]:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(formatter)
    for each in filters:
        handler.addFilter(each)
    return handler


def everything(logger: logging.Logger) -> None:
    secret_in_a_local = "local canary"
    try:
        raise ValueError(f"{len(secret_in_a_local)}: {SECRET}")
    except ValueError:
        extra = {
            "note": f"x{'y' * 90} {SECRET}",
            "password": "by its key",
            "nested": {"list": [SECRET], 1: SECRET},
            "opaque": Opaque(),
            "count": 3,
        }
        logger.exception("it said %s", SECRET, extra=extra, stack_info=True)
    logger.warning("password=hunter %s")


@pytest.mark.parametrize(
    "handler",
    [
        handler_of(StructuredFormatter()),
        handler_of(ExtraFormatter("%(message)s")),
        handler_of(StructuredFormatter(indent=2), RedactingFilter()),
        handler_of(logging.Formatter("%(message)s %(note)s %(nested)s %(opaque)s", defaults={"note": ""})),
    ],
    ids=["JSON", "line", "JSON behind the filter", "of somebody else"],
)
def test_no_formatter_of_ours_writes_a_secret(handler: logging.StreamHandler[io.StringIO]) -> None:
    is_ours = isinstance(handler.formatter, StructuredFormatter | ExtraFormatter)
    if not is_ours:
        handler.addFilter(RedactingFilter())
        handler.formatter = logging.Formatter("%(message)s %(password)s", defaults={"password": ""})
    logged(handler, everything)
    text = handler.stream.getvalue()
    assert "it said [redacted]" in text
    assert "Traceback" in text
    for trace in (SECRET, json.dumps(SECRET)[1:-1], "by its key", "9d21", "local canary", "hunter"):
        assert trace not in text


def test_the_filter_leaves_nothing_that_leads_to_local_variables() -> None:
    records: list[logging.LogRecord] = []
    handler = handler_of(logging.Formatter(), RedactingFilter())
    handler.emit = records.append  # what any handler would get
    logged(handler, everything)
    record = records[0]
    assert (record.exc_info, record.args) == (None, None)
    assert record.exc_text is not None
    assert record.exc_text.endswith("ValueError: 12: [redacted]")
    assert SECRET not in repr(vars(record))
    assert vars(record)["count"] == 3


def test_the_filter_passes_what_holds_no_secret_unchanged() -> None:
    records: list[logging.LogRecord] = []
    handler = handler_of(logging.Formatter(), RedactingFilter())
    handler.emit = records.append  # what any handler would get
    extra = {"numbers": (1, 2), "by_id": {1: "x"}, "opaque": io.StringIO}
    logged(handler, lambda logger: logger.info("took %d s", 2, extra=extra))
    logged(handler, lambda logger: logger.warning("took %d s", 2, extra=extra))
    assert records[-1].getMessage() == "took 2 s"
    assert {key: vars(records[-1])[key] for key in extra} == extra


def test_a_record_that_cannot_be_formatted_is_not_lost_in_the_filter() -> None:
    handler = handler_of(logging.Formatter("%(message)s"), RedactingFilter())
    logged(handler, lambda logger: logger.warning("%d", SECRET))
    assert handler.stream.getvalue().startswith("%d ('[redacted]',) cannot be formatted")

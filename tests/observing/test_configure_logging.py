"""The one function that configures logging."""

from __future__ import annotations

import io
import json
import logging

import pytest

from penguiflow.logging import ExtraFormatter, StructuredFormatter, configure_logging


def only_handler(logger: logging.Logger) -> logging.Handler:
    (handler,) = logger.handlers
    return handler


def test_one_handler_writes_lines_with_extras_to_stderr(
    spare_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO", logger_name=spare_logger.name)

    spare_logger.debug("not shown")
    spare_logger.info("shown", extra={"node": "a"})

    written = capsys.readouterr()
    assert written.err == f'INFO:{spare_logger.name}:shown [node="a"]\n'
    assert written.out == ""
    assert isinstance(only_handler(spare_logger).formatter, ExtraFormatter)


def test_without_extras_the_line_is_plain_and_still_one_record(
    spare_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(include_extras=False, logger_name=spare_logger.name)

    spare_logger.info("shown\nINFO:root:forged\x1b[2J", extra={"node": "a"})

    assert capsys.readouterr().err == f"INFO:{spare_logger.name}:shown\n  INFO:root:forged␛[2J\n"


def test_structured_records_are_json_whatever_the_extras_setting(
    spare_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(structured=True, include_extras=False, logger_name=spare_logger.name)

    spare_logger.warning("shown", extra={"node": "a"})

    entry = json.loads(capsys.readouterr().err)
    assert (entry["message"], entry["extra"]) == ("shown", {"node": "a"})
    assert isinstance(only_handler(spare_logger).formatter, StructuredFormatter)


def test_present_handlers_are_replaced_and_records_go_nowhere_else(spare_logger: logging.Logger) -> None:
    stream = io.StringIO()
    earlier = logging.StreamHandler(stream)
    spare_logger.addHandler(earlier)
    spare_logger.addHandler(logging.NullHandler())

    configure_logging(logger_name=spare_logger.name)
    configure_logging(logger_name=spare_logger.name)

    assert earlier is not only_handler(spare_logger)
    assert spare_logger.propagate is False
    assert not stream.closed


@pytest.mark.parametrize(
    ("level", "number"),
    [("DEBUG", 10), ("debug", 10), ("Warning", 30), (logging.ERROR, 40), (15, 15), ("WARN", 30)],
)
def test_the_level_is_a_number_or_a_name(level: int | str, number: int, spare_logger: logging.Logger) -> None:
    configure_logging(level, logger_name=spare_logger.name)

    assert (spare_logger.level, only_handler(spare_logger).level) == (number, number)


def test_an_unknown_level_changes_nothing_and_is_named(spare_logger: logging.Logger) -> None:
    earlier = logging.NullHandler()
    spare_logger.addHandler(earlier)

    with pytest.raises(ValueError, match="`LOUD`; use a number or one of CRITICAL"):
        configure_logging("LOUD", logger_name=spare_logger.name)

    assert only_handler(spare_logger) is earlier
    assert spare_logger.propagate is True


def test_the_library_configures_nothing_of_its_own_accord() -> None:
    assert logging.getLogger("penguiflow").handlers == []

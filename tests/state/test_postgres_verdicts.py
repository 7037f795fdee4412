"""What is decided about a failing database, and how text is made fit for it: without a database."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.state._postgres_errors import is_out_of_reach, is_passing, late_error, place_of, store_error
from penguiflow.state._postgres_pool import pause_s
from penguiflow.state._postgres_text import from_column, to_column

PLACE = "postgresql://db:5432/app"


class ServerError(Exception):
    def __init__(self, sqlstate: str, message: str = "it broke") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class RefusedValueError(ValueError):
    """As the driver's own `DataError`."""


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://me:secret@db:5432/app", "postgresql://db:5432/app"),
        ("postgres://me@db/app?sslmode=require", "postgresql://db/app"),
        ("postgresql://db", "postgresql://db"),
        ("postgresql://me:secret@[::1]:5432/app", "postgresql://[::1]:5432/app"),
        ("postgresql://me:secret@one:1,two:2/app", "postgresql://one:1,two:2/app"),
        ("postgresql:///app?host=/run/postgresql", "postgresql:///app"),
        ("postgresql://me:sec/ret@db/app", "a PostgreSQL database"),
        ("postgresql://me:sec?ret@db/app", "a PostgreSQL database"),
        ("postgresql://me:sec#ret@db/app", "a PostgreSQL database"),
        ("postgresql://me:123?ret@db/app", "a PostgreSQL database"),
        ("postgresql://me:sec@ret@db/app", "a PostgreSQL database"),
        ("me:secret@db/app", "a PostgreSQL database"),
        ("host=db password=secret", "a PostgreSQL database"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_password(dsn: str, place: str) -> None:
    assert place_of(dsn) == place


@given(st.text().map(lambda text: f"se{text}ret"))
def test_no_password_however_odd_is_shown(password: str) -> None:
    for dsn in (f"postgresql://me:{password}@db/app", f"postgresql://db/app?password={password}"):
        assert place_of(dsn) in ("postgresql://db/app", "a PostgreSQL database")


@pytest.mark.parametrize(
    ("error", "passing", "out_of_reach"),
    [
        (ServerError("57P01"), True, False),
        (ServerError("57P03"), True, False),
        (ServerError("08006"), True, False),
        (ServerError("25P03"), True, False),
        (ServerError("40P01"), True, False),
        (ServerError("53300"), True, False),
        (ServerError("55P03"), True, False),
        (ConnectionRefusedError(), True, True),
        (TimeoutError(), True, True),
        (Exception("the driver: connection is closed"), True, False),
        (RefusedValueError("the driver: not a number"), False, False),
        (ssl.SSLCertVerificationError("not trusted"), False, True),
        (ServerError("28P01"), False, False),
        (ServerError("53100"), False, False),
        (ServerError("23505"), False, False),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(
    error: Exception, passing: bool, out_of_reach: bool
) -> None:
    assert (is_passing(error), is_out_of_reach(error)) == (passing, out_of_reach)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ServerError("28P01"), "user and the password"),
        (ServerError("3D000"), "create the database"),
        (ServerError("25006"), "only reads"),
        (ServerError("42501"), "grant"),
        (ServerError("53100"), "disk of the server is full"),
        (ServerError("55P03"), "holds a lock"),
        (ServerError("54000"), "shorter"),
        (ServerError("57P03"), "server runs"),
        (ServerError("XX000"), "log of the server"),
        (ConnectionRefusedError("refused"), "server runs"),
        (RefusedValueError("too large"), "64 bits"),
        (ssl.SSLCertVerificationError("not trusted"), "sslrootcert"),
    ],
)
def test_an_error_names_the_database_and_says_what_to_do(error: Exception, hint: str) -> None:
    named = store_error(PLACE, error)

    assert PLACE in str(named)
    assert str(error) in str(named)
    assert hint in str(named.hint)


def test_when_the_time_is_over_the_last_failure_is_told() -> None:
    late = late_error(PLACE, 30.0, 7, ServerError("57P03", "the database system is starting up"))

    assert str(late) == (
        f"the history in `{PLACE}` did not do its work within 30 s and 7 attempts: "
        "the database system is starting up"
    )
    assert "server runs" in str(late.hint)
    assert "overloaded" in str(late_error(PLACE, 30.0, 0, None).hint)


@pytest.mark.parametrize(
    ("attempt", "shortest", "longest"), [(1, 0.025, 0.05), (2, 0.05, 0.1), (6, 0.8, 1.6), (7, 1.0, 2.0)]
)
def test_pauses_double_up_to_a_limit(attempt: int, shortest: float, longest: float) -> None:
    assert pause_s(attempt, roll=0.0) == pytest.approx(shortest)
    assert pause_s(attempt, roll=1.0) == pytest.approx(longest)


def test_however_long_a_database_is_away_there_is_a_pause_and_not_too_long_a_one() -> None:
    assert pause_s(1_000_000, roll=0.5) == 1.5


@given(st.text(st.characters(exclude_categories=())))
def test_a_name_in_a_column_is_text_that_the_server_takes_and_reads_back_the_same(name: str) -> None:
    column = to_column(name)

    assert "\0" not in column
    column.encode("utf-8")
    assert from_column(column) == name


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("tenant:user:session", "tenant:user:session"),
        ("Ünïcode \U0001f427", "Ünïcode \U0001f427"),
        ("a\0b", "a\\u0000b"),
        ("a\ud800", "a\\ud800"),
        ("a\\u0000b", "a\\u005cu0000b"),
    ],
)
def test_a_name_is_escaped_only_if_need_be(name: str, column: str) -> None:
    assert to_column(name) == column

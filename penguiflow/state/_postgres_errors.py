"""Judges what went wrong with a database: whether to try again, and what to tell the person. No I/O.

No message names what may hold a password: of the address only host, port and database are shown.
"""

from __future__ import annotations

import re
import ssl

from penguiflow.state.errors import StoreError

_ADDRESS = re.compile(
    r"""
    postgres(?:ql)?://
    (?:[^@/?\#]*@)?                                # user and password
    (?P<hosts>(?:[\w.-]+|\[[0-9a-fA-F:.]+\])?(?::\d+)?(?:,[\w.-]+(?::\d+)?)*)
    (?P<database>/[\w.-]*)?
    (?:\?[^@]*)?                                   # an `@` in here is more likely half a password
    """,
    re.VERBOSE,
)

_UNNAMED = "a PostgreSQL database"

_PASSING = {
    "25P03",  # this process slept within a transaction
    "40001",
    "40P01",
    "53300",
    "55P03",
    "57P01",
    "57P02",
    "57P03",
    "57P05",
}
_CONNECTION_CLASS = "08"

_HINTS = {
    "25006": "the server only reads, as a standby does: give the address of the one that writes",
    "28000": "check the user and the password in the address, and what the server's pg_hba.conf allows",
    "28P01": "check the user and the password in the address, and what the server's pg_hba.conf allows",
    "3D000": "create the database, or give the address of one that exists",
    "42501": "grant the user the right to use and to create tables in the schema",
    "42P01": "somebody dropped a table of the history: restore a backup, or use another schema",
    "53100": "the disk of the server is full: make room and try again",
    "53200": "the server is out of memory: try again, with fewer events at once",
    "53300": "the server has no connection left: raise its `max_connections`, or lower that of the store",
    "54000": "an identifier is too long for an index: use shorter session, run and memory names",
    "55P03": "another process holds a lock on the same rows: look into `pg_stat_activity`, and end it",
    "57014": "the server took too long: try again, or give `open` a longer `timeout_s`",
}
_UNFIT_HINT = "a value does not fit into its column: numbers have 64 bits at most"
_UNREACHABLE_HINT = "check that the server runs and that the address is right"


def place_of(dsn: str) -> str:
    """Return the address without user, password and settings."""
    found = _ADDRESS.fullmatch(dsn)
    if found is None:
        return _UNNAMED
    return f"postgresql://{found['hosts'] or ''}{found['database'] or ''}"


def is_passing(error: Exception) -> bool:
    """Tell whether the same may work in a moment: the connection broke, or others were in the way.

    Whether the server did the work before the connection broke is not known.
    """
    state = _sqlstate(error)
    if state is not None:
        return state in _PASSING or state.startswith(_CONNECTION_CLASS)
    # Everything the driver raises by itself is about the connection, except for refused values.
    return not isinstance(error, ValueError)


def is_out_of_reach(error: Exception) -> bool:
    """Tell whether nothing that speaks for the database answered."""
    return isinstance(error, OSError)


def store_error(place: str, error: Exception) -> StoreError:
    """Name the database and what to do about the failure."""
    return StoreError(f"the history in `{place}` failed: {_text(error)}", hint=_hint(error))


def late_error(place: str, timeout_s: float, attempts: int, last: Exception | None) -> StoreError:
    """Say that the time is up, and what the last failed attempt heard."""
    message = f"the history in `{place}` did not do its work within {timeout_s:g} s"
    if last is None:
        return StoreError(message, hint="check whether the server is overloaded or its machine frozen")
    return StoreError(f"{message} and {attempts} attempts: {_text(last)}", hint=_hint(last))


def address_error(place: str, error: ValueError) -> StoreError:
    """Say what the driver could not read; an address that cannot be shown is not quoted either."""
    if place == _UNNAMED:
        return StoreError(
            "the address of the database cannot be read",
            hint="give `postgresql://user:password@host:5432/database`, "
            "with `%40` for `@`, `%2F` for `/` and so on in the password",
        )
    return StoreError(
        f"the settings in the address of `{place}` cannot be used: {error}",
        hint="correct what follows the `?`, such as `sslmode` and `sslrootcert`",
    )


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__


def _hint(error: Exception) -> str:
    state = _sqlstate(error)
    if state is None:
        return _hint_without_state(error)
    return _HINTS.get(state, _UNREACHABLE_HINT if is_passing(error) else "look into the log of the server")


def _hint_without_state(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "check `sslmode` and `sslrootcert` in the address, and the certificate of the server"
    if isinstance(error, FileNotFoundError):
        return "check the files and the socket that the address names"
    return _UNFIT_HINT if isinstance(error, ValueError) else _UNREACHABLE_HINT


def _sqlstate(error: Exception) -> str | None:
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else None

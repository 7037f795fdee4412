"""Opening a history in PostgreSQL: what is created, and what is refused with which words."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from penguiflow.state.errors import StoreError, StoreSchemaError
from penguiflow.state.postgres import PostgresStateStore
from tests.fakes.history import asked, person_asked, run_of
from tests.fakes.postgres import GUARDED_PASSWORD, GUARDED_USER, PostgresServer

pytestmark = pytest.mark.process

_PASSWORD = "open%2Fse%40me%3F"  # `GUARDED_PASSWORD` as it stands in an address


@asynccontextmanager
async def opened(postgres: PostgresServer, schema: str) -> AsyncIterator[PostgresStateStore]:
    store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
    try:
        yield store
    finally:
        await store.aclose()


async def refusal(dsn: str, *, schema: str = "penguiflow") -> StoreError:
    with pytest.raises(StoreError) as caught:
        await PostgresStateStore.open(dsn, schema=schema)
    return caught.value


async def test_what_was_stored_is_there_when_it_is_opened_again(postgres: PostgresServer) -> None:
    schema, events = postgres.new_schema(), run_of(asked(), person_asked())
    async with opened(postgres, schema) as store:
        await store.append_events(events)
        await store.save_planner_state("token", {"a": 1})

    async with opened(postgres, schema) as store:
        assert list(await store.load_session("session-1")) == events
        assert [line.state for line in await store.list_sessions()] == ["waiting"]
        assert await store.load_planner_state("token") == {"a": 1}


async def test_two_schemas_are_two_histories(postgres: PostgresServer) -> None:
    async with opened(postgres, postgres.new_schema()) as one, opened(postgres, postgres.new_schema()) as two:
        await one.append_events(run_of(asked()))

        assert list(await two.list_sessions()) == []


async def test_a_closed_store_says_so(postgres: PostgresServer) -> None:
    store = await PostgresStateStore.open(postgres.dsn(), schema=postgres.new_schema())

    await store.aclose()
    await store.aclose()

    with pytest.raises(StoreError, match="is closed") as caught:
        await store.list_sessions()
    assert "open the store again" in str(caught.value.hint)


async def test_a_newer_history_is_refused_with_both_versions(postgres: PostgresServer) -> None:
    schema = postgres.new_schema()
    async with opened(postgres, schema):
        postgres.sql(f"UPDATE {schema}.history_version SET version = 7")

    error = await refusal(postgres.dsn(), schema=schema)

    assert isinstance(error, StoreSchemaError)
    assert f"schema `{schema}`" in str(error)
    assert "history version 7; this program reads version 1" in str(error)


async def test_tables_of_another_program_are_left_alone(postgres: PostgresServer) -> None:
    schema = postgres.new_schema()
    postgres.sql(f"CREATE SCHEMA {schema} CREATE TABLE notes (id int)")

    error = await refusal(postgres.dsn(), schema=schema)

    assert isinstance(error, StoreSchemaError)
    assert f"schema `{schema}`" in str(error)
    assert "another program" in str(error)


async def test_an_empty_schema_that_somebody_prepared_is_used(postgres: PostgresServer) -> None:
    schema = postgres.new_schema()
    postgres.sql(f"CREATE SCHEMA {schema}")

    async with opened(postgres, schema) as store:
        await store.append_events(run_of(asked()))


@pytest.mark.parametrize("schema", ["", "1st", 'a"b', "a b", "a" * 64, "a\0"])
async def test_a_name_that_is_none_is_refused_before_anything_is_asked(schema: str) -> None:
    error = await refusal("postgresql://127.0.0.1:1/nowhere", schema=schema)

    assert "no name for a schema" in str(error)


async def test_a_database_that_cannot_hold_every_character_is_refused(postgres: PostgresServer) -> None:
    postgres.sql("CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")

    error = await refusal(postgres.dsn(database="narrow"))

    assert "LATIN1" in str(error)
    assert "UTF8" in str(error.hint)


async def test_a_server_that_is_not_there_is_an_error_at_once(unused_tcp_port: int) -> None:
    error = await refusal(f"postgresql://me:secret@127.0.0.1:{unused_tcp_port}/app")

    assert f"postgresql://127.0.0.1:{unused_tcp_port}/app" in str(error)
    assert "check that the server runs" in str(error.hint)
    assert "secret" not in whole_text(error)


async def test_a_user_with_a_password_is_let_in_and_with_a_wrong_one_is_not(postgres: PostgresServer) -> None:
    postgres.sql(f"CREATE ROLE {GUARDED_USER} LOGIN PASSWORD '{GUARDED_PASSWORD}'")
    postgres.sql(f"GRANT CREATE ON DATABASE postgres TO {GUARDED_USER}")
    schema = postgres.new_schema()
    store = await PostgresStateStore.open(postgres.dsn(user=GUARDED_USER, password=_PASSWORD), schema=schema)
    await store.append_events(run_of(asked()))
    await store.aclose()

    for wrong in ("hunter2", "hunter2%40", ""):
        error = await refusal(postgres.dsn(user=GUARDED_USER, password=wrong), schema=schema)
        assert "password" in str(error.hint)
        assert "hunter2" not in whole_text(error)


@pytest.mark.parametrize("address", ["me:hunter2@db/app", "postgresql://me:hun/ter2@db/app", "host=db"])
async def test_an_address_that_cannot_be_read_is_not_shown(address: str) -> None:
    error = await refusal(address)

    assert "address of the database cannot be read" in str(error)
    assert "ter2" not in whole_text(error)


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ("sslmode=perhaps", "such as `sslmode`"),
        ("sslmode=verify-full&sslrootcert=nowhere.pem", "files and the socket that the address names"),
    ],
)
async def test_settings_in_an_address_that_cannot_be_used_are_told(
    postgres: PostgresServer, settings: str, hint: str
) -> None:
    error = await refusal(f"{postgres.dsn()}?{settings}")

    assert f"postgresql://127.0.0.1:{postgres.port}/postgres" in str(error)
    assert hint in str(error.hint)


async def test_a_server_that_speaks_no_tls_is_refused_when_tls_is_asked_for(postgres: PostgresServer) -> None:
    error = await refusal(f"{postgres.dsn()}?sslmode=require")

    assert "SSL" in str(error)


async def test_a_database_that_does_not_exist_is_named(postgres: PostgresServer) -> None:
    error = await refusal(postgres.dsn(database="nowhere"))

    assert 'database "nowhere" does not exist' in str(error)
    assert "create the database" in str(error.hint)


async def test_a_user_who_may_not_create_tables_hears_what_is_missing(postgres: PostgresServer) -> None:
    postgres.sql("CREATE ROLE visitor LOGIN")

    error = await refusal(postgres.dsn(user="visitor"), schema=postgres.new_schema())

    assert "permission denied" in str(error)
    assert "grant the user" in str(error.hint)


async def test_a_server_that_only_reads_is_read_and_refuses_to_write(postgres: PostgresServer) -> None:
    schema = postgres.new_schema()
    async with opened(postgres, schema) as store:
        await store.append_events(run_of(asked()))
    postgres.sql("CREATE ROLE standby LOGIN SUPERUSER")
    postgres.sql("ALTER ROLE standby SET default_transaction_read_only = on")

    store = await PostgresStateStore.open(postgres.dsn(user="standby"), schema=schema)

    assert len(await store.load_run("run-1")) == 1
    with pytest.raises(StoreError, match="read-only") as caught:
        await store.append_events(run_of(asked(), run_id="run-2"))
    assert "address of the one that writes" in str(caught.value.hint)
    await store.aclose()


async def test_without_the_driver_the_error_says_what_to_install() -> None:
    program = (
        "import asyncio, sys; sys.modules['asyncpg'] = None\n"
        "from penguiflow.state.postgres import PostgresStateStore\n"
        "asyncio.run(PostgresStateStore.open('postgresql://127.0.0.1:1/nowhere'))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE
    )

    async with asyncio.timeout(30):
        _, complaints = await process.communicate()

    assert "pip install 'penguiflow[postgres]'" in complaints.decode()


def whole_text(error: BaseException) -> str:
    """Return what a log shows of an error, its causes included."""
    frames = traceback.TracebackException.from_exception(error)
    return "".join(frames.format()) + str(getattr(error, "hint", ""))

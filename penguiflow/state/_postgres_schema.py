"""The tables of a history in PostgreSQL: creating them, bringing them up to date, refusing others."""

from __future__ import annotations

from penguiflow.state._postgres_driver import Connection
from penguiflow.state.errors import StoreSchemaError

_LOCK_KEY = 0x50464C57
"""Two processes that open one new database take turns under this (`PFLW`)."""

_MIGRATION_TIMEOUT_S = 600

_VERSION_TABLE = "history_version"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = $1"
_SCHEMA_EXISTS = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"

_HISTORY = """
CREATE TABLE events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id text COLLATE "C" NOT NULL,
    run_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    ts double precision NOT NULL,
    elapsed_ms double precision,
    event_version integer NOT NULL,
    kind text NOT NULL,
    trace_id text,
    step bigint,
    call_id text,
    edge text,
    payload text NOT NULL,
    request_id text COLLATE "C",
    UNIQUE (run_id, seq)
);
CREATE INDEX events_of_session ON events (session_id, position);
CREATE INDEX requests ON events (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE sessions (
    session_id text COLLATE "C" PRIMARY KEY,
    last_position bigint NOT NULL,
    listed boolean NOT NULL,
    archived boolean NOT NULL,
    tally text NOT NULL
);
CREATE INDEX sessions_by_change ON sessions (last_position) WHERE listed;

CREATE TABLE runs (
    run_id text COLLATE "C" PRIMARY KEY,
    session_id text COLLATE "C" NOT NULL,
    begun_position bigint,
    tally text NOT NULL
);
CREATE INDEX runs_by_begin ON runs (begun_position) WHERE begun_position IS NOT NULL;
CREATE INDEX runs_of_session ON runs (session_id, begun_position);
"""

_BESIDE_HISTORY = """
CREATE TABLE flow_events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trace_id text COLLATE "C" NOT NULL,
    ts double precision NOT NULL,
    kind text NOT NULL,
    node_name text,
    node_id text,
    payload text NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    has_trace boolean NOT NULL,
    UNIQUE (trace_id, fingerprint)
);

CREATE TABLE remote_bindings (
    trace_id text COLLATE "C" NOT NULL,
    context_id text COLLATE "C" NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    agent_url text NOT NULL,
    PRIMARY KEY (trace_id, context_id, task_id)
);

CREATE TABLE planner_states (
    token text COLLATE "C" PRIMARY KEY,
    record text NOT NULL,
    save_id text NOT NULL,
    taking_id text,
    taken_at timestamptz
);
CREATE INDEX taken_planner_states ON planner_states (taken_at) WHERE taken_at IS NOT NULL;

CREATE TABLE memory_states (key text COLLATE "C" PRIMARY KEY, state text NOT NULL);

CREATE SEQUENCE trajectory_positions;
CREATE TABLE trajectories (
    session_id text COLLATE "C" NOT NULL,
    trace_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL DEFAULT nextval('trajectory_positions'),
    record text NOT NULL,
    PRIMARY KEY (session_id, trace_id)
);
CREATE INDEX trajectories_by_change ON trajectories (session_id, position);

CREATE TABLE planner_events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trace_id text COLLATE "C" NOT NULL,
    save_id text COLLATE "C" NOT NULL UNIQUE,
    record text NOT NULL
);
CREATE INDEX planner_events_of_trace ON planner_events (trace_id, position);

CREATE TABLE artifacts (
    position bigint GENERATED ALWAYS AS IDENTITY,
    session_id text COLLATE "C" NOT NULL,
    artifact_id text COLLATE "C" NOT NULL,
    ref text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (session_id, artifact_id)
);
CREATE INDEX artifacts_by_id ON artifacts (artifact_id, position);
"""

_MIGRATIONS = (_HISTORY + _BESIDE_HISTORY,)
"""What leads from each version to the next; what once was released is not changed any more."""

SCHEMA_VERSION = len(_MIGRATIONS)


async def prepare(connection: Connection, *, schema: str, place: str) -> None:
    """Create the tables that are missing, within the transaction of the caller.

    Raises:
        StoreSchemaError: a newer version or another program made what is there.
    """
    # Before anything is looked up: a session may go on believing that what it once did not find is not there.
    await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK_KEY, schema)
    tables: set[str] = {name for (name,) in await connection.fetch(_TABLES, schema)}
    version = await _version(connection, tables)
    if version > SCHEMA_VERSION:
        raise StoreSchemaError(
            f"schema `{schema}` of `{place}` has history version {version}; this program reads version "
            f"{SCHEMA_VERSION}",
            hint="update penguiflow, or open another schema for a new history",
        )
    if version == 0 and tables:
        raise StoreSchemaError(
            f"schema `{schema}` of `{place}` holds tables of another program",
            hint="choose another schema for the history",
        )
    if version < SCHEMA_VERSION:
        await _migrate(connection, version, schema=schema, place=place)


async def _migrate(connection: Connection, version: int, *, schema: str, place: str) -> None:
    await connection.execute(f"SET LOCAL statement_timeout = '{_MIGRATION_TIMEOUT_S}s'")
    if version == 0:
        await _refuse_other_encodings(connection, place)
        if not await connection.fetchval(_SCHEMA_EXISTS, schema):
            await connection.execute(f'CREATE SCHEMA "{schema}"')
        await connection.execute(f"CREATE TABLE {_VERSION_TABLE} (version integer NOT NULL)")
    for migration in _MIGRATIONS[version:]:
        await connection.execute(migration)
    await connection.execute(f"DELETE FROM {_VERSION_TABLE}")
    await connection.execute(f"INSERT INTO {_VERSION_TABLE} VALUES ($1)", SCHEMA_VERSION)


async def _refuse_other_encodings(connection: Connection, place: str) -> None:
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreSchemaError(
            f"`{place}` stores text as {encoding}, which cannot hold every character",
            hint="create the database with ENCODING 'UTF8'",
        )


async def _version(connection: Connection, tables: set[str]) -> int:
    if _VERSION_TABLE not in tables:
        return 0
    version: int | None = await connection.fetchval(f"SELECT max(version) FROM {_VERSION_TABLE}")
    return version or 0

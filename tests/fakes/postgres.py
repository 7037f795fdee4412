"""A real PostgreSQL server on loopback, with its data in a temporary folder.

    with PostgresServer.running() as server:
        ...  # connect to server.dsn()

Alone on a terminal, until it is interrupted: `python -m tests.fakes.postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Self

GUARDED_USER = "guarded"
"""A user who needs a password; everybody else is let in."""

GUARDED_PASSWORD = "open/se@me?"

_START_TIMEOUT_S = 30.0
_RULES = f"""
local all all trust
host all {GUARDED_USER} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def missing_server() -> str | None:
    """Return why no server can be started here, `None` when one can."""
    return None if _program("postgres") else "PostgreSQL is not installed (Debian: `postgresql`)"


class PostgresServer:
    """One server; `start`, `stop`, `kill` and so on may follow one another."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder = folder
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._schemas = count(1)
        self.port = _free_port()

    @classmethod
    @contextmanager
    def running(cls, *, durable: bool = False) -> Iterator[Self]:
        """Run a server for as long as the block lasts.

        Only a `durable` one keeps everything when the machine breaks down; the other is quicker.
        """
        folder = Path(tempfile.mkdtemp(prefix="penguiflow-postgres-"))
        try:
            server = cls(folder, durable=durable)
            server.start()
            try:
                yield server
            finally:
                server.kill()  # its data goes anyway
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def dsn(self, *, user: str = "postgres", password: str | None = None, database: str = "postgres") -> str:
        """Return an address of the server; a password has to be percent-encoded already."""
        who = user if password is None else f"{user}:{password}"
        return f"postgresql://{who}@127.0.0.1:{self.port}/{database}"

    def new_schema(self) -> str:
        """Return a name that no test has used yet."""
        return f"test_{next(self._schemas)}"

    def sql(self, statement: str) -> list[str]:
        """Run a statement as somebody else would, and return its rows as lines."""
        command = [_found("psql"), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]
        done = subprocess.run(
            [*command, "--set=ON_ERROR_STOP=1", "--dbname", self.dsn(), "--command", statement],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.splitlines()

    def start(self) -> None:
        """Start the server if it does not run, and return when it takes connections."""
        if self._process is not None:
            return
        if not (self._folder / "data").exists():
            self._create()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                _as_owner(self._command(), end_with_parent=True),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._is_ready():
            assert self._process.poll() is None, f"the server ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"the server did not start:\n{self.log()}"
            time.sleep(0.01)

    def stop(self) -> None:
        """Break off what is running and let the server write everything down."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Let the server die at once, all of its processes with it."""
        self._end(signal.SIGQUIT)

    def freeze(self) -> None:
        """Let the server stand still; it keeps its connections and answers nothing."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal_all(signal.SIGCONT)

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _create(self) -> None:
        data = self._folder / "data"
        data.mkdir(mode=0o700)
        if os.getuid() == 0:  # PostgreSQL refuses to be run by root
            for path in (self._folder, data):
                shutil.chown(path, *_owner())
        initdb = [_found("initdb"), "--pgdata", str(data), "--username=postgres", "--encoding=UTF8"]
        subprocess.run(
            _as_owner([*initdb, "--locale=C.UTF-8", "--auth=trust", "--no-sync", "--no-instructions"]),
            check=True,
            capture_output=True,
            cwd=self._folder,
        )
        (data / "pg_hba.conf").write_text(_RULES)

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 50,
            "shared_buffers": "32MB",
            **({} if self._durable else {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [_found("postgres"), "-D", str(self._folder / "data"), *options]

    def _is_ready(self) -> bool:
        try:
            lines = (self._folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None, "the server does not run"
        for pid in (self._process.pid, *_children(self._process.pid)):
            os.kill(pid, number)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=_START_TIMEOUT_S)


def _as_owner(command: list[str], *, end_with_parent: bool = False) -> list[str]:
    """Let the command run as somebody other than root, and end when this process does."""
    options = ["--pdeathsig=INT"] if end_with_parent else []
    if os.getuid() == 0:
        user_id, group_id = _owner()
        options += [f"--reuid={user_id}", f"--regid={group_id}", "--clear-groups"]
    return [_found("setpriv"), *options, *command] if options else command


def _owner() -> tuple[int, int]:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return entry.pw_uid, entry.pw_gid


def _found(name: str) -> str:
    program = _program(name)
    assert program is not None, f"`{name}` is not installed"
    return program


def _program(name: str) -> str | None:
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(newest_first[0]) if newest_first else shutil.which(name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):  # some end while this looks
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[1] == str(
                parent
            ):
                found.append(int(entry.name))
    return found


def main() -> None:
    """Run a server until the terminal interrupts it."""
    with PostgresServer.running() as server, suppress(KeyboardInterrupt):
        print(server.dsn(), flush=True)  # noqa: T201 for whoever started this by hand
        signal.pause()


if __name__ == "__main__":
    main()

"""Start real servers for tests, on loopback: Redis, and NATS with JetStream."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_STARTS = 5
_START_TIMEOUT_S = 10.0


class Server:
    """A server process that can be killed and started again on the same port with the same files."""

    def __init__(
        self, program: str, arguments: Callable[[int], list[str]], *, greets: Callable[[int], bool]
    ) -> None:
        self._program = program
        self._arguments = arguments
        self._greets = greets
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        """Start it, the first time on a free port and then on the same, and wait until it answers."""
        for _ in range(1 if self.port else _STARTS):
            port = self.port or free_port()
            self._process = subprocess.Popen(
                [self._program, *self._arguments(port)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers(self._process, port):
                self.port = port
                return
            self.kill()
        raise AssertionError(f"{self._program} did not start")

    def kill(self) -> None:
        """End it at once, as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self, signal: int) -> None:
        """Send a signal; with SIGSTOP the server keeps its connections and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal)

    def _answers(self, process: subprocess.Popen[bytes], port: int) -> bool:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if self._greets(port):
                    return True
            time.sleep(0.01)  # only asking tells whether another process has come so far
        return False


class RedisServer(Server):
    def __init__(self, folder: Path, *options: str) -> None:
        settings = ("--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options)
        super().__init__(
            program("redis-server"),
            lambda port: ["--port", str(port), *settings],
            greets=lambda port: _says(port, b"PING\r\n", b"+PONG", b"-NOAUTH"),
        )

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class NatsServer(Server):
    def __init__(self, folder: Path, *options: str) -> None:
        settings = ("-a", "127.0.0.1", *options)
        if "-js" in options:
            settings = (*settings, "-sd", str(folder))
        super().__init__(
            program("nats-server"),
            lambda port: ["-p", str(port), *settings],
            greets=lambda port: _says(port, b"", b"INFO "),
        )

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"


@contextlib.contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run Redis with its files in `folder`; with `--appendonly yes` they outlive it."""
    server = RedisServer(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def nats_server(folder: Path, *options: str) -> Iterator[NatsServer]:
    """Run NATS; with the option `-js` it has JetStream, with its files in `folder`."""
    server = NatsServer(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def program(name: str) -> str:
    """Return the path of a server's program; without it the test is skipped, but not in CI."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"`{name}` is not installed: apt-get install -y {name}")
        pytest.skip(f"`{name}` is not installed")
    return path


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _says(port: int, question: bytes, *answers: bytes) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(question)
        return connection.recv(64).startswith(answers)

"""The one place that knows the package `nats-py`; it loads with the first publisher."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, Final, Protocol, cast

INSTALL_HINT: Final = "pip install 'penguiflow[nats]'"


class NatsMessage(Protocol):
    """What arrives at a subscription."""

    @property
    def subject(self) -> str: ...

    @property
    def data(self) -> bytes: ...

    @property
    def headers(self) -> Mapping[str, str] | None: ...


class JetStreamApi(Protocol):
    """What is used of `nats.js.JetStreamContext`."""

    async def stream_info(self, name: str) -> object: ...

    async def add_stream(self, *, name: str, subjects: list[str], max_msgs: int) -> object: ...


class NatsClient(Protocol):
    """What is used of `nats.aio.client.Client`."""

    @property
    def max_payload(self) -> int: ...

    async def connect(self, servers: list[str], **options: Any) -> None: ...  # see the options of the package

    async def publish(
        self, subject: str, payload: bytes, *, reply: str, headers: Mapping[str, str]
    ) -> None: ...

    async def subscribe(self, subject: str, *, cb: Callable[[NatsMessage], Awaitable[None]]) -> object: ...

    async def close(self) -> None: ...

    def new_inbox(self) -> str: ...

    def jetstream(self, *, timeout: float) -> JetStreamApi: ...


class NatsPackage:
    """The package, loaded.

    Raises:
        ImportError: it is not installed.
    """

    def __init__(self) -> None:
        try:
            client: Any = import_module("nats.aio.client")  # a module; what is taken of it is typed below
            errors: Any = import_module("nats.errors")
            jetstream_errors: Any = import_module("nats.js.errors")
        except ImportError as exc:
            raise ImportError(f"NATS needs a package that is missing ({exc}): {INSTALL_HINT}") from exc
        self.new_client = cast("Callable[[], NatsClient]", client.Client)
        self.no_servers_error = cast("type[Exception]", errors.NoServersError)
        self.no_stream_error = cast("type[Exception]", jetstream_errors.NotFoundError)
        self.no_jetstream_error = cast("type[Exception]", jetstream_errors.ServiceUnavailableError)

"""Tools of a service over UTCP behind the `ToolSession` port. Imported with the other optional packages.

The UTCP packages give the form of manuals: their models read the call templates. Calls are made here and not
by their clients. Requests go through the network guard, which checks the address behind each name and bounds
time and size. Commands run as words without a shell, so an argument can never become another command, and
their whole process group ends with the call; `utcp-cli` writes a script for `bash`, and ends only that.
An OpenAPI document is left to the same code as for the transport `http`.

A manual from the network may hold requests and texts; commands only one of this machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator

from penguiflow._clock import WallClock, wall_clock
from penguiflow.tools._connecting.session import HttpService, ToolSession, UtcpService
from penguiflow.tools._http import open_service as open_http_service
from penguiflow.tools._net import NetPolicy
from penguiflow.tools._net.client import GuardedClient
from penguiflow.tools._utcp.command_calls import CommandCalls
from penguiflow.tools._utcp.discovery import OpenApiAt, find_at_url, find_by_command
from penguiflow.tools._utcp.http_calls import HttpCalls
from penguiflow.tools._utcp.manuals import Manual
from penguiflow.tools._utcp.session import UtcpSession
from penguiflow.tools.errors import ToolClientError, ToolConnectionError, ToolTimeoutError

__all__ = ["open_service"]


@contextlib.asynccontextmanager
async def open_service(
    service: UtcpService, *, clock: WallClock = wall_clock
) -> AsyncGenerator[ToolSession, None]:
    """Find the manual of a service and its tools.

    Raises:
        ToolConnectionError: the service cannot be reached or has no manual; the hint says what to do.
        ToolAuthError: a credential is missing or was refused.
        OSError: its command cannot be started.
    """
    declared = () if service.kind == "command" else (service.connection,)
    with _as_connection_error(service):
        policy = NetPolicy.for_urls(*declared, allowed_hosts=service.allowed_hosts)
    client = GuardedClient(policy, timeout_s=service.timeout_s, max_response_bytes=service.max_response_bytes)
    async with client:
        requests = HttpCalls(client, service, policy, clock=clock)
        commands = CommandCalls(service)
        with _as_connection_error(service):
            found = await _found(service, requests, commands)
        if not isinstance(found, OpenApiAt):
            yield UtcpSession(service, found, requests=requests, commands=commands)
            return
    async with open_http_service(_http_service(service, found), clock=clock) as session:
        yield session


async def _found(service: UtcpService, requests: HttpCalls, commands: CommandCalls) -> Manual | OpenApiAt:
    if service.kind == "command":
        return await find_by_command(service, commands)
    return await find_at_url(service, requests)


@contextlib.contextmanager
def _as_connection_error(service: UtcpService) -> Generator[None]:
    """Say of whatever hinders connecting that it does."""
    try:
        yield
    except (ToolClientError, ToolTimeoutError) as error:
        raise ToolConnectionError(
            f"cannot connect `{service.name}`: {error}", category=error.category, cause=error, hint=error.hint
        ) from error


def _http_service(service: UtcpService, found: OpenApiAt) -> HttpService:
    return HttpService(
        name=service.name,
        url=found.url,
        headers=service.headers,
        live_headers=service.live_headers,
        timeout_s=service.timeout_s,
        allowed_hosts=service.allowed_hosts,
        max_response_bytes=service.max_response_bytes,
    )

"""Tools of a service over HTTP behind the `ToolSession` port. Imported with the other optional packages.

A service describes itself by an OpenAPI 3 document or by a list of tools with JSON schemas; see `tool_lists`
for the shape of the latter. Where requests may go is the guard's decision, see `penguiflow.tools._net`.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncGenerator

from penguiflow._clock import WallClock, wall_clock
from penguiflow.tools._connecting.session import HttpService, ToolSession
from penguiflow.tools._http.credentials import merged_credentials
from penguiflow.tools._http.discovery import discover
from penguiflow.tools._http.session import ServiceSession
from penguiflow.tools._net import NetPolicy, ResolveName, resolve_with_system
from penguiflow.tools._net.client import GuardedClient
from penguiflow.tools.errors import (
    ErrorCategory,
    ToolAuthError,
    ToolConnectionError,
    ToolNodeError,
    ToolTimeoutError,
)

__all__ = ["open_service"]


@contextlib.asynccontextmanager
async def open_service(
    service: HttpService,
    *,
    resolve: ResolveName = resolve_with_system,
    tls: ssl.SSLContext | None = None,
    clock: WallClock = wall_clock,
) -> AsyncGenerator[ToolSession, None]:
    """Connect to the service: read what it offers.

    Raises:
        ToolAuthError: it wants a credential first.
        ToolConnectionError: it cannot be reached in time, may not be reached, or does not describe itself.
    """
    try:
        policy = NetPolicy.for_urls(service.url, allowed_hosts=service.allowed_hosts)
    except ToolNodeError as error:
        raise _not_connected(service, error) from error
    client = GuardedClient(
        policy,
        timeout_s=service.timeout_s,
        max_response_bytes=service.max_response_bytes,
        resolve=resolve,
        tls=tls,
    )
    async with client:
        try:
            description = await discover(client, service, merged_credentials(service), now_s=clock())
        except ToolAuthError:
            raise
        except ToolNodeError as error:
            raise _not_connected(service, error) from error
        yield ServiceSession(service, client, policy, description, clock=clock)


def _not_connected(service: HttpService, error: ToolNodeError) -> ToolConnectionError:
    is_silent = isinstance(error, ToolTimeoutError)
    return ToolConnectionError(
        f"cannot connect `{service.name}`: {error}",
        category=ErrorCategory.NETWORK if is_silent else error.category,
        cause=error,
        hint=error.hint,
        retry_after_s=error.retry_after_seconds,
    )

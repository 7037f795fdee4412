"""Sends the requests of a sign-in, each guarded and bounded; the HTTP client is loaded by the first."""

from __future__ import annotations

import asyncio
import functools

from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.exchange import Answer, Request, Send
from penguiflow.tools.errors import ToolConnectionError


async def send(request: Request, policy: NetPolicy) -> Answer:
    """Do as `Send` says. The first call loads the HTTP client, in a thread.

    Raises:
        SignInError, ToolConnectionError: as `Send` says, or the client is not installed.
    """
    sender = _client() if _client.cache_info().currsize else await asyncio.to_thread(_client)
    return await sender(request, policy)


@functools.cache
def _client() -> Send:
    try:
        # Not above: whoever signs nobody in needs no HTTP client.
        from penguiflow.tools._oauth.web_client import send_guarded  # noqa: PLC0415
    except ImportError as error:
        raise ToolConnectionError(
            "signing in needs packages that are not installed",
            hint="pip install 'penguiflow[tools]'",
            cause=error,
        ) from error
    return send_guarded

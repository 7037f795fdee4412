"""What signing in needs of HTTP: one guarded request, one bounded answer."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from penguiflow.tools._net import NetPolicy
from penguiflow.tools.errors import ToolConnectionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that was read to its end, or up to its headers."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `form` and `json` exclude each other; with `only_headers` the body is not waited for."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: JsonValue = field(default=None, repr=False)
    only_headers: bool = False


class Send(Protocol):
    """Sends a request where the policy allows it; follows no redirect.

    Raises:
        SignInError: the policy forbids it, or the answer is too large.
        ToolConnectionError: nobody answers.
    """

    async def __call__(self, request: Request, policy: NetPolicy) -> Answer: ...


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

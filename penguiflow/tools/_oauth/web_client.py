"""Requests of a sign-in through httpx, behind the network guard."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx

from penguiflow.tools._net import AddressRefusedError, BodyRefusedError, NetPolicy, read_body
from penguiflow.tools._net.bodies import ACCEPT_ENCODING
from penguiflow.tools._net.transport import GuardedTransport
from penguiflow.tools._oauth.errors import SignInError, without_query
from penguiflow.tools._oauth.exchange import Answer, Request
from penguiflow.tools.errors import ToolConnectionError

_TIMEOUT_S: Final = 20.0
_MAX_BODY_BYTES: Final = 1_000_000


async def send_guarded(request: Request, policy: NetPolicy) -> Answer:
    """Send one request over a connection of its own; redirects are answers, not ways.

    Raises:
        SignInError: the policy forbids the address, or the answer is too large.
        ToolConnectionError: nobody answers within 20 s.
    """
    where = without_query(request.url)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await _send(request, policy)
    except AddressRefusedError as error:
        raise SignInError(f"nothing was sent to `{where}`: {error}", hint=error.hint) from error
    except BodyRefusedError as error:
        raise SignInError(f"the answer of `{where}` was not read: {error}") from error
    except TimeoutError as error:
        raise ToolConnectionError(f"`{where}` did not answer within {_TIMEOUT_S:g} s") from error
    except httpx.InvalidURL:
        raise SignInError(f"nothing was sent to `{where}`: it is no URL") from None
    except httpx.HTTPError as error:
        # Without the cause: a client's error may quote what was sent.
        raise ToolConnectionError(
            f"`{where}` cannot be reached ({type(error).__name__})",
            hint="check that the server runs and that this machine is connected to the network",
        ) from None


async def _send(request: Request, policy: NetPolicy) -> Answer:
    headers = {"Accept-Encoding": ACCEPT_ENCODING, "Accept": "application/json", **request.headers}
    async with (
        httpx.AsyncClient(transport=GuardedTransport(policy), trust_env=False, timeout=_TIMEOUT_S) as client,
        client.stream(
            request.method,
            request.url,
            headers=headers,
            data=request.form,
            json=request.json,
            follow_redirects=False,
        ) as response,
    ):
        body = b"" if request.only_headers else await read_body(response, max_bytes=_MAX_BODY_BYTES)
        return Answer(status=response.status_code, headers=dict(response.headers), body=body)

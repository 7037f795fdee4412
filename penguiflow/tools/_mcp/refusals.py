"""The HTTP status of a refused request, which the MCP SDK reduces to "an error response", or loses.

A request is sent in a copy of the context of the call that caused it, so the status finds its call through
a context variable also when calls overlap.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import httpx2
from pydantic import ValidationError

from penguiflow.safe_text import safe_line, safe_text
from penguiflow.tools._connecting.process import MAX_MESSAGE_BYTES
from penguiflow.tools.adapters import error_of_status
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError, ToolNodeError

_NOT_FOUND: Final = 404
_METHOD_NOT_ALLOWED: Final = 405

# What the SDK says where the body of a refusal held no MCP error.
_SESSION_TERMINATED: Final = "Session terminated"
_STAND_INS: Final = frozenset({"Server returned an error response", "Not Found", _SESSION_TERMINATED})
_STREAM_BROKE: Final = "SSE stream "
"""How the SDK begins what it says of an answer that ended before it was complete."""

_NO_MESSAGE: Final = "Failed to parse "
_NO_JSON: Final = "Unexpected content type: "
_NO_ANSWER: Final = ("Redirect to ", "server answered a request with 202")
"""How it begins what it says of an answer that is something else."""

TOO_LARGE: Final = f"it is longer than {MAX_MESSAGE_BYTES // 1024**2} MiB"

_MAX_TEXT_CHARS: Final = 2000

AnswerT = TypeVar("AnswerT")


class UnreadableAnswerError(Exception):
    """The server answered, with something else than a message of the protocol; whether a tool ran is open."""


class RefusalStatus:
    """The HTTP status of the last request of one call, if that was refused."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.retry_after_s: float | None = None
        self._refused = asyncio.Event()

    def note(self, response: httpx2.Response) -> None:
        if response.status_code < 400:
            self.code = self.retry_after_s = None
            return
        self.code = response.status_code
        self.retry_after_s = _seconds(response.headers.get("retry-after"))
        self._refused.set()

    async def answer_or_refusal(self, request: Coroutine[Any, Any, AnswerT]) -> AnswerT:
        """Await a request that nobody answers once it is refused, as with the older transport.

        Raises:
            ToolNodeError: it was refused. Other exceptions: those of `request`.
        """
        answer = asyncio.create_task(request)
        refusal = asyncio.create_task(self._refused.wait())
        try:
            await asyncio.wait({answer, refusal}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise self.by_status(None)
        finally:
            answer.cancel()
            refusal.cancel()
            await asyncio.gather(answer, refusal, return_exceptions=True)

    def explain(self, error: Exception) -> Exception | None:
        """Return the error by status when a request was refused, else by what the SDK says in `error`.

        None when `error` says it best.

        A session the server forgot is a broken connection: the request was not looked at.
        """
        text = str(error)
        if self.code is not None:
            return self.by_status(error)
        return _unreadable_result(error) if isinstance(error, ValidationError) else _spoiled_answer(text)

    def by_status(self, error: Exception | None) -> ToolNodeError:
        """Return the error for a request that was refused."""
        text = str(error or "")
        if self.code == _NOT_FOUND and text == _SESSION_TERMINATED:
            return ToolConnectionError(
                "the MCP server no longer knows this session",
                status_code=self.code,
                category=ErrorCategory.NETWORK,
                cause=error,
            )
        if text in _STAND_INS or error is None or isinstance(error, httpx2.HTTPStatusError):
            text = "the MCP server refused the request"
        return error_of_status(
            self.code,
            f"{safe_text(text, max_chars=_MAX_TEXT_CHARS)} (HTTP status {self.code})",
            cause=error,
            retry_after_s=self.retry_after_s,
        )


_current: ContextVar[RefusalStatus | None] = ContextVar("penguiflow_mcp_refusal", default=None)


@contextlib.contextmanager
def refusal_status() -> Generator[RefusalStatus, None, None]:
    """Watch the requests sent from inside the block."""
    status = RefusalStatus()
    token = _current.set(status)
    try:
        yield status
    finally:
        _current.reset(token)


async def note_refusal(response: httpx2.Response) -> None:
    """Note the status for the call that sent the request; an event hook of the HTTP client."""
    status = _current.get()
    # A server without a stream of its own messages says so with 405, which refuses no call.
    is_offer = response.request.method == "GET" and response.status_code == _METHOD_NOT_ALLOWED
    if status is not None and not is_offer:
        status.note(response)


def _unreadable_result(error: ValidationError) -> UnreadableAnswerError:
    """Return the error for an answer that is a message of MCP, but with another shape than agreed."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the result"
    return UnreadableAnswerError(
        f"the answer cannot be read: `{safe_line(place, max_chars=200)}`: {first['msg']}"
    )


def _spoiled_answer(text: str) -> Exception | None:
    """Return the error for what the SDK says of an answer that is none."""
    if text.startswith(_STREAM_BROKE):
        reason = safe_line(text, max_chars=_MAX_TEXT_CHARS)
        return ToolConnectionError(f"the answer of the MCP server broke off: {reason}")
    if TOO_LARGE in text:
        return UnreadableAnswerError(f"the answer cannot be read: {TOO_LARGE}")
    if text.startswith(_NO_MESSAGE):
        return UnreadableAnswerError("the answer cannot be read: it is no MCP message")
    if text.startswith(_NO_JSON):
        kind = safe_line(text.removeprefix(_NO_JSON), max_chars=200)
        return UnreadableAnswerError(f"the answer cannot be read: its content type is `{kind}`")
    if text.startswith(_NO_ANSWER):
        return UnreadableAnswerError(f"there is no answer: {safe_line(text, max_chars=_MAX_TEXT_CHARS)}")
    return None


def _seconds(value: str | None) -> float | None:
    """Return a `Retry-After` in seconds; a date is not used, the clocks of two machines differ."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None

"""Reads the body of an answer up to a number of bytes, counted after decompression."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

from penguiflow.safe_text import safe_line
from penguiflow.tools.errors import ToolClientError

ACCEPT_ENCODING: Final = "gzip"
"""What a request asks for. Other encodings are not read: their decoders do not stop at a limit."""

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class BodyRefusedError(ToolClientError):
    """The body of an answer is too large, or packed so that its size cannot be bounded."""


class StreamedResponse(Protocol):
    """What is needed of a response whose body was not read yet; httpx has it."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def aiter_raw(self) -> AsyncIterator[bytes]: ...


async def read_body(response: StreamedResponse, *, max_bytes: int) -> bytes:
    """Return the whole body, decompressed.

    Raises:
        BodyRefusedError: it has more than `max_bytes`, or an encoding nobody asked for.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip", "deflate"):
        return await _read_packed(response, max_bytes)
    if encoding not in ("identity", ""):
        raise BodyRefusedError(
            f"the answer is packed as `{safe_line(encoding, max_chars=50)}`, which was not asked for"
        )
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


async def _read_packed(response: StreamedResponse, max_bytes: int) -> bytes:
    body = bytearray()
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    is_complete = True
    async for chunk in response.aiter_raw():
        waiting = chunk
        while waiting:
            try:
                body += unpacker.decompress(waiting, max_bytes - len(body) + 1)
            except zlib.error as error:
                raise BodyRefusedError(
                    "the answer says it is packed, and cannot be unpacked", cause=error
                ) from error
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
            waiting = unpacker.unconsumed_tail
            is_complete = unpacker.eof
            if unpacker.eof:
                # Another packed part may follow, or padding.
                waiting = unpacker.unused_data.lstrip(b"\0")
                unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    if not is_complete:
        raise BodyRefusedError("the answer is packed, and ends in the middle")
    return bytes(body)


def _too_large(max_bytes: int) -> BodyRefusedError:
    return BodyRefusedError(
        f"the answer is larger than {max_bytes} bytes",
        hint="ask for less, or raise `max_response_bytes` of the connection",
    )

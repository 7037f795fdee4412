"""A TCP line to a server that is cut at a chosen moment: what was asked is done, and the answer is lost.

async with cut_line(port) as line:
    line.lose_answer_to(b"COMMIT")
    ...  # talk to line.port; the connection that sends these bytes breaks once
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK_BYTES = 1 << 20


class CutLine:
    """Passes bytes on in both directions. `cuts` counts the answers that were lost."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._trigger: bytes | None = None
        self.port = 0
        self.cuts = 0

    def lose_answer_to(self, trigger: bytes) -> None:
        """Cut the next connection that sends these bytes, once the server has answered them."""
        self._trigger = trigger

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target_port)
        cut = asyncio.Event()
        try:
            with suppress(ConnectionError):
                asking = asyncio.create_task(self._carry_questions(reader, to_server, cut))
                answering = asyncio.create_task(self._carry_answers(from_server, writer, cut))
                both = (asking, answering)
                try:
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in both:
                        task.cancel()
                    await asyncio.gather(*both, return_exceptions=True)
        finally:
            writer.transport.abort()
            to_server.transport.abort()

    async def _carry_questions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while chunk := await reader.read(_CHUNK_BYTES):
            if self._trigger is not None and self._trigger in chunk:
                self._trigger = None
                cut.set()
            writer.write(chunk)
            await writer.drain()

    async def _carry_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while chunk := await reader.read(_CHUNK_BYTES):
            if cut.is_set():
                self.cuts += 1
                return
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def cut_line(target_port: int) -> AsyncIterator[CutLine]:
    """Listen on a free port of loopback and carry what comes there to the target."""
    line = CutLine(target_port)
    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(line.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

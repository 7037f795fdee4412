"""What a tool call costs beside the protocol it travels by, as a ratio.

    python benchmarks/tools.py [--calls 300] [--times 5]

One stdio MCP server answers both: FastMCP's own client (the baseline), and a `ToolNode` in front of the same
client, which validates nothing here but holds a slot, may repeat, keeps types and looks for files in the
result. CPU time of this process per call, medians over the turns; the server is another process.
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, TransportType

_COMMAND = [sys.executable, str(Path(__file__).resolve()), "--serve"]


def serve() -> None:
    """Be the server."""
    server: FastMCP[None] = FastMCP("bench")

    @server.tool
    def rows(count: int) -> list[dict[str, int]]:
        """Return a small table."""
        return [{"number": number, "square": number * number} for number in range(count)]

    server.run(transport="stdio", show_banner=False, log_level="ERROR")


async def cpu_ms(call: Callable[[], Awaitable[object]], calls: int) -> float:
    """Return the CPU milliseconds of one call."""
    started = time.process_time()
    for _ in range(calls):
        await call()
    return 1000 * (time.process_time() - started) / calls


async def measure(calls: int, times: int) -> None:
    """Measure both in turns and print."""
    node = ToolNode(
        ExternalToolConfig(name="bench", transport=TransportType.MCP, connection=shlex.join(_COMMAND)),
        ModelRegistry(),
    )
    client = Client(StdioTransport(_COMMAND[0], _COMMAND[1:]))
    bare: list[float] = []
    ours: list[float] = []
    async with client:
        await node.connect()
        for _ in range(times + 1):
            bare.append(await cpu_ms(lambda: client.call_tool_mcp("rows", {"count": 20}), calls))
            ours.append(await cpu_ms(lambda: node.call("rows", {"count": 20}), calls))
        await node.close()
    # The first turn pays for what is loaded and built once.
    bare_ms, ours_ms = statistics.median(bare[1:]), statistics.median(ours[1:])
    print(f"bare client  : {bare_ms:.3f} ms CPU a call")
    print(f"ToolNode.call: {ours_ms:.3f} ms CPU a call")
    print(f"ratio        : {ours_ms / bare_ms:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--serve", action="store_true", help="be the server")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    if options.serve:
        serve()
    else:
        asyncio.run(measure(options.calls, options.times))


if __name__ == "__main__":
    main()

"""A stdio MCP server in the standard library that plays a script of misbehaviour.

    python mcp_fuzz.py SCRIPT

SCRIPT is a JSON list; its first entry is how the first request is answered, and so on; requests after its
end are answered well. `tools` in it are the tools that are listed. See `HABITS`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

Message = Any  # JSON-RPC messages as they come


def _line(message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _good(request: Message) -> bytes:
    return _line({"jsonrpc": "2.0", "id": request["id"], "result": _result(request)})


def _result(request: Message) -> object:
    match request["method"]:
        case "initialize":
            return {
                "protocolVersion": request["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "fuzz", "version": "1"},
            }
        case "tools/list":
            return {"tools": [{"name": "greet", "inputSchema": {"type": "object"}}]}
        case _:
            return {"content": [{"type": "text", "text": "hello"}]}


def _with_result(request: Message, result: object) -> bytes:
    return _line({"jsonrpc": "2.0", "id": request["id"], "result": result})


def _error(request: Message, code: object, text: object) -> bytes:
    return _line({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": text}})


def _drip(request: Message) -> bytes:
    for byte in _good(request)[:20]:
        _out.write(bytes([byte]))
        _out.flush()
        time.sleep(0.1)
    return b""


def _silent(request: Message) -> bytes:
    return b""


def _flood_stderr(request: Message, megabytes: int = 1) -> bytes:
    block = b"\x1b[2Jflood \xff" * 10_000 + b"\n"
    for _ in range(megabytes * 1_000_000 // len(block)):
        sys.stderr.buffer.write(block)
    return _good(request)


def _endless(block: bytes) -> bytes:
    while True:
        _out.write(block)


def _deaf(request: Message) -> bytes:
    _out.write(_good(request))
    _out.flush()
    time.sleep(3600)
    return b""


def _close_output(request: Message) -> bytes:
    os.close(1)
    return b""


def _exit(code: int) -> Callable[[Message], bytes]:
    return lambda request: os._exit(code)


def _killed(request: Message) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def _ignore_sigterm(request: Message) -> bytes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return _good(request)


def _many_tools(request: Message) -> bytes:
    schema = {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What to look for."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
            "where": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
        "required": ["query"],
    }
    tools = [
        {"name": f"tool_{number}", "description": f"Tool {number}.", "inputSchema": schema}
        for number in range(10_000)
    ]
    return _with_result(request, {"tools": tools})


def _hostile_tools(request: Message) -> bytes:
    names = [
        "a\u202eb",
        "\x1b[2J",
        "x" * 1_000_000,
        "../../etc",
        "a b\nc",
        "",
        "\U000e0041",
        "__class__",
        "a.b.c",
    ]
    tools = [
        {"name": name, "description": _HOSTILE * 10, "inputSchema": {"type": "object"}} for name in names
    ]
    recursive = {
        "type": "object",
        "properties": {"self": {"$ref": "#"}},
        "additionalProperties": {"$ref": "#"},
    }
    tools.append({"name": "recursive", "description": "", "inputSchema": recursive})
    return _with_result(request, {"tools": tools})


_NOTIFICATION = _line({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "x"}})
_REQUEST = _line({"jsonrpc": "2.0", "id": "s1", "method": "sampling/createMessage", "params": {}})
_HOSTILE = "\x1b]0;t\x07\u202e\u2066\U000e0041" * 1000

HABITS: dict[str, Callable[[Message], bytes]] = {
    "well": _good,
    "not at all": _silent,
    "slowly": _drip,
    "garbage": lambda request: b"\x00\xff{{{\n" + _good(request),
    "half a message": lambda request: _good(request)[:-20],
    "half a message, then the rest of another": lambda request: _good(request)[:-20] + _good(request),
    "many lines that are no message": lambda request: b"hello\n" * 50_000 + _good(request),
    "a line of 20 MB": lambda request: b"x" * 20_000_000 + b"\n" + _good(request),
    "a text of 8 MB": lambda request: _with_result(
        request, {"content": [{"type": "text", "text": "x" * 8_000_000}]}
    ),
    "a result of the wrong shape": lambda request: _with_result(request, {"content": 5, "tools": {}}),
    "a result that is no object": lambda request: _with_result(request, [1]),
    "both result and error": lambda request: _good(request)[:-2] + b', "error": {"code": 1}}\n',
    "an answer to nobody": lambda request: _with_result({"id": 12345}, {}) + _good(request),
    "an answer to null": lambda request: _with_result({"id": None}, {}) + _good(request),
    "the same twice": lambda request: _good(request) * 2,
    "an error": lambda request: _error(request, -32603, "broken"),
    "an error of the wrong shape": lambda request: _error(request, "x", None),
    "an error with hidden text": lambda request: _error(request, -32000, _HOSTILE),
    "a request of its own": lambda request: _REQUEST + _good(request),
    "many notifications": lambda request: _NOTIFICATION * 500 + _good(request),
    "deep": lambda request: b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 50_000 + b"\n" + _good(request),
    "numbers that are none": lambda request: b'{"jsonrpc":"2.0","id":NaN,"result":{}}\n' + _good(request),
    "with a flood on stderr": _flood_stderr,
    "and ignores SIGTERM": _ignore_sigterm,
    "and reads no more": _deaf,
    "by closing its output": _close_output,
    "by leaving": _exit(0),
    "by failing": _exit(137),
    "by being killed": _killed,
}

HEAVY: dict[str, Callable[[Message], bytes]] = {
    "with 100 MB on stderr": lambda request: _flood_stderr(request, megabytes=100),
    "a line of 64 MB": lambda request: b"x" * 64_000_000 + b"\n" + _good(request),
    "a result of 15 MB": lambda request: _with_result(request, {"content": [], "x": "y" * 15_000_000}),
    "lines without end": lambda request: _endless(b"{}\n" * 10_000),
    "one line without end": lambda request: _endless(b"x" * 65_536),
    "notifications without end": lambda request: _endless(_NOTIFICATION * 100),
}
"""These take a moment, and more memory."""

LISTS: dict[str, Callable[[Message], bytes]] = {
    "ten thousand tools": _many_tools,
    "hostile tools": _hostile_tools,
}
"""These answer the question for the tools."""

_out: BinaryIO = sys.stdout.buffer


def main() -> None:
    script: list[str] = json.loads(sys.argv[1])
    habits = {**HABITS, **HEAVY, **LISTS}
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        if message["method"] == "server/discover":
            _out.write(_error(message, -32601, "Method not found"))
        else:
            _out.write(habits[script.pop(0) if script else "well"](message))
        _out.flush()


if __name__ == "__main__":
    main()

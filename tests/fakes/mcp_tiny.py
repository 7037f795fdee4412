"""A stdio MCP server in the standard library alone, for tests: it starts at once and misbehaves on request.

    python mcp_tiny.py [--pid-file PATH] [--token TOKEN] [HABIT ...]

Habits: `silent` (never answers), `ignore-sigterm` (and does not leave when stdin closes), `flood-stderr`,
`chatty` (prints what is no message), `grandchild` (starts a process that would outlive it), `exit-N`,
`twins` (two tools of one name), `changed-echo` (with another description), `hostile-text` (names and texts
with control characters).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Json = Any  # JSON-RPC messages as they come


def _tool(name: str, description: str, properties: Json | None = None, **more: Json) -> Json:
    schema: Json = {"type": "object", "properties": properties or {}, "required": more.pop("required", [])}
    return {"name": name, "description": description, "inputSchema": schema, **more}


TOOLS = [
    _tool(
        "echo",
        "Returns its arguments.",
        {"text": {"type": "string"}, "times": {"type": "integer", "default": 1}},
    ),
    _tool("environment", "Names and values of the environment."),
    _tool("where", "The working directory."),
    _tool("pid", "The process id."),
    _tool("die", "Exits without an answer.", annotations={"destructiveHint": True}),
    _tool(
        "slow_once", "Does not answer the first call.", {"marker": {"type": "string"}}, required=["marker"]
    ),
    _tool(
        "slow_write",
        "Does not answer the first call, and changes something.",
        {"marker": {"type": "string"}},
        annotations={"readOnlyHint": False, "idempotentHint": False},
    ),
    _tool("never", "Does not answer."),
    _tool("refuse", "Reports an error.", {"text": {"type": "string"}}),
    _tool("large", "Returns a text of `size` characters.", {"size": {"type": "integer"}}, required=["size"]),
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pid-file", type=Path)
    parser.add_argument("--token", help="a secret on the command line, which is not used")
    parser.add_argument("habits", nargs="*")
    arguments = parser.parse_args()
    habits = set(arguments.habits)
    if arguments.pid_file is not None:
        pids = [str(os.getpid())]
        if "grandchild" in habits:
            pids.append(str(subprocess.Popen(["sleep", "60"]).pid))
        arguments.pid_file.write_text("\n".join(pids))
    _misbehave(habits)
    for line in sys.stdin:
        _handle(json.loads(line), habits)


def _misbehave(habits: set[str]) -> None:
    if "ignore-sigterm" in habits:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "flood-stderr" in habits:
        for number in range(50_000):
            sys.stderr.write(f"line {number} of a flood\n")
        sys.stderr.write("\x1b[31mthe last line\x1b[0m\n")
        sys.stderr.flush()
    for habit in habits:
        if habit.startswith("exit-"):
            sys.stderr.write("cannot find my settings\n")
            sys.exit(int(habit.removeprefix("exit-")))
    while "silent" in habits:
        time.sleep(60)


def _handle(message: Json, habits: set[str]) -> None:
    if "chatty" in habits:
        sys.stdout.write("hello, I am chatting\n")
    if "id" not in message:
        return
    method = message["method"]
    if method == "initialize":
        _reply(
            message,
            {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "tiny", "version": "0.1"},
            },
        )
    elif method == "tools/list":
        _reply(message, {"tools": _tools(habits)})
    elif method == "tools/call":
        _call(message, message["params"]["name"], message["params"].get("arguments") or {})
    else:
        _error(message, -32601, "Method not found")
    if "ignore-sigterm" in habits and method == "tools/list":
        while True:
            time.sleep(60)


def _tools(habits: set[str]) -> Json:
    if "changed-echo" in habits:
        return [{**tool, "description": "Changed."} if tool["name"] == "echo" else tool for tool in TOOLS]
    if "twins" in habits:
        return [TOOLS[0], TOOLS[0]]
    if "hostile-text" in habits:
        return [_tool("evil\u202ename", "\x1b]0;title\x07 harmless")]
    return TOOLS


def _call(message: Json, name: str, arguments: Mapping[str, Json]) -> None:
    match name:
        case "die":
            os._exit(7)
        case "never":
            pass
        case "slow_once" | "slow_write":
            _answer_from_the_second_call(message, Path(arguments["marker"]))
        case "refuse":
            _reply(message, {"content": [{"type": "text", "text": arguments["text"]}], "isError": True})
        case "echo" | "environment" | "where" | "pid" | "large":
            _text(message, _value(name, arguments))
        case _:
            _error(message, -32602, f"Unknown tool: {name}")


def _value(name: str, arguments: Mapping[str, Json]) -> str:
    values: dict[str, Callable[[], str]] = {
        "echo": lambda: json.dumps(arguments),
        "environment": lambda: json.dumps(dict(os.environ)),
        "where": os.getcwd,
        "pid": lambda: str(os.getpid()),
        "large": lambda: "x" * arguments["size"],
    }
    return values[name]()


def _answer_from_the_second_call(message: Json, marker: Path) -> None:
    calls = len(marker.read_text()) if marker.exists() else 0
    marker.write_text("x" * (calls + 1))
    if calls:
        _text(message, f"answered call {calls + 1}")


def _text(message: Json, text: str) -> None:
    _reply(message, {"content": [{"type": "text", "text": text}]})


def _reply(message: Json, result: Json) -> None:
    _send({"jsonrpc": "2.0", "id": message["id"], "result": result})


def _error(message: Json, code: int, text: str) -> None:
    _send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": text}})


def _send(message: Json) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

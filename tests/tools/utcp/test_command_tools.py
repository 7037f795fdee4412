"""Commands of a manual, run for real: nothing is injected, nothing leaks, nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from penguiflow.tools import ToolClientError, ToolConnectionError, ToolTimeoutError
from tests.fakes.mcp_processes import child_pids, is_running, until
from tests.fakes.utcp_service import UtcpServer, command_tool
from tests.tools.utcp.conftest import opened

pytestmark = pytest.mark.process

A = "UTCP_ARG_a_UTCP_END"
SHOW = f"{sys.executable} -c 'import json, sys; print(json.dumps(sys.argv[1:]))'"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}

INJECTIONS = [
    "; touch hacked",
    "$(touch hacked)",
    "`touch hacked`",
    "a\ntouch hacked\n",
    "' ; touch hacked '",
    '" ; touch hacked "',
    "| touch hacked",
    "&& touch hacked",
    "${IFS}touch",
    "*",
    "~",
    "UTCP_ARG_b_UTCP_END $PATH",
]


def local(folder: Path, *tools: dict[str, Any], **rest: Any) -> Any:
    """Open a session with a manual in a file of the folder."""
    (folder / "manual.json").write_text(json.dumps({"utcp_version": "1.0.1", "tools": list(tools)}))
    values = {"kind": "command", "cwd": str(folder), "environment": ENVIRONMENT, **rest}
    return opened("manual.json", **values)


@pytest.mark.parametrize("quoted", [A, f"'{A}'", f'"{A}"', f"x{A}y"])
async def test_an_argument_is_never_another_command(tmp_path: Path, quoted: str) -> None:
    async with local(tmp_path, command_tool("show", f"{SHOW} {quoted}")) as session:
        for text in INJECTIONS:
            expected = f"x{text}y" if quoted.startswith("x") else text
            assert (await session.call_tool("show", {"a": text})).value == [expected]
    assert os.listdir(tmp_path) == ["manual.json"]


async def test_a_command_with_places_for_arguments_is_a_tool(tmp_path: Path) -> None:
    (tmp_path / "fish.txt").write_text("cod\nsalmon\n")
    connection = "grep --max-count=UTCP_ARG_count_UTCP_END -e UTCP_ARG_word_UTCP_END fish.txt"
    async with opened(connection, kind="command", cwd=str(tmp_path), environment=ENVIRONMENT) as session:
        (tool,) = await session.list_tools()
        assert (tool.name, tool.description) == ("grep", "Runs the command `grep`.")
        assert tool.input_schema == {
            "type": "object",
            "properties": {"count": {"type": "string"}, "word": {"type": "string"}},
            "required": ["word"],
        }
        assert (await session.call_tool("grep", {"word": "o"})).value == "cod\nsalmon"
        assert (await session.call_tool("grep", {"word": "o", "count": "1"})).value == "cod"
        with pytest.raises(ToolClientError, match="the command of `grep` exited with code 1"):
            await session.call_tool("grep", {"word": "shark"})


async def test_a_command_that_prints_a_manual_is_asked_for_it(tmp_path: Path) -> None:
    manual = {"utcp_version": "1.0.1", "tools": [command_tool("shop.hello", f"echo hello {A}")]}
    (tmp_path / "tool.py").write_text(f"print('starting')\nprint({json.dumps(json.dumps(manual))})")
    connection = f"{sys.executable} tool.py --utcp"
    async with opened(connection, kind="command", cwd=str(tmp_path), environment=ENVIRONMENT) as session:
        assert (await session.call_tool("hello", {"a": "penguin"})).value == "hello penguin"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("print('no idea')", "exited with code 0 and printed: no idea"),
        ("import sys; sys.exit('what?')", "what?"),
    ],
)
async def test_a_command_without_a_manual_says_what_it_printed(
    tmp_path: Path, script: str, said: str
) -> None:
    (tmp_path / "tool.py").write_text(script)
    with pytest.raises(ToolConnectionError) as caught:
        async with opened(f"{sys.executable} tool.py", kind="command", cwd=str(tmp_path)):
            pass
    assert said in str(caught.value)
    assert "UTCP_ARG_name_UTCP_END" in (caught.value.hint or "")


@pytest.mark.parametrize("connection", ["a | b", "sh -c 'echo UTCP_ARG_a_UTCP_END'", "'"])
async def test_a_connection_that_needs_a_shell_is_refused(connection: str) -> None:
    with pytest.raises(ToolConnectionError, match="the connection of `svc` cannot be used"):
        async with opened(connection, kind="command"):
            pass


@pytest.mark.parametrize(
    ("command", "outputs", "value"),
    [
        ("echo 3", {}, "3"),
        ("echo 3", {"type": "integer"}, 3),
        ("echo '{\"n\": [1, null]}'", {}, {"n": [1, None]}),
        ("echo '[1]'", {"type": "string"}, "[1]"),
        ("true", {}, ""),
    ],
)
async def test_what_is_printed_keeps_its_type(
    tmp_path: Path, command: str, outputs: dict[str, object], value: object
) -> None:
    async with local(tmp_path, command_tool("run", command, outputs=outputs)) as session:
        assert (await session.call_tool("run", {})).value == value


async def test_steps_share_a_folder_and_their_outputs(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    run = command_tool(
        "run",
        f"cd {A}",
        {"command": "pwd", "append_to_final_output": True},
        "echo hidden",
        'echo "$CMD_2_OUTPUT in $CMD_1_OUTPUT"',
    )
    async with local(tmp_path, run) as session:
        folder = tmp_path / "deep"
        assert (await session.call_tool("run", {"a": "deep"})).value == f"{folder}\nhidden in {folder}"
        with pytest.raises(ToolClientError, match="there is no folder `none`"):
            await session.call_tool("run", {"a": "none"})


async def test_steps_end_with_the_first_that_fails(tmp_path: Path) -> None:
    run = command_tool("run", "ls /no/such/place", "touch reached")
    async with local(tmp_path, run, command_tool("gone", "no-such-program-x")) as session:
        with pytest.raises(ToolClientError, match=r"`run` exited with code \d: ls: .*No such file"):
            await session.call_tool("run", {})
        with pytest.raises(ToolClientError, match="`no-such-program-x` cannot be run"):
            await session.call_tool("gone", {})
    assert not (tmp_path / "reached").exists()


async def test_commands_see_the_environment_of_the_connection_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_PROCESS", "must-not-leak")
    tools = (
        command_tool("all", "env", env_vars={"GIVEN": "${KEY}!"}),
        command_tool("strict", "/usr/bin/env", inherit_env_vars=[]),
        command_tool("some", "env", inherit_env_vars=["PATH", "SECRET_OF_THE_PROCESS"]),
        command_tool("place", "echo $HOME $SECRET_OF_THE_PROCESS"),
    )
    async with local(tmp_path, *tools, variables={"KEY": "k1"}) as session:
        seen = {
            name: (await session.call_tool(name, {})).value for name in ("all", "strict", "some", "place")
        }
    lines = {name: set(str(text).splitlines()) for name, text in seen.items()}
    assert lines["all"] == {"PATH=/usr/bin:/bin", "HOME=/nowhere", "KEY=k1", "GIVEN=k1!"}
    assert (lines["strict"], lines["some"]) == ({"KEY=k1"}, {"PATH=/usr/bin:/bin", "KEY=k1"})
    assert seen["place"] == "/nowhere $SECRET_OF_THE_PROCESS"


async def test_a_slow_command_and_its_children_are_killed(tmp_path: Path) -> None:
    before = child_pids()
    (tmp_path / "slow.py").write_text(
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "open('pid', 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    async with local(tmp_path, command_tool("slow", f"{sys.executable} slow.py"), timeout_s=1.0) as session:
        with pytest.raises(ToolTimeoutError, match="did not end within 1 s and was killed"):
            await session.call_tool("slow", {})
    assert child_pids() == before
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: not is_running(pid))


async def test_a_cancelled_call_leaves_no_process(tmp_path: Path) -> None:
    before = child_pids()
    async with local(tmp_path, command_tool("slow", "sleep 60")) as session:
        call = asyncio.create_task(session.call_tool("slow", {}))
        await until(lambda: child_pids() != before)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert child_pids() == before


async def test_a_child_that_outlives_its_command_is_killed(tmp_path: Path) -> None:
    (tmp_path / "leave.py").write_text("import subprocess; print(subprocess.Popen(['sleep', '60']).pid)")
    async with local(tmp_path, command_tool("leave", f"{sys.executable} leave.py")) as session:
        pid = int(str((await session.call_tool("leave", {})).value))
    await until(lambda: not is_running(pid))


async def test_a_flood_is_cut_and_a_command_has_no_terminal_to_read(tmp_path: Path) -> None:
    tools = (command_tool("flood", "yes"), command_tool("read", "cat"))
    async with local(tmp_path, *tools, max_response_bytes=100_000) as session:
        with pytest.raises(ToolClientError, match="printed more than 100000 bytes"):
            await session.call_tool("flood", {})
        assert (await session.call_tool("read", {})).value == ""


async def test_a_manual_from_the_network_runs_nothing(service: UtcpServer, tmp_path: Path) -> None:
    service.has_manual(command_tool("touch", f"touch {tmp_path}/hacked"))
    with pytest.raises(ToolConnectionError, match="a manual from the network may not"):
        async with opened(service.url):
            pass
    assert not (tmp_path / "hacked").exists()

"""What a tool returned, on the screen and in a file."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from pydantic import JsonValue

from penguiflow_cli._streams import own_streams
from penguiflow_cli._tools_context import CommandContext
from penguiflow_cli._tools_result import ResultOptions, result_text, show_result, stored_parts
from tests.fakes.tools_commands import one_error, server_of, tools, write_servers

CaptureFd = pytest.CaptureFixture[str]
PICTURE: JsonValue = {
    "artifact": {"id": "art_1", "mime_type": "image/png", "size_bytes": 7},
    "summary": "a picture",
}


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (PICTURE, ["art_1"]),
        ([PICTURE, {"deeper": [PICTURE]}], ["art_1", "art_1"]),
        ({"artifact": "a word"}, []),
        ({"artifact": {"no": "id"}}, []),
        ("text", []),
    ],
)
def test_parts_that_are_kept_aside_are_found(value: JsonValue, ids: list[str]) -> None:
    assert [part.artifact_id for part in stored_parts(value)] == ids


def test_a_text_is_shown_as_it_is_and_the_rest_as_json() -> None:
    assert result_text("a\nb") == "a\nb"
    assert json.loads(result_text({"a": [1, "é"]})) == {"a": [1, "é"]}
    assert result_text(None) == "null"


async def test_what_is_not_shown_is_told_with_how_to_save_it(capfd: CaptureFd) -> None:
    with own_streams() as streams:
        await show_result("t", [PICTURE], CommandContext(), ResultOptions(), streams)
    stdout, stderr = capfd.readouterr()
    assert "art_1" in stdout
    assert stderr == "  image/png is not shown (7 bytes); --output FILE saves what came.\n"


@pytest.mark.process
def test_resources_are_read_like_tools_and_a_picture_is_saved(tmp_path: Path, capfd: CaptureFd) -> None:
    server = Path(__file__).parents[2] / "fakes" / "mcp_updates.py"
    write_servers(tmp_path, memos=server_of(shlex.join([sys.executable, str(server), "stdio"])))
    read, saved = ("call", "memos", "resources_read", "--trust"), tmp_path / "picture"
    assert tools(tmp_path, *read, "uri=memo://picture", "--output", str(saved), "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["file"], told["bytes"]) == (str(saved), saved.stat().st_size)
    assert saved.read_bytes().startswith(b"\x89PNG")
    assert tools(tmp_path, *read, "uri=memo://missing") == 5
    assert one_error(capfd)[0]

"""What `penguiflow tools` asks a person at a terminal, with the installed command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fakes.mcp_processes import tiny_command
from tests.fakes.tools_commands import server_of, write_servers
from tests.fakes.typed_command import CTRL_C, typed

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal"),
]


def test_trust_missing_arguments_and_approval_are_asked_for_in_turn(tmp_path: Path) -> None:
    write_servers(tmp_path, mine=server_of(tiny_command(), approval_filter=["large"]))
    answers = [("Start it?", "y"), ("size  (integer)", "many"), ("should be an integer", "5"), ("[y/N]", "y")]
    done = typed(tmp_path, "tools", "call", "mine", "large", answers=answers)
    assert (done.code, done.stdout) == (0, "xxxxx\n")
    assert "mcp_tiny.py" in done.seen
    assert '{"size": 5}' in done.seen


def test_ctrl_c_at_a_question_ends_at_once(tmp_path: Path) -> None:
    done = typed(tmp_path, "tools", "call", tiny_command(), "large", answers=[("> ", CTRL_C)])
    assert (done.code, done.stdout) == (130, "")

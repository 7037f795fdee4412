"""The notes server of the demo, as the demo starts it."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from penguiflow.tools import ToolClientError
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process


def command(database: Path) -> list[str]:
    return [sys.executable, "-m", "penguiflow_tui.demo.notes_server", "--database", str(database)]


async def test_notes_are_saved_listed_and_found(make_node: MakeNode, tmp_path: Path) -> None:
    database = tmp_path / "deep" / "notes.sqlite3"
    node = make_node(shlex.join(command(database)), name="notes", approval_filter=["save_note$"])
    await node.connect()
    assert {spec.name: spec.requires_approval for spec in node.get_tools()} == {
        "notes.save_note": True,
        "notes.list_notes": False,
        "notes.search_notes": False,
    }
    saved = (await node.call("notes.save_note", {"text": "Buy blue paint"}))["result"]
    assert isinstance(saved, dict)
    assert (saved["id"], saved["text"]) == (1, "Buy blue paint")
    await node.call("notes.save_note", {"text": "Água [brackets] 🐧"})
    notes = (await node.call("notes.list_notes", {"limit": 1}))["result"]
    assert isinstance(notes, list)
    assert [note["text"] for note in notes if isinstance(note, dict)] == ["Água [brackets] 🐧"]
    assert (await node.call("notes.search_notes", {"query": "PAINT blue"}))["result"] == [saved]
    assert (await node.call("notes.search_notes", {"query": "nowhere"}))["result"] == []
    with pytest.raises(ToolClientError):
        await node.call("notes.save_note", {"text": ""})
    with sqlite3.connect(database) as connection:
        assert [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY id")] == [
            "Buy blue paint",
            "Água [brackets] 🐧",
        ]
    connection.close()


def test_it_leaves_quietly_when_its_standard_input_closes(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path / "notes.sqlite3"), input=b"", capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

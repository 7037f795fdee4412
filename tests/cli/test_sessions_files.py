"""`penguiflow sessions export`, `import` and `runs export`: files that are there whole or not at all."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from penguiflow.state.contents import Content
from penguiflow.state.events import ContentRef, ModelCalled
from penguiflow_cli._errors import CommandError
from penguiflow_cli._new_file import new_file
from penguiflow_cli.app import exit_code_of
from tests.fakes.history import answered, asked, person_asked, run_of
from tests.fakes.history_files import in_history, keep

CaptureFd = pytest.CaptureFixture[str]
PROMPT = "history_" + "a" * 32


@pytest.fixture
def project(tmp_path: Path) -> Path:
    called = ModelCalled(
        step=1, attempt=1, latency_ms=1.0, messages=(ContentRef(content_id=PROMPT, chars=5, role="user"),)
    )
    text = Content(session_id="session-1", content_id=PROMPT, text="Hällo \x7f")
    folder = tmp_path / "project"
    keep(folder, run_of(asked("Ünïcode \x7f?"), called, answered()), [text])
    keep(folder, run_of(asked("Two?"), run_id="run-2"))
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def command(folder: Path, *arguments: str) -> int:
    return exit_code_of([*arguments, "--project-root", str(folder)])


def test_stdout_gets_the_same_bytes_as_a_file(project: Path, tmp_path: Path, capfd: CaptureFd) -> None:
    file = tmp_path / "session.jsonl"

    assert command(project, "sessions", "export", "last") == 0
    piped = capfd.readouterr()
    assert command(project, "sessions", "export", "last", "--output", str(file)) == 0
    told = capfd.readouterr()

    assert piped.out.encode() == file.read_bytes()
    assert piped.err == ""
    assert (told.out, told.err) == ("", f"Wrote 4 events and 1 contents to `{file}`.\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project", "session.jsonl"]


def test_a_file_that_is_there_is_written_over_only_by_force(
    project: Path, tmp_path: Path, capfd: CaptureFd
) -> None:
    file = tmp_path / "session.jsonl"
    file.write_text("mine")

    assert command(project, "sessions", "export", "last", "-o", str(file), "--json") == 2
    refused = json.loads(capfd.readouterr().out)
    assert file.read_text() == "mine"
    assert command(project, "sessions", "export", "last", "-o", str(file), "--json", "--force") == 0

    assert refused["code"] == "file_exists"
    written = json.loads(capfd.readouterr().out)
    assert written == {"v": 1, "type": "exported", "file": str(file), "events": 4, "contents": 1}
    assert file.read_text().startswith('{"type": "header"')


@pytest.mark.parametrize("force", [False, True])
def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path, force: bool) -> None:
    file = tmp_path / "file"

    def write_half() -> None:
        with new_file(file, force=force) as opened:
            opened.write("half of it")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_half()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def write_while_somebody_else_does() -> None:
        with new_file(file, force=False) as opened:
            opened.write("ours")
            file.write_text("theirs")

    with pytest.raises(CommandError, match="is there already"):
        write_while_somebody_else_does()

    assert file.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_that_leads_nowhere_is_a_file_that_is_there(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")

    with pytest.raises(CommandError, match="is there already"), new_file(link, force=False):
        pass

    assert not (tmp_path / "target").exists()


def test_a_folder_that_is_not_there_is_told(project: Path, tmp_path: Path, capfd: CaptureFd) -> None:
    assert command(project, "sessions", "export", "last", "-o", str(tmp_path / "no" / "file")) == 1
    assert "cannot be written: No such file or directory" in capfd.readouterr().err


def test_a_session_imported_elsewhere_is_exported_as_the_same_file(
    project: Path, elsewhere: Path, tmp_path: Path, capfd: CaptureFd
) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert command(project, "sessions", "export", "session-1", "-o", str(first)) == 0
    capfd.readouterr()

    assert command(elsewhere, "sessions", "import", str(first)) == 0
    imported = capfd.readouterr()
    assert command(elsewhere, "sessions", "import", str(first), "--json") == 0
    again = json.loads(capfd.readouterr().out)
    assert command(elsewhere, "sessions", "export", "session-1", "-o", str(second)) == 0

    assert (imported.out, imported.err) == ("session-1\n", "4 events, 4 of them new.\n")
    assert (again["type"], again["events"], again["new_events"]) == ("imported", 4, 0)
    assert second.read_bytes() == first.read_bytes()


def test_a_run_is_exported_with_its_texts_only(project: Path, capfd: CaptureFd) -> None:
    assert command(project, "runs", "export", "last") == 0
    last = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert command(project, "runs", "export", "last~1") == 0
    first = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    assert [record["type"] for record in last] == ["header", "event", "end"]
    assert [record["type"] for record in first] == ["header", "event", "content", "event", "event", "end"]
    assert (first[0]["session_id"], first[0]["run_id"]) == ("session-1", "run-1")


def test_a_file_comes_on_stdin_and_gets_an_id_of_its_own(
    project: Path, capfd: CaptureFd, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(project, "sessions", "export", "last") == 0
    data = capfd.readouterr().out.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    assert command(project, "sessions", "import", "-", "--as", "copy") == 0

    assert capfd.readouterr().out == "copy\n"
    found = in_history(project, lambda store: store.list_sessions())
    assert [(each.session_id, each.runs) for each in found] == [("copy", 2), ("session-1", 2)]


def test_an_imported_session_that_waits_says_that_it_cannot_go_on(
    tmp_path: Path, elsewhere: Path, capfd: CaptureFd
) -> None:
    project, file = tmp_path / "waiting", tmp_path / "file"
    keep(project, run_of(asked(), person_asked()))
    assert command(project, "sessions", "export", "last", "-o", str(file)) == 0

    assert command(elsewhere, "sessions", "import", str(file)) == 0

    assert "can be answered only where it was asked" in capfd.readouterr().err


BAD_FILES = [
    (b"\x00\x01 no history", "bad_history_file", "line 1 is no JSON"),
    (b"", "bad_history_file", "line 1 is no header"),
    (
        b'{"type": "header", "format": "penguiflow-history", "v": 2, "session_id": "s"}\n',
        "bad_history_file",
        "cut off",
    ),
]


@pytest.mark.parametrize(("data", "code", "message"), BAD_FILES)
def test_a_bad_file_is_refused(
    elsewhere: Path, tmp_path: Path, capfd: CaptureFd, data: bytes, code: str, message: str
) -> None:
    file = tmp_path / "bad"
    file.write_bytes(data)

    assert command(elsewhere, "sessions", "import", str(file), "--json") == 2

    output = capfd.readouterr()
    assert json.loads(output.out)["code"] == code
    assert message in output.err
    assert in_history(elsewhere, lambda store: store.list_sessions()) == []


@pytest.mark.parametrize("as_id", ["", "last", "-x", "a\x07b"])
def test_an_id_that_could_not_be_typed_is_refused(
    project: Path, tmp_path: Path, capfd: CaptureFd, as_id: str
) -> None:
    file = tmp_path / "file"
    assert command(project, "sessions", "export", "last", "-o", str(file)) == 0

    assert command(project, "sessions", "import", str(file), f"--as={as_id}", "--json") == 2
    assert json.loads(capfd.readouterr().out)["code"] == "bad_session_name"


def test_a_session_with_other_events_is_not_written_over(
    project: Path, elsewhere: Path, tmp_path: Path, capfd: CaptureFd
) -> None:
    file = tmp_path / "file"
    assert command(project, "sessions", "export", "last", "-o", str(file)) == 0
    keep(elsewhere, run_of(asked("Something else?")))

    assert command(elsewhere, "sessions", "import", str(file), "--json") == 2
    assert json.loads(capfd.readouterr().out)["code"] == "session_exists"


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_what_is_no_file_cannot_be_imported(
    elsewhere: Path, tmp_path: Path, capfd: CaptureFd, kind: str
) -> None:
    file = tmp_path / kind
    if kind == "folder":
        file.mkdir()
    if kind == "pipe":
        reading, writing = os.pipe()
        os.close(writing)
        file = Path(f"/dev/fd/{reading}")

    assert command(elsewhere, "sessions", "import", str(file), "--json") == 2

    assert json.loads(capfd.readouterr().out)["code"] == "file_not_read"
    assert list(elsewhere.iterdir()) == []
    if kind == "pipe":
        os.close(reading)

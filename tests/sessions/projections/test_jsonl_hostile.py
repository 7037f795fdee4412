"""Lines of a history file that nobody should trust: each is refused by its number, and nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.sessions.projections.jsonl import line_of
from penguiflow.sessions.projections.jsonl_reading import MAX_DEPTH, LineError, read_entry
from penguiflow.sessions.shelf.errors import HistoryFileError, ShelfError
from penguiflow.sessions.shelf.exporting import export_session
from penguiflow.sessions.shelf.history_file import HistoryFile
from penguiflow.sessions.shelf.importing import import_history
from penguiflow.state.events import RunEvent, RunStarted
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import answered, asked, run_of

HEADER: dict[str, Any] = {
    "type": "header",
    "format": "penguiflow-history",
    "v": 2,
    "session_id": "s",
    "run_id": None,
}
EVENT: dict[str, Any] = {
    "type": "event",
    "v": 2,
    "session_id": "s",
    "run_id": "r",
    "seq": 0,
    "ts": 1.0,
    "elapsed_ms": None,
    "kind": "run_started",
    "payload": {"question": "q", "agent": "a", "model": None},
}
CONTENT: dict[str, Any] = {
    "type": "content",
    "session_id": "s",
    "content_id": "history_" + "0" * 32,
    "sha256": hashlib.sha256(b"text").hexdigest(),
    "text": "text",
}
END: dict[str, Any] = {"type": "end", "events": 1, "contents": 0}


def line(record: object) -> bytes:
    return json.dumps(record).encode() + b"\n"


def file_of(*records: object) -> io.BytesIO:
    return io.BytesIO(b"".join(each if isinstance(each, bytes) else line(each) for each in records))


def deep(levels: int) -> bytes:
    text = json.dumps({**EVENT, "kind": "new_kind", "payload": {"x": 0}})
    return text.replace('{"x": 0}', '{"x": ' + "[" * levels + "]" * levels + "}").encode() + b"\n"


LINES = [
    (b"\xff\xfe\n", "is not UTF-8"),
    (b"\xef\xbb\xbf" + line(EVENT), "is no JSON"),
    (b"{\n", "is no JSON"),
    (b"\n", "is no JSON"),
    (b"[1]\n", "is no JSON object"),
    (b'{"type": "event", "type": "end"}\n', "has the key `type` twice"),
    (b'{"type": "event", "ts": NaN}\n', "has the number `NaN`"),
    (b'{"type": "event", "ts": -Infinity}\n', "has the number `-Infinity`"),
    (b'{"type": "event", "ts": 1e999}\n', "has the number `1e999`"),
    (b'{"type": "event", "ts": ' + b"9" * 5_000 + b"}\n", "is no JSON"),
    (deep(MAX_DEPTH), "is nested too deeply"),
    (deep(100_000), "is nested too deeply"),
    (line({"type": "script"}), "has the unknown type `script`"),
    (line({"type": ["event"]}), "has the unknown type a list"),
    (line({**EVENT, "v": 3}), "is an event of version 3; this program reads 1 to 2"),
    (line({**EVENT, "v": True}), "has no count in `v` but `True`"),
    (line({**EVENT, "v": "2"}), "has no count in `v`"),
    (line({**EVENT, "session_id": ""}), "has no name in `session_id`"),
    (line({**EVENT, "session_id": 5}), "has no name in `session_id`"),
    (line({**EVENT, "run_id": "r" * 1_001}), "has no name in `run_id`"),
    (line({**EVENT, "run_id": "\ud800"}), "has half a character in `run_id`"),
    (line({**EVENT, "kind": {"a": 1}}), "has no name in `kind` but an object"),
    (line({**EVENT, "kind": "\udfff"}), "has half a character in `kind`"),
    (line({**EVENT, "seq": -1}), "has no count in `seq`"),
    (line({**EVENT, "seq": 1.0}), "has no count in `seq`"),
    (line({**EVENT, "seq": True}), "has no count in `seq`"),
    (line({**EVENT, "seq": 2**63}), "has no count in `seq` but a number that is too large"),
    (line({**EVENT, "ts": None}), "has no number in `ts`"),
    (line({**EVENT, "ts": 10**400}), "has no number in `ts`"),
    (line({**EVENT, "ts": 1e12}), "has a `ts` that is no time"),
    (line({**EVENT, "elapsed_ms": "soon"}), "has no number in `elapsed_ms`"),
    (line({**EVENT, "payload": "text"}), "has no object with the fields of its event"),
    (line({**EVENT, "payload": {"question": 5, "agent": "a"}}), "is no event"),
    (line({**EVENT, "kind": "step_started", "payload": {"step": 10**30}}), "has a `step`"),
    (
        line({**EVENT, "kind": "tool_started", "payload": {"step": 1, "call_id": "\ud800", "tool": "t"}}),
        "has half a character in `call_id`",
    ),
    (line({**EVENT, "v": 1}), "has no object with the fields of its event"),
    (line({**EVENT, "v": 1, "body": {"question": "q"}}), "has no name in `kind`"),
    (line({**CONTENT, "content_id": "art_0123456789ab"}), "has a `content_id` that no history gives"),
    (line({**CONTENT, "text": 5}), "has no text in `text`"),
    (line({**CONTENT, "text": "\ud800"}), "has half a character in `text`"),
    (line({**CONTENT, "text": "other"}), "has a text that does not fit its `sha256`"),
    (line({**CONTENT, "sha256": None}), "has a text that does not fit its `sha256`"),
    (line({**END, "events": -1}), "has no count in `events`"),
]

FILES = [
    ([], "line 1 is no header"),
    ([b"PK\x03\x04 a zip file \xff"], "line 1 is not UTF-8"),
    ([EVENT, END], "line 1 is no header"),
    ([{**HEADER, "format": "another"}], "line 1 is no header of a `penguiflow-history` file"),
    ([{**HEADER, "v": 3}], "line 1 tells version `3`; this program reads versions 1 to 2"),
    ([{**HEADER, "session_id": None}], "line 1 has no name in `session_id` but `None`"),
    ([{**HEADER, "run_id": 5}], "line 1 has no name in `run_id`"),
    ([HEADER, EVENT], "line 2 is the last one, and it is no end"),
    ([HEADER], "line 1 is the last one, and it is no end"),
    ([HEADER, EVENT, {**END, "events": 2}], "line 3 counts 2 events and 0 contents, but there are 1 and 0"),
    ([HEADER, EVENT, END, END], "line 4 comes after the end"),
    ([HEADER, HEADER], "line 2 is a second header"),
    ([HEADER, EVENT, EVENT, END], "line 3 is event 0 of run `r` and comes after event 0"),
    (
        [HEADER, EVENT, {**EVENT, "session_id": "t", "seq": 1}, END],
        "line 3 puts run `r` into another session",
    ),
    ([{**HEADER, "run_id": "x"}, EVENT, END], "line 2 belongs to run `r`, the file to run `x`"),
    ([{**HEADER, "run_id": "r"}, {**EVENT, "session_id": "t"}, END], "line 2 belongs to run `r`"),
]


@pytest.mark.parametrize(("data", "problem"), LINES)
async def test_a_hostile_line_is_refused_and_nothing_of_its_file_is_kept(data: bytes, problem: str) -> None:
    store = InMemoryStateStore()

    with pytest.raises(HistoryFileError) as caught:
        await import_history(store, file_of(HEADER, EVENT, data, END))

    assert str(caught.value).startswith(f"line 3 {problem}")
    assert len(str(caught.value)) < 500
    assert caught.value.line == 3
    assert list(await store.load_session("s")) == []


@pytest.mark.parametrize(("records", "problem"), FILES)
async def test_lines_that_do_not_make_a_file_are_refused(records: list[object], problem: str) -> None:
    store = InMemoryStateStore()

    with pytest.raises(HistoryFileError) as caught:
        await import_history(store, file_of(*records))

    assert str(caught.value).startswith(problem)
    assert list(await store.load_session("s")) == []


async def test_a_line_that_never_ends_is_not_read_to_its_end() -> None:
    file = file_of(HEADER, {**EVENT, "payload": {"question": "q" * 5_000, "agent": "a"}})

    with pytest.raises(HistoryFileError, match="line 2 is longer than 1000 bytes"):
        list(HistoryFile(file, max_line_bytes=1_000).entries())


async def test_what_is_as_deep_as_it_may_be_is_stored_and_comes_back(tmp_path: Any) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    try:
        await import_history(store, file_of(HEADER, deep(MAX_DEPTH - 2), END))
        (event,) = await store.load_session("s")
    finally:
        await store.aclose()
    assert event.kind == "new_kind"


def test_events_of_version_1_are_read() -> None:
    old = {"type": "event", "v": 1, "session_id": "s", "run_id": "r", "seq": 0, "ts": 1}
    body = {"kind": "run_started", "question": "q", "agent": "a", "model": None}

    event = read_entry(line({**old, "body": body}))

    assert isinstance(event, RunEvent)
    assert (event.body, event.elapsed_ms) == (RunStarted(question="q", agent="a"), None)


def test_a_number_too_large_for_a_database_column_stays_in_arguments() -> None:
    payload = {"step": 1, "call_id": "c", "tool": "t", "args": {"n": 10**30, "t": "\ud800"}}

    event = read_entry(line({**EVENT, "kind": "tool_started", "payload": payload}))

    assert isinstance(event, RunEvent)


@given(st.binary(max_size=80))
def test_no_bytes_at_all_make_reading_fail_otherwise(data: bytes) -> None:
    with suppress(LineError):
        read_entry(data)


def _whole_file() -> bytes:
    async def exported() -> bytes:
        store = InMemoryStateStore()
        await store.append_events(run_of(asked(), answered()))
        return "".join([line_of(each) async for each in export_session(store, "session-1")]).encode()

    return asyncio.run(exported())


WHOLE_FILE = _whole_file()


@given(
    st.integers(0, len(WHOLE_FILE) - 1),
    st.integers(0, 40),
    st.sampled_from([b"", b"0", b'"', b"}", b"\xff", b"1e9"]),
)
@settings(deadline=None)
def test_a_file_with_damage_anywhere_is_read_or_refused_as_a_whole(at: int, gone: int, put: bytes) -> None:
    async def import_damaged() -> None:
        store = InMemoryStateStore()
        try:
            imported = await import_history(
                store, io.BytesIO(WHOLE_FILE[:at] + put + WHOLE_FILE[at + gone :])
            )
        except ShelfError:
            assert list(await store.list_sessions(archived=None)) == []
        else:
            assert imported.new_events == 2

    asyncio.run(import_damaged())

r"""The file: a header line, then one JSON object per finished call.

    {"cassette":1,"expects_json_schema":false,"keywords":["messages",...],"model":"..."}
    {"call":1,"messages":[...],"options":{...},"reply":{...},"request":"<sha-256>"}
    {"call":2,"chunks":[["text","Hel",false],...],"continues":{"call":1,"messages":2},"messages":[...],...}

A conversation repeats itself with every call. So a call that `continues` an earlier line holds only the
messages after the first ones of that line, and `options` only if they differ. A failed call has an `error`
(`code`, `message`, `hint`) in the place of the `reply`. Keys are sorted, lines end in `\n`, and the text is
UTF-8.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from penguiflow.llm._cassette.canonical import JsonObject, canonical_json
from penguiflow.llm._cassette.errors import CassetteFileError
from penguiflow.llm._cassette.header import VERSION, Header
from penguiflow.llm._cassette.recorded import (
    Channel,
    Chunk,
    RecordedCall,
    RecordedError,
    reply_record,
)
from penguiflow.llm.usage import LLMReply
from penguiflow.redaction import redact


class Continues(BaseModel):
    """The earlier call and how many of its messages come first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call: int
    messages: int


class _CallLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    call: int
    request: str
    continues: Continues | None = None
    messages: list[JsonObject]
    options: JsonObject | None = None
    chunks: list[tuple[Channel, str, bool]] = []
    reply: LLMReply | None = None
    error: RecordedError | None = None


_HEADER: TypeAdapter[Header] = TypeAdapter(Header)


def header_line(header: Header) -> bytes:
    """Return the first line of a file."""
    return _line({"cassette": VERSION, **redact(asdict(header))})


def call_line(call: RecordedCall, continues: Continues | None, *, same_options: bool) -> bytes:
    """Return the line of a call; `continues` and `same_options` say what an earlier line already holds."""
    record: JsonObject = {
        "call": call.number,
        "request": call.request,
        "messages": call.messages[continues.messages if continues else 0 :],
    }
    if continues is not None:
        record["continues"] = continues.model_dump()
    if not same_options:
        record["options"] = call.options
    if call.chunks:
        record["chunks"] = [(chunk.channel, chunk.text, chunk.done) for chunk in call.chunks]
    if isinstance(call.outcome, LLMReply):
        record["reply"] = reply_record(call.outcome)
    else:
        record["error"] = asdict(call.outcome)
    return _line(record)


def read_tape(path: Path) -> tuple[Header, list[RecordedCall]]:
    """Return what a file holds, calls in the order of their lines.

    Raises:
        CassetteFileError: the file is missing, damaged or of another version.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as exc:
        raise CassetteFileError(
            f"there is no cassette `{path}`; record it with `CassetteClient.record`"
        ) from exc
    except OSError as exc:
        raise CassetteFileError(f"cassette `{path}` cannot be read: {exc}") from exc
    first, *lines = content.split(b"\n")
    header = _read_header(path, first)
    calls: dict[int, RecordedCall] = {}
    for number, line in enumerate(lines[:-1], start=2):
        call = _read_call(path, number, line, calls)
        calls[call.number] = call
    if lines[-1:] != [b""]:
        raise _damaged(path, len(lines) + 1, "the line is cut off; delete it")
    return header, list(calls.values())


def _read_header(path: Path, line: bytes) -> Header:
    record = _read_json(path, 1, line)
    version = record.pop("cassette", None)
    if version is None:
        raise _damaged(path, 1, 'a cassette begins with {"cassette": 1, ...}; this is another kind of file')
    if version != VERSION:
        raise CassetteFileError(
            f"cassette `{path}` is of version {version!r}, but this program reads version {VERSION}; "
            "record it anew"
        )
    try:
        return _HEADER.validate_python(record)
    except ValidationError as exc:
        raise _damaged(path, 1, _first_problem(exc)) from exc


def _read_call(path: Path, number: int, line: bytes, earlier: dict[int, RecordedCall]) -> RecordedCall:
    record = _read_json(path, number, line)
    try:
        read = _CallLine.model_validate(record)
    except ValidationError as exc:
        raise _damaged(path, number, _first_problem(exc)) from exc
    outcome = read.reply or read.error
    if outcome is None or (read.reply and read.error):
        raise _damaged(path, number, "a call has either a `reply` or an `error`")
    if isinstance(outcome, RecordedError) and not outcome.is_known():
        raise _damaged(path, number, f"the error code `{outcome.code}` is unknown")
    if read.call in earlier:
        raise _damaged(path, number, f"call {read.call} stands on an earlier line too")
    before, options = _beginning(path, number, read, earlier)
    return RecordedCall(
        number=read.call,
        request=read.request,
        messages=(*before, *read.messages),
        options=options if read.options is None else read.options,
        chunks=tuple(Chunk(*chunk) for chunk in read.chunks),
        outcome=outcome,
    )


def _beginning(
    path: Path, number: int, read: _CallLine, earlier: dict[int, RecordedCall]
) -> tuple[tuple[JsonObject, ...], JsonObject]:
    if read.continues is None:
        return (), {}
    base = earlier.get(read.continues.call)
    if base is None or not 0 <= read.continues.messages <= len(base.messages):
        raise _damaged(path, number, f"it continues call {read.continues.call}, which no earlier line holds")
    return base.messages[: read.continues.messages], base.options


def _read_json(path: Path, number: int, line: bytes) -> JsonObject:
    try:
        record: object = json.loads(line.decode())
    except (ValueError, RecursionError) as exc:
        raise _damaged(path, number, f"it is no JSON in UTF-8 ({exc})") from exc
    if not isinstance(record, dict):
        raise _damaged(path, number, "it is no JSON object")
    return cast("dict[str, Any]", record)  # the keys of a JSON object are texts


def _damaged(path: Path, number: int, problem: str) -> CassetteFileError:
    return CassetteFileError(f"cassette `{path}`, line {number} is damaged: {problem}")


def _first_problem(exc: ValidationError) -> str:
    problem = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"`{'.'.join(str(part) for part in problem['loc'])}`: {problem['msg']}"


def _line(record: JsonObject) -> bytes:
    return canonical_json(record).encode() + b"\n"

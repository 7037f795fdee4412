"""What a tool returned, for a person, a program or a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from pydantic import JsonValue

from penguiflow_cli._errors import CommandError
from penguiflow_cli._json_lines import LINE_VERSION
from penguiflow_cli._streams import OwnStreams
from penguiflow_cli._tools_context import CommandContext
from penguiflow_cli._tools_error import tools_error, usage_error
from penguiflow_cli._tools_exit import ToolsExit

_MAX_DEPTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOptions:
    """Where the result of a call goes."""

    as_json: bool = False
    output: Path | None = None
    force: bool = False

    def check_file(self) -> None:
        """Find out before the call whether its result could be kept.

        Raises:
            CommandError: the file is there already, or its folder is not.
        """
        if self.output is None:
            return
        if not self.force and os.path.lexists(self.output):
            raise usage_error(
                f"`{self.output}` is there already",
                "choose another file, or write over it with --force.",
                code="file_exists",
            )
        if not self.output.parent.is_dir():
            raise usage_error(
                f"there is no folder `{self.output.parent}`", "make it, or choose another file."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """A part of a result that was too large or not text, and is kept aside."""

    artifact_id: str
    mime_type: str
    size_bytes: int


async def show_result(
    tool: str, value: JsonValue, context: CommandContext, options: ResultOptions, streams: OwnStreams
) -> None:
    """Write the result where it is wanted.

    Raises:
        CommandError: the file cannot be written.
    """
    parts = list(stored_parts(value))
    if options.output is not None:
        content = await _file_content(value, parts, context)
        _write(options.output, content)
        _tell_file(tool, options.output, len(content), options, streams)
        return
    if options.as_json:
        streams.output.json_line({"v": LINE_VERSION, "type": "tool_result", "tool": tool, "result": value})
    else:
        streams.output.line(result_text(value))
    if parts:
        count = f"{len(parts)} parts are" if len(parts) > 1 else f"{parts[0].mime_type} is"
        streams.messages.note(f"  {count} not shown ({_total(parts)} bytes); --output FILE saves what came.")


def result_text(value: JsonValue) -> str:
    """Return a text as it is, and anything else as JSON over several lines."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)


def stored_parts(value: JsonValue, depth: int = 0) -> Iterator[StoredPart]:
    """Yield the parts of a result that are kept aside, in their order."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for entry in value:
            yield from stored_parts(entry, depth + 1)
    elif isinstance(value, dict):
        part = _stored(value.get("artifact"))
        if part is not None:
            yield part
            return
        for member in value.values():
            yield from stored_parts(member, depth + 1)


def _stored(reference: JsonValue) -> StoredPart | None:
    if not isinstance(reference, Mapping):
        return None
    artifact_id, size = reference.get("id"), reference.get("size_bytes")
    if not isinstance(artifact_id, str):
        return None
    return StoredPart(
        artifact_id=artifact_id,
        mime_type=str(reference.get("mime_type") or "data"),
        size_bytes=size if isinstance(size, int) else 0,
    )


async def _file_content(value: JsonValue, parts: list[StoredPart], context: CommandContext) -> bytes:
    """Return the bytes of the one part that was kept aside; anything else as it would be shown."""
    if len(parts) == 1:
        data = await context.artifacts.get(parts[0].artifact_id)
        if data is not None:
            return data
    return (result_text(value) + "\n").encode()


def _tell_file(tool: str, path: Path, size: int, options: ResultOptions, streams: OwnStreams) -> None:
    if options.as_json:
        record = {"type": "tool_result", "tool": tool, "file": str(path), "bytes": size}
        streams.output.json_line({"v": LINE_VERSION, **record})
    else:
        streams.output.line(f"Saved {size} bytes to {path}.")


def _write(path: Path, content: bytes) -> None:
    """Put the file there whole or not at all, readable by its owner only."""
    try:
        handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with open(handle, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
    except OSError as exc:
        raise _not_written(path, exc) from exc


def _not_written(path: Path, error: OSError) -> CommandError:
    return tools_error(
        f"the tool was called, but `{path}` cannot be written: {error.strerror or error}",
        ToolsExit.FAILED,
        hint="choose another file with --output.",
        code="file_not_written",
    )


def _total(parts: list[StoredPart]) -> int:
    return sum(part.size_bytes for part in parts)

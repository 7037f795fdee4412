"""A history file as a whole: the order of its lines, their numbers, and what must fit together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TypeAlias

from penguiflow.sessions.projections.jsonl_reading import End, Header, LineError, read_entry
from penguiflow.sessions.shelf.errors import HistoryFileError
from penguiflow.state.contents import Content
from penguiflow.state.events import RunEvent

MAX_LINE_BYTES = 64 * 1024 * 1024

NumberedEntry: TypeAlias = tuple[int, RunEvent | Content]
"""What stands in a line, and which one it is, from 1."""


class HistoryFile:
    """Reads a file that can be read from its beginning again. Only one line at a time is in memory."""

    def __init__(self, file: IO[bytes], *, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._file = file
        self._max_line_bytes = max_line_bytes

    def header(self) -> Header:
        """Return what the file says it holds.

        Raises:
            HistoryFileError: the first line is no header.
        """
        self._file.seek(0)
        number, entry = next(self._lines(), (1, None))
        if not isinstance(entry, Header):
            raise HistoryFileError(number, "is no header: this is no exported history, or not its beginning")
        return entry

    def entries(self) -> Iterator[NumberedEntry]:
        """Yield the events and contents.

        Raises:
            HistoryFileError: a line cannot be read, stands in the wrong place, or the end is missing.
        """
        header = self.header()
        last_of_run: dict[str, tuple[str, int]] = {}
        event_count = content_count = 0
        number, ended = 1, False
        for number, entry in self._lines(first=2):
            if ended:
                raise HistoryFileError(number, "comes after the end")
            match entry:
                case RunEvent():
                    _check_place(number, entry, header, last_of_run)
                    event_count += 1
                    yield number, entry
                case Content():
                    content_count += 1
                    yield number, entry
                case End():
                    ended = True
                    if (entry.events, entry.contents) != (event_count, content_count):
                        raise HistoryFileError(
                            number,
                            f"counts {entry.events} events and {entry.contents} contents, "
                            f"but there are {event_count} and {content_count}: it was changed or cut",
                        )
                case Header():
                    raise HistoryFileError(number, "is a second header")
        if not ended:
            raise HistoryFileError(number, "is the last one, and it is no end: the file was cut off")

    def _lines(self, *, first: int = 1) -> Iterator[tuple[int, Header | RunEvent | Content | End]]:
        number = first
        while line := self._file.readline(self._max_line_bytes + 1):
            if len(line) > self._max_line_bytes:
                raise HistoryFileError(number, f"is longer than {self._max_line_bytes} bytes")
            try:
                entry = read_entry(line)
            except LineError as exc:
                raise HistoryFileError(number, str(exc)) from exc
            yield number, entry
            number += 1


def _check_place(
    number: int, event: RunEvent, header: Header, last_of_run: dict[str, tuple[str, int]]
) -> None:
    """Refuse an event that no export puts here; `last_of_run` holds the session and `seq` of each run."""
    run = f"run `{event.run_id}`"
    if header.run_id is not None and (event.run_id, event.session_id) != (header.run_id, header.session_id):
        raise HistoryFileError(number, f"belongs to {run}, the file to run `{header.run_id}`")
    session_id, before = last_of_run.get(event.run_id, (event.session_id, -1))
    if event.session_id != session_id:
        raise HistoryFileError(number, f"puts {run} into another session than a line before")
    if event.seq <= before:
        raise HistoryFileError(number, f"is event {event.seq} of {run} and comes after event {before}")
    last_of_run[event.run_id] = (session_id, event.seq)

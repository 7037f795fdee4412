"""Appends finished calls to a file, each in one write, and leaves out what earlier lines hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from penguiflow.llm._cassette.canonical import canonical_json
from penguiflow.llm._cassette.errors import CassetteFileError
from penguiflow.llm._cassette.header import Header
from penguiflow.llm._cassette.recorded import RecordedCall
from penguiflow.llm._cassette.tape_file import Continues, call_line, header_line


class TapeWriter:
    """The end of one file. The file is open only while a line is written, so nothing needs to be closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beginnings = _Beginnings()
        self._options: dict[int, str] = {}
        self._lock = Lock()

    def start(self, header: Header, *, overwrite: bool) -> None:
        """Make the file, and its folder, with nothing but the header in it.

        Raises:
            CassetteFileError: there is one already and `overwrite` is not set, or it cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("wb" if overwrite else "xb") as file:
                file.write(header_line(header))
        except FileExistsError as exc:
            raise CassetteFileError(
                f"there is a cassette `{self._path}` already; set `overwrite=True` to record it anew"
            ) from exc
        except OSError as exc:
            raise CassetteFileError(f"cassette `{self._path}` cannot be written: {exc}") from exc

    async def write(self, call: RecordedCall, texts: Sequence[str]) -> None:
        """Append a call in a thread; a caller that is cancelled meanwhile leaves a complete line.

        `texts` are the call's messages as canonical JSON.

        Raises:
            CassetteFileError: the line cannot be written.
        """
        await asyncio.to_thread(self._append, call, texts)

    def _append(self, call: RecordedCall, texts: Sequence[str]) -> None:
        options = canonical_json(call.options)
        with self._lock:
            continues = self._beginnings.longest(texts)
            same_options = continues is not None and self._options[continues.call] == options
            line = call_line(call, continues, same_options=same_options)
            try:
                with self._path.open("ab") as file:
                    file.write(line)
            except OSError as exc:
                raise CassetteFileError(f"cassette `{self._path}` cannot be written: {exc}") from exc
            self._beginnings.add(texts, call.number)
            self._options[call.number] = options


class _Beginnings:
    """A tree of messages: the way to a node is a conversation with which at least one written call began."""

    def __init__(self) -> None:
        self._root = _Node(0)

    def longest(self, texts: Sequence[str]) -> Continues | None:
        """Return the call that shares the most first messages, None when none shares any."""
        node, shared = self._root, 0
        while shared < len(texts) and (after := node.after.get(texts[shared])) is not None:
            node, shared = after, shared + 1
        return Continues(call=node.call, messages=shared) if shared else None

    def add(self, texts: Sequence[str], call: int) -> None:
        """Enter a written call."""
        node = self._root
        for text in texts:
            after = node.after.get(text)
            if after is None:
                after = node.after[text] = _Node(call)
            node = after


class _Node:
    __slots__ = ("after", "call")

    def __init__(self, call: int) -> None:
        self.call = call
        self.after: dict[str, _Node] = {}

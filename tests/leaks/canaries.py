"""Secrets made anew for each run, and a search for their traces that knows nothing of how they are hidden."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import quote, quote_plus


def canary() -> str:
    """Return a secret that can be a header, with characters that URLs and base64 write differently."""
    return f"{secrets.token_hex(6)}/{secrets.token_hex(3)}+{secrets.token_hex(4)}?>{secrets.token_hex(2)}~="


def wild_canary() -> str:
    """Return a secret that every format has to escape."""
    return f'{secrets.token_hex(5)} "{secrets.token_hex(3)}\\{secrets.token_hex(3)}é&{secrets.token_hex(3)}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """One secret per place where they are kept."""

    api_key: str
    stdio_variable: str
    stdio_reference: str
    header: str
    header_reference: str
    command_option: str
    url_password: str
    argument: str
    pin: str
    edited_argument: str
    local: str
    environment: str

    @classmethod
    def new(cls) -> Canaries:
        wild = ("argument", "edited_argument", "local")
        values = {field.name: wild_canary() if field.name in wild else canary() for field in fields(cls)}
        return cls(**values | {"pin": str(10**9 + secrets.randbelow(10**9))})

    def items(self) -> Iterator[tuple[str, str]]:
        for field in fields(self):
            yield field.name, getattr(self, field.name)

    def traces_in(self, places: Mapping[str, bytes]) -> list[str]:
        """Return what was found where, and in which writing."""
        return [
            f"{name} as {writing} in {place}"
            for place, data in places.items()
            for name, value in self.items()
            for writing, trace in writings(value)
            if trace in data
        ]


def writings(value: str) -> Iterator[tuple[str, bytes]]:
    """Yield the ways of writing a value, without what neighbours may change."""
    raw = value.encode()
    yield "itself", raw
    for as_ascii in (True, False):
        once = json.dumps(value, ensure_ascii=as_ascii)
        yield "JSON", once[1:-1].encode()
        yield "JSON in JSON", json.dumps(once, ensure_ascii=as_ascii)[3:-3].encode()
    for quoted in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield "part of a URL", quoted.encode()
        yield "part of a URL", quoted.lower().encode()
    yield "a representation", repr(value)[1:-1].encode()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw)
        core = encoded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        yield "base64", core
        yield "base64", core.translate(bytes.maketrans(b"+/", b"-_"))


def files_below(folder: Path) -> dict[str, bytes]:
    """Return every file as it is on the disk, a database's journal included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(database: Path) -> bytes:
    """Return all values of a database as text: a text may be split over pages of its file."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in db.execute(f'SELECT * FROM "{table}"')]
    db.close()
    return b"\n".join(_plain(value) for row in rows for value in row)


def _plain(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")

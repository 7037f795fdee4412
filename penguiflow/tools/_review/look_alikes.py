"""What makes a tool suspicious: a name that passes for another, hidden text, words about other servers.

Flags for a person who reviews; nothing is refused because of them. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.tools._connecting.session import RemoteTool

_MAX_WARNINGS = 5
_MAX_SCANNED_CHARS = 100_000
_WORD = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_COMPOUND = re.compile(r"[_-]|[a-z][A-Z]")

# Letters of other scripts that look like Latin ones; `unicodedata` knows no such table.
_TWINS = str.maketrans(
    "АВЕКМНОРСТХУІЈЅЗавеорсухіјѕһԁԛԝғгпуΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινρυωɑɡıℓ",
    "ABEKMHOPCTXYIJS3aeeopcyxijshdqwfrnyABEZHIKMNOPTYXaoivpuwagil",
)
_CLOSE = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "-": "_"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTools:
    """The names of the tools of other servers, prepared for looking up."""

    by_name: Mapping[str, str]  # own name and `server.name` -> server
    by_skeleton: Mapping[str, str]  # how a name looks -> `server.name`


def known_tools(servers: Mapping[str, Iterable[str]]) -> KnownTools:
    """Return the tools of each server in the form `suspicions_of` looks them up."""
    by_name: dict[str, str] = {}
    by_skeleton: dict[str, str] = {}
    for server, names in servers.items():
        for name in names:
            full_name = f"{server}.{name}"
            by_name[full_name] = server
            by_skeleton.setdefault(skeleton(full_name), full_name)
            if _COMPOUND.search(name):  # `search` and `time` are words of any description
                by_name.setdefault(name, server)
    return KnownTools(by_name=by_name, by_skeleton=by_skeleton)


def skeleton(name: str) -> str:
    """Return one text for all names that look the same."""
    plain = unicodedata.normalize("NFKD", name).translate(_TWINS)
    visible = "".join(char for char in plain if unicodedata.category(char) not in ("Mn", "Me", "Cf", "Cc"))
    return visible.casefold().translate(_CLOSE).replace("rn", "m").replace("vv", "w")


def suspicions_of(
    server: str, tools: Sequence[RemoteTool], others: KnownTools
) -> dict[str, tuple[SafeText, ...]]:
    """Return what is suspicious, by the name of the tool; tools that are not are left out."""
    looks: dict[str, str] = {}
    found: dict[str, tuple[SafeText, ...]] = {}
    for tool in tools:
        warnings = [*_name_warnings(server, tool.name, looks, others), *_text_warnings(tool, others)]
        looks.setdefault(skeleton(tool.name), tool.name)
        if warnings:
            found[tool.name] = tuple(
                safe_line(warning, max_chars=300) for warning in warnings[:_MAX_WARNINGS]
            )
    return found


def _name_warnings(server: str, name: str, looks: Mapping[str, str], others: KnownTools) -> Iterator[str]:
    if not name.isascii() or not name.isprintable():
        yield "the name has characters that may look like others"
    for written in (name, f"{server}.{name}"):
        twin = others.by_skeleton.get(skeleton(written))
        if twin is not None:
            yield f"the name passes for `{twin}` of another server"
            break
    same = looks.get(skeleton(name))
    if same is not None and same != name:
        yield f"the name looks like `{same}` of the same server"


def _text_warnings(tool: RemoteTool, others: KnownTools) -> Iterator[str]:
    description = tool.description[:_MAX_SCANNED_CHARS]
    if safe_text(description) != description:
        yield "the description has hidden characters"
    mentioned: dict[str, str] = {}
    for word in _WORD.findall(description):
        other = others.by_name.get(word)
        if other is not None:
            mentioned[word] = other
    for word, other in mentioned.items():
        yield f"the description speaks of `{word}`, a tool of `{other}`"

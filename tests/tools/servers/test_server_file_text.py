"""The text of server files: comments, places of members, and what taking servers in leaves as it was."""

from __future__ import annotations

import json
import string
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.tools._other_clients.merging import merged
from penguiflow.tools._server_files.json_text import object_at, parse, without_comments

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.text(string.ascii_lowercase, min_size=1, max_size=4)
definitions = st.fixed_dictionaries(
    {
        "command": st.just("run"),
        "args": st.lists(st.sampled_from(["a", "b c", "-y", '"', "\\", "//", "\u00e4"])),
    }
)
comments = st.sampled_from(["", " ", "\n", '// c " {\n', "/* , } */", "\t"])


@st.composite
def commented_files(draw: st.DrawFn) -> tuple[str, Any]:
    """A file with servers, with comments between its tokens and commas too many; and what it says."""
    servers = draw(st.dictionaries(names, json_values, max_size=3))
    document = {**draw(st.dictionaries(texts, json_values, max_size=2)), "mcpServers": servers}
    pieces = [""]
    indent = draw(st.sampled_from([None, 1, 2, "\t"]))
    for piece in json.JSONEncoder(indent=indent).iterencode(document):
        is_empty = pieces[-1].rstrip().endswith(("{", "["))
        if piece in ("}", "]") and not is_empty and draw(st.booleans()):
            pieces.append("," + draw(comments))
        pieces += [piece, draw(comments) if not piece.isspace() else ""]
    return "".join(pieces), document


@settings(max_examples=60)
@given(commented_files())
def test_comments_change_nothing_and_places_stay(file: tuple[str, Any]) -> None:
    text, document = file
    assert parse(text) == document
    plain = without_comments(text)
    assert len(plain) == len(text)
    found = object_at(plain)
    assert {member.name: member.value for member in found.members} == document
    assert all(json.loads(plain[member.start : member.end]) == member.value for member in found.members)
    assert plain[found.close] == "}"


@settings(max_examples=60)
@given(commented_files(), st.dictionaries(names, definitions, max_size=3), st.booleans())
def test_servers_are_taken_in_and_everything_else_stays(
    file: tuple[str, Any], chosen: dict[str, Any], replace: bool
) -> None:
    text, document = file
    before = document["mcpServers"]
    result = merged(text, list(chosen.items()), replace=replace)
    servers = {**before, **{name: value for name, value in chosen.items() if replace or name not in before}}
    assert parse(result.text) == {**document, "mcpServers": servers}
    assert set(result.added) == chosen.keys() - before.keys()
    assert set(result.replaced if replace else result.kept) == chosen.keys() & before.keys()
    if not result.replaced:
        rest = iter(result.text)
        assert all(char in rest for char in text if not char.isspace()), "something was taken out"


def test_what_is_added_looks_like_what_is_there() -> None:
    head = '{\n    "other": 1,\n    "mcpServers": {\n        // mine\n'
    there = '        "a": {\n            "command": "a"\n        }, // last\n'
    added = '        "b": {\n            "command": "b",\n            "env": {}\n        }\n'
    result = merged(f"{head}{there}    }}\n}}\n", [("b", {"command": "b", "env": {}})], replace=False)
    assert result.text == f"{head}{there}{added}    }}\n}}\n"


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_a_file_that_is_not_there_is_made(text: str | None) -> None:
    result = merged(text, [("b", {"command": "b"})], replace=False)
    assert result.text == '{\n  "mcpServers": {\n    "b": {\n      "command": "b"\n    }\n  }\n}\n'


def test_the_key_of_vs_code_is_used_where_it_is_there_and_line_ends_are_kept() -> None:
    result = merged('{\r\n\t"servers": {}\r\n}\r\n', [("b", {"command": "b"})], replace=False)
    assert result.text == '{\r\n\t"servers": {\r\n\t\t"b": {\r\n\t\t\t"command": "b"\r\n\t\t}\r\n\t}\r\n}\r\n'


def test_a_file_without_servers_gets_them_beside_its_other_settings() -> None:
    result = merged('{"theme": "dark"}', [("b", {"command": "b"})], replace=False)
    assert parse(result.text) == {"theme": "dark", "mcpServers": {"b": {"command": "b"}}}


def test_hidden_characters_are_written_so_that_they_can_be_seen() -> None:
    result = merged(None, [("b", {"command": "b\u202e"}), ("c", {"command": "\u00e4"})], replace=False)
    assert "\\u202e" in result.text
    assert "\u00e4" in result.text


@pytest.mark.parametrize("text", ["[]", '{"mcpServers": 1}', "{"])
def test_a_text_that_is_no_list_of_servers_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words, and the file is named by the caller
        merged(text, [("b", {"command": "b"})], replace=False)


@pytest.mark.parametrize("piece", ["/*", '"\\"', ",/*a*/", ", ", "//", ",//\n", "/* *", '"'])
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    begin = time.process_time()
    assert len(without_comments(text)) == len(text)
    assert time.process_time() - begin < 30  # quadratic time would be minutes

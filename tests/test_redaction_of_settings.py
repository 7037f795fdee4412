"""Which values of settings, headers, commands and schemas are secrets."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._redaction.calls import MarkedTools
from penguiflow._redaction.credentials import (
    credentials_in,
    credentials_in_command,
    credentials_in_headers,
    credentials_in_text,
)
from penguiflow._redaction.marked import has_marks, hide_marked, marked_texts
from penguiflow.redaction import REDACTED, redact, remember_marked_arguments

BASIC = base64.b64encode(b"me:pass-1").decode()


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"model": "openai/gpt", "api_key": "key-1", "top_p": 1}, ["key-1"]),
        ({"extra_headers": {"X-Api-Key": "key-1", "Accept": "json"}}, ["key-1"]),
        ({"credentials": {"user": "me-123", "parts": ["part-1", 5]}}, ["me-123", "part-1"]),
        ({"api_base": "https://me:p%40ss@host/v1"}, ["p%40ss", "p@ss"]),
        ({"DATABASE_URL": "postgres://me:pass-1@db/app"}, ["pass-1", "pass-1"]),
        ({"PWD": "/home/me", "OLDPWD": "/tmp", "pwd": "pass-1"}, ["pass-1"]),
        ({"max_tokens": 5, "cache": {"key": "k"}}, []),
    ],
)
def test_credentials_in_settings(settings: dict[str, Any], found: Sequence[str]) -> None:
    assert list(credentials_in(settings)) == found


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Authorization": "Bearer token-1"}, ["token-1"]),
        ({"authorization": f"Basic {BASIC}"}, [BASIC, "pass-1"]),
        ({"Authorization": "Basic not-base64!"}, ["not-base64!"]),
        ({"Cookie": "sid=abc-1; theme=dark"}, ["abc-1", "dark"]),
        ({"Ocp-Apim-Subscription-Key": "key-1", "X-Auth": "key-2"}, ["key-1", "key-2"]),
        ({"X-Custom": "Token key-1"}, ["key-1"]),
        ({"Accept": "text/html", "X-Client": "me", "Key": "word"}, []),
    ],
)
def test_credentials_in_headers(headers: dict[str, str], found: Sequence[str]) -> None:
    assert list(credentials_in_headers(headers)) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["run", "--token", "token-1", "--port", "80"], ["token-1"]),
        (["run", "--api-key=key-1", "--secret", "Token 12"], ["key-1", "12", "Token 12"]),
        (["env", "GITHUB_TOKEN=token-1", "run"], ["token-1"]),
        (["npx", "mcp-remote", "https://x", "--header", "Authorization: Bearer token-1"], ["token-1"]),
        (["run", "https://me:pass-1@host/x?sig=abc%2F1&page=2"], ["pass-1", "pass-1", "abc%2F1", "abc/1"]),
        (["run", "https://0123456789abcdef@host", "ssh://git@host"], ["0123456789abcdef"] * 2),
        (["run", "--max-tokens", "5", "--token"], []),
    ],
)
def test_credentials_in_commands(words: Sequence[str], found: Sequence[str]) -> None:
    assert list(credentials_in_command(words)) == found


@given(st.text())
def test_any_text_is_looked_through(text: str) -> None:
    assert all(isinstance(value, str) for value in credentials_in_text(text))


SECRET = {"type": "string", "format": "password"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "password": SECRET,
        "pin": {"type": "integer", "writeOnly": True},
        "maybe": {"anyOf": [SECRET, {"type": "null"}]},
        "many": {"type": "array", "items": SECRET},
        "pair": {"prefixItems": [{"type": "string"}, SECRET]},
        "by_name": {"type": "object", "additionalProperties": SECRET},
        "whole": {"type": "object", "writeOnly": True, "properties": {"default": {"type": "string"}}},
        "node": {"$ref": "#/$defs/a~1b"},
    },
    "$defs": {
        "a/b": {
            "allOf": [
                {"properties": {"key": SECRET}},
                {"properties": {"next": {"$ref": "#/$defs/a~1b"}, "rest": {"type": "string"}}},
            ]
        }
    },
}


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ({"name": "me", "password": "x", "pin": 7}, {"name": "me", "password": REDACTED, "pin": REDACTED}),
        ({"password": "", "pin": None, "maybe": None}, {"password": "", "pin": None, "maybe": None}),
        ({"maybe": "x", "many": ["x", "y"]}, {"maybe": REDACTED, "many": [REDACTED, REDACTED]}),
        ({"pair": ["open", "x"]}, {"pair": ["open", REDACTED]}),
        ({"by_name": {"a": "x"}}, {"by_name": {"a": REDACTED}}),
        (
            {"whole": {"default": "x", "n": [1, True]}},
            {"whole": {"default": REDACTED, "n": [REDACTED, True]}},
        ),
        (
            {"node": {"key": "x", "rest": "open", "next": {"next": {"key": "y"}}}},
            {"node": {"key": REDACTED, "rest": "open", "next": {"next": {"key": REDACTED}}}},
        ),
        ({"unknown": "open", "name": {"odd": 1}}, {"unknown": "open", "name": {"odd": 1}}),
    ],
)
def test_marked_values_are_hidden_and_show_whether_they_are_set(
    args: dict[str, Any], shown: dict[str, Any]
) -> None:
    assert hide_marked(SCHEMA, args) == shown
    assert hide_marked(SCHEMA, shown) == shown
    assert ("x" in set(marked_texts(SCHEMA, args))) == ("x" in str(list(args.values())))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
keywords = st.sampled_from(
    ["properties", "items", "anyOf", "$ref", "allOf", "then", "type", "x", "prefixItems"]
)
schemas = st.recursive(
    st.none() | st.just("#") | st.just({"writeOnly": True}) | st.just("#/properties/x") | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords, inner, max_size=3),
    max_leaves=15,
)


@given(st.dictionaries(keywords, schemas), st.dictionaries(st.sampled_from(["x", "y"]), json_values))
def test_no_schema_breaks_the_arguments_and_without_a_mark_they_stay(
    schema: dict[str, Any], args: dict[str, Any]
) -> None:
    hidden = hide_marked(schema, args)
    assert hidden.keys() == args.keys()
    assert has_marks(schema) or hidden == args


def test_a_schema_that_branches_without_end_takes_no_time() -> None:
    schema: dict[str, Any] = SECRET
    for _ in range(60):
        schema = {"anyOf": [schema, schema, {"properties": {"a": schema}}]}
    args: Any = {"a": "x"}
    assert hide_marked(schema, args) in ({"a": REDACTED}, {"a": "x"})
    assert has_marks(schema)


def marked_tools() -> MarkedTools:
    tools = MarkedTools()
    tools.remember("log_in", {"properties": {"password": SECRET, "pin": {"type": "integer", **SECRET}}})
    return tools


@pytest.mark.parametrize(
    ("said", "shown", "secrets"),
    [
        (
            'I do it: {"next_node": "log_in", "args": {"password": "x\\"y", "user": "me"}} ok',
            f'I do it: {{"args":{{"password":"{REDACTED}","user":"me"}},"next_node":"log_in"}} ok',
            {'x"y', 'x\\"y'},
        ),
        (
            '{"next_node":"parallel","args":{"steps":[{"node":"log_in","args":{"pin":12}},{"node":"look"}]}}',
            '{"args":{"steps":[{"args":{"pin":"[redacted]"},"node":"log_in"},{"node":"look"}]},'
            '"next_node":"parallel"}',
            {"12"},
        ),
        ('{"next_node": "look", "args": {"password": "x"}}', None, set[str]()),
        ('{"next_node": "log_in", "args": {"user": "me"}}', None, set[str]()),
        ("log_in {{{{ {} {broken", None, set[str]()),
        ('{"next_node": "log_in", "args": {"password": "x", oops', None, {"x"}),
    ],
    ids=["among words", "in a plan", "another tool", "not given", "no JSON", "broken JSON"],
)
def test_secret_arguments_in_what_a_model_says(said: str, shown: str | None, secrets: set[str]) -> None:
    tools = marked_tools()
    assert tools.hide_in(said) == (shown or said)
    assert set(tools.secrets_in(said)) == secrets
    assert tools.hide_in(tools.hide_in(said)) == tools.hide_in(said)


def test_two_tools_of_one_name_hide_what_either_marks() -> None:
    tools = marked_tools()
    tools.remember("log_in", {"properties": {"code": SECRET}})
    said = '{"args":{"code":"x","password":"y"},"next_node":"log_in"}'
    assert tools.hide_in(said) == said.replace('"x"', f'"{REDACTED}"').replace('"y"', f'"{REDACTED}"')


def test_a_call_anywhere_in_a_value_is_redacted_without_its_secret_arguments() -> None:
    remember_marked_arguments("log_in_5c20", {"properties": {"pin": SECRET}})
    value = {
        "steps": [{"next_node": "log_in_5c20", "args": {"pin": "1", "user": "me"}}, {"args": {"pin": "1"}}]
    }
    assert redact(value) == {
        "steps": [
            {"next_node": "log_in_5c20", "args": {"pin": REDACTED, "user": "me"}},
            {"args": {"pin": "1"}},
        ]
    }

"""Secrets never reach the history, and nothing else is lost on the way."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.redaction import REDACTED, TOO_DEEP, is_secret_key, redact, redact_text

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
keys = st.text() | st.sampled_from(["password", "apiKey", "note", "tokens", "type", "Authorization"])
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20
)


def _shape(value: Any) -> Any:  # any JSON value
    match value:
        case dict():
            return [_shape(item) for item in value.values()]
        case list():
            return [_shape(item) for item in value]
        case _:
            return None


@given(json_values)
def test_the_shape_stays_and_the_original_is_untouched(value: Any) -> None:
    before = copy.deepcopy(value)
    assert _shape(redact(value)) == _shape(value)
    assert value == before


@given(json_values)
def test_redacting_twice_changes_nothing(value: Any) -> None:
    assert redact(redact(value)) == redact(value)


@given(json_values, st.sampled_from(["password", "client_secret", "accessToken", "X-Api-Key"]))
def test_a_text_under_a_secret_key_never_gets_out(value: Any, key: str) -> None:
    canary = "canary in the mine"
    assert canary not in str(redact({"outer": [value, {key: {"inner": [canary]}}], key: canary}))


@given(
    st.dictionaries(st.sampled_from(["note", "input_tokens", "city"]), st.sampled_from(["buy fish", 3, None]))
)
def test_harmless_values_come_back_equal(value: dict[str, Any]) -> None:
    assert redact(value) == value


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PASSWORD", "db_password", "passwd", "token", "access_token", "refreshToken", "apiKey"),
        *("api_key", "X-API-Key", "OPENAI_API_KEY", "APIKey", "Authorization", "Set-Cookie", "client_secret"),
        *("private_key", "awsSecretAccessKey"),
    ],
)
def test_keys_that_name_a_secret(key: str) -> None:
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *(
            "tokens",
            "max_tokens",
            "input_tokens",
            "token_count",
            "tokenizer",
            "key",
            "keys",
            "note",
            "author",
        ),
        *("monkey", "secretary", "compass"),
    ],
)
def test_keys_that_only_sound_like_it(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key sk-proj-abcDEF1234567890abcd end", f"key {REDACTED} end"),
        ("sk-ant-api03-abcdefghijklmnop", REDACTED),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", REDACTED),
        ("AKIAIOSFODNN7EXAMPLE", REDACTED),
        ("Authorization: Bearer abc.def-ghi_jkl123", f"Authorization: Bearer {REDACTED}"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {REDACTED}"),
        ("curl -H 'Bearer 0123456789abcdef0123'", f"curl -H 'Bearer {REDACTED}'"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN", REDACTED),
        ("postgres://admin:hunter2@db.example/app", f"postgres://{REDACTED}@db.example/app"),
        ("https://example.org/x?token=abc&page=2", f"https://example.org/x?token={REDACTED}&page=2"),
        ("MY_API_KEY=abc123 run", f"MY_API_KEY={REDACTED} run"),
        ('{"api_key": "abc", "n": 1}', '{"api_key": "[redacted]", "n": 1}'),
        (r'{"a": "{\"password\": \"x\\\"y\"}"}', r'{"a": "{\"password\": \"[redacted]\"}"}'),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n", f"{REDACTED}\n"),
    ],
)
def test_secrets_are_known_by_their_form(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "the bearer of this letter",
        "https://example.org:8080/path?page=2",
        "git@example.org:team/project.git",
        "task-management and risk-assessment",
        "your password is required",
        '{"input_tokens": 12}',
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact_text(text) == text


def test_the_schema_of_a_password_field_stays_readable() -> None:
    schema = {"properties": {"password": {"type": "string", "title": "Password"}}, "required": ["password"]}
    assert redact(schema) == schema


def test_flags_and_nulls_stay_numbers_go() -> None:
    assert redact({"password": True, "token": None, "secret": 1234}) == {
        "password": True,
        "token": None,
        "secret": REDACTED,
    }


def test_a_value_nested_without_end_is_cut_instead_of_failing() -> None:
    value: Any = "sk-abcdefghijklmnopqrstuvwxyz"
    for _ in range(50_000):
        value = [value]
    cut = redact(value)
    while isinstance(cut, list):
        cut = cut[0]
    assert cut == TOO_DEEP

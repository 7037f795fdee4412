"""A registered secret never shows, however it is written, and what is no secret stays."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._redaction.known import MOST_PASSING, KnownSecrets, is_worth_hiding
from penguiflow.redaction import (
    NOT_STORED,
    REDACTED,
    redact,
    redact_text,
    remember_passing_secret,
    remember_secret,
    secrets_remembered,
    without_known_secrets,
)

SECRET = 'p@ss w/rd "nine"\\né+1'


def knowing(*values: str) -> KnownSecrets:
    known = KnownSecrets()
    for value in values:
        known.remember(value)
    return known


# A lone surrogate has no form in any of these encodings; brackets are what a placeholder is made of.
secrets = (
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="[]"), min_size=6, max_size=40)
    .map(str.strip)
    .filter(lambda value: is_worth_hiding(value) and "\n" not in value)
)

WRITINGS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "JSON": json.dumps,
    "JSON with all letters": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON in JSON in JSON": lambda value: json.dumps(json.dumps(json.dumps(value))),
    "a URL's path": quote,
    "a URL's parameter": lambda value: quote(value, safe=""),
    "a form": quote_plus,
    "a URL in a URL": lambda value: quote(quote(value, safe="")),
    "small hex digits": lambda value: quote(value, safe="").replace("%C3", "%c3"),
    "a representation": repr,
}


@given(secrets, st.sampled_from(list(WRITINGS)), st.text(max_size=10), st.text(max_size=10))
def test_a_secret_is_hidden_in_every_writing(secret: str, writing: str, before: str, after: str) -> None:
    written = WRITINGS[writing](secret)
    hidden = knowing(secret).hide(f"{before} {written} {after}")
    assert written.strip("'\"\\") not in hidden
    assert REDACTED in hidden


@given(secrets, st.binary(max_size=4), st.binary(max_size=4), st.booleans())
def test_a_secret_is_hidden_in_base64_at_every_alignment(
    secret: str, before: bytes, after: bytes, for_urls: bool
) -> None:
    encode = base64.urlsafe_b64encode if for_urls else base64.b64encode
    hidden = knowing(secret).hide(f"data: {encode(before + secret.encode() + after).decode()}")
    assert REDACTED in hidden
    left = hidden.removeprefix("data: ").replace(REDACTED, "")
    assert len(left) <= len(encode(before + after)) + 4


def test_base64_in_a_url_is_hidden_too() -> None:
    secret = "??>>~~??>>~~key"
    encoded = quote(base64.b64encode(secret.encode()).decode(), safe="")
    assert knowing(secret).hide(f"?auth={encoded}&x=1") == f"?auth={REDACTED}&x=1"


@pytest.mark.parametrize(
    ("values", "text", "shown"),
    [
        (["abc-123", "xx-abc-123-yy"], "xx-abc-123-yy", REDACTED),
        (["abcd-1234", "1234-efgh"], "<abcd-1234-efgh>", f"<{REDACTED}>"),
        (["abcd-1234"], "abcd-1234abcd-1234", REDACTED * 2),
        (["abcd-1234"], "ABCD-1234 abcd 1234", "ABCD-1234 abcd 1234"),
        (["  abcd-1234\n"], "the key abcd-1234.", f"the key {REDACTED}."),
    ],
    ids=["the longer one wins", "overlapping ones are one", "side by side", "others stay", "trimmed"],
)
def test_where_secrets_stand_in_a_text(values: list[str], text: str, shown: str) -> None:
    assert knowing(*values).hide(text) == shown


def test_the_lines_of_a_secret_are_secrets_because_prints_are_seen_line_by_line() -> None:
    key = "-----BEGIN X-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END X-----"
    known = knowing(key)
    assert known.hide(key) == REDACTED
    assert known.hide("9w0BAQEFAASCBKcwggSj") == REDACTED


@pytest.mark.parametrize(
    "value",
    [
        *("", "short", "12345", "1234567", "aaaaaaaa", "-.-.-.-.", "password", "Winter", "ADMIN", "ollama"),
        *(
            "not-needed",
            "Not-Needed",
            "lm-studio",
            "production",
            "placeholder",
            REDACTED,
            "redacted",
            "x" * 5000,
        ),
    ],
)
def test_what_stands_in_many_texts_is_not_taken(value: str) -> None:
    text = f"a text with {value} in it"
    assert knowing(value).hide(text) == text


@pytest.mark.parametrize(
    "value", ["hunter2", "12345678", "correcthorsebatterystaple", "aBcDeFgH", "sk-1234567", "pass word"]
)
def test_what_may_be_a_real_secret_is_taken(value: str) -> None:
    assert knowing(value).hide(f"<{value}>") == f"<{REDACTED}>"


@given(st.text(), secrets)
def test_hiding_twice_changes_nothing(text: str, secret: str) -> None:
    known = knowing(secret)
    hidden = known.hide(text + secret)
    assert known.hide(hidden) == hidden


@given(st.text())
def test_without_the_secret_a_text_stays_as_it_is(text: str) -> None:
    assert knowing("a-secret-nobody-writes-9f2c").hide(text) == text


@pytest.mark.parametrize(
    "text",
    ["\\" * 50_000, 'a"' * 25_000, "%25" * 20_000, ("a" + "\\" * 16 + '"b') * 3_000, "a" * 50_000],
    ids=["backslashes", "quotes", "percent signs", "nearly", "letters"],
)
def test_a_hostile_text_does_not_match_a_hostile_secret_for_ever(text: str) -> None:
    secret = 'a\\"b\\\\\\"c%%"""\\d e\\"f'
    known = knowing(secret)
    assert known.hide(text) == text
    assert known.settled_chars(text, len(text)) <= len(text)
    assert known.hide(text + secret).endswith(REDACTED)


def test_keys_texts_and_numbers_of_a_json_value_are_looked_through() -> None:
    value = {"a": [f"x {SECRET}", {SECRET: 1}], "n": 4815162342, "f": 1.5, "t": True, "none": None}
    with secrets_remembered(SECRET, "4815162342"):
        assert redact(value) == {
            "a": [f"x {REDACTED}", {REDACTED: 1}],
            "n": REDACTED,
            "f": 1.5,
            "t": True,
            "none": None,
        }
        assert without_known_secrets(value, NOT_STORED)["n"] == NOT_STORED
    assert redact(value) == value


def test_a_number_of_any_size_is_looked_at() -> None:
    with secrets_remembered("4815162342"):
        huge = 10**5000
        assert redact({"n": huge, "inf": float("inf")}) == {"n": huge, "inf": float("inf")}


def test_for_a_program_only_registered_secrets_go() -> None:
    value = {
        "password": "hunter",
        "header": "Bearer 0123456789abcdef0123",
        "own": SECRET,
        "pair": (1, SECRET),
    }
    with secrets_remembered(SECRET):
        assert without_known_secrets(value) == {**value, "own": REDACTED, "pair": (1, REDACTED)}


def test_a_known_value_goes_before_its_form_could_cut_it() -> None:
    secret = "sk-0123456789abcdef and a word"
    with secrets_remembered(secret):
        assert redact_text(f"<{secret}>") == f"<{REDACTED}>"


def test_a_value_stays_known_as_long_as_anybody_remembers_it() -> None:
    known = KnownSecrets()
    with known.remembered("abc-12345"):
        with known.remembered("abc-12345"):
            pass
        assert known.hide("abc-12345") == REDACTED
    assert known.hide("abc-12345") == "abc-12345"
    known.remember("abc-12345")
    with known.remembered("abc-12345"):
        pass
    assert known.hide("abc-12345") == REDACTED


def test_passing_secrets_make_room_for_each_other_and_not_for_others() -> None:
    known = knowing("lasting-1")
    for number in range(MOST_PASSING):
        known.remember_passing(f"passing-{number:04}")
    known.remember_passing("passing-0000")
    known.remember_passing("one more-1")
    assert known.hide("passing-0000 one more-1 lasting-1") == f"{REDACTED} {REDACTED} {REDACTED}"
    assert known.hide("passing-0001") == "passing-0001"


def test_a_very_long_passing_value_is_not_taken() -> None:
    known = KnownSecrets()
    known.remember_passing("0123456789abcdef" * 100)
    assert known.hide("0123456789abcdef" * 100) == "0123456789abcdef" * 100


def test_threads_may_remember_and_redact_at_the_same_time() -> None:
    known = KnownSecrets()
    failures: list[str] = []

    def work(name: str) -> None:
        for number in range(50):
            value = f"{name}-{number}-value"
            known.remember(value)
            with known.remembered(f"{value}-inside"):
                if known.hide(f"<{value}-inside>") != f"<{REDACTED}>" or known.hide(value) != REDACTED:
                    failures.append(value)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert failures == []


def test_what_the_process_remembers_is_hidden_by_every_redaction() -> None:
    lasting, passing = "lasting-8d1f0a", "passing-8d1f0a"
    remember_secret(lasting)
    remember_passing_secret(passing)
    assert redact_text(f"{lasting} {passing}") == f"{REDACTED} {REDACTED}"

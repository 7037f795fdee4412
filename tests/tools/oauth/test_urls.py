"""Which URLs a sign-in uses, decided for every text there is."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.errors import SignInError
from penguiflow.tools._oauth.pkce import challenge_of
from penguiflow.tools._oauth.urls import (
    authorization_url,
    checked_url,
    policy_for,
    redirect_answer,
    resource_of,
)

NOWHERE = NetPolicy()
url_like = st.from_regex(
    r"(https?|HTTPS|file|javascript)://?[a-z0-9.@:\\\[\]]{0,20}[/?#]?.{0,20}", fullmatch=True
)


@given(st.text() | url_like)
@example("https://a.example:443/x")
@example("http://127.0.0.1:8/x?y")
@example("https://a.example\\@b.example/")
@example("https://[::1%25eth0]/")
@example("https://a.example:99999/")
def test_a_url_that_is_used_is_plain_and_encrypted_or_of_this_machine(url: str) -> None:
    try:
        used = checked_url(url, NOWHERE, what="page")
    except SignInError:
        return
    parts = urlsplit(used)
    assert used == url
    assert used.isascii()
    assert not set(' \\`"<>|^{}\r\n\t#') & set(used)
    assert "@" not in parts.netloc
    assert parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("url", "is_used"),
    [
        ("https://login.example.com/authorize?tenant=7", True),
        ("http://localhost:8080/authorize", True),
        ("http://127.0.0.1/authorize", True),
        ("http://[::1]:80/authorize", True),
        ("http://intranet/authorize", False),
        ("http://10.0.0.1/authorize", False),
        ("HTTPS://login.example.com/", True),
        ("//login.example.com/", False),
        ("https://login.example.com/" + "a" * 4000, False),
    ],
)
def test_what_is_used(url: str, is_used: bool) -> None:
    if is_used:
        assert checked_url(url, NOWHERE, what="page") == url
    else:
        with pytest.raises(SignInError):
            checked_url(url, NOWHERE, what="page")


def test_a_host_that_is_allowed_may_speak_plain_http() -> None:
    policy = policy_for("https://a.example", ["intranet"])
    assert checked_url("http://intranet/authorize", policy, what="page")


@given(st.text() | url_like)
def test_any_pasted_text_is_an_answer_or_a_refusal(text: str) -> None:
    try:
        answer = redirect_answer(text)
    except SignInError:
        return
    assert answer.state


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), min_size=1))
def test_parameters_survive_the_page_url(parameters: dict[str, str]) -> None:
    try:
        url = authorization_url("https://a.example/x", parameters)
    except UnicodeEncodeError:
        return  # a lone surrogate is no text
    assert checked_url(url, NOWHERE, what="page") == url or len(url) > 4000


def test_a_server_is_known_by_its_address_without_query() -> None:
    assert resource_of("HTTPS://A.example:8443/MCP/?key=1#x") == "https://a.example:8443/MCP/"


def test_the_challenge_is_the_one_of_the_specification() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

"""Connections, consents and tools as the screens show them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penguiflow.state.events import ConnectionChanged, PersonAsked
from penguiflow_tui.model.connection_detail import connection_detail
from penguiflow_tui.model.consent import consent_of
from penguiflow_tui.model.marks import connection_mark
from penguiflow_tui.model.select import connection_row
from penguiflow_tui.model.tool_entries import matching_tools, tool_detail, tool_entries, tool_line
from penguiflow_tui.model.web_address import WebAddressError, web_address
from tests.fakes.panes import HOSTILE_TEXTS
from tests.fakes.recorded_connections import (
    AUTH_URL,
    CALENDAR,
    EVERY_STATE,
    NOTES,
    OFFERS,
    WEATHER,
    WIKI,
    consent_asked,
)


def sections_of(connection: ConnectionChanged) -> dict[str, str]:
    return {section.heading: section.body for section in connection_detail(connection).sections}


def test_each_state_has_its_own_mark_and_its_own_word() -> None:
    marks = [connection_mark(connection.state) for connection in EVERY_STATE]
    assert len({mark.word for mark in marks}) == len(marks)
    assert len({mark.glyph for mark in marks}) == len(marks)


def test_a_row_tells_protocol_latency_tools_and_how_many_of_them_changed() -> None:
    row = connection_row(NOTES)
    assert row.detail == "3 tools · mcp stdio · 412 ms · 2025-11-25"
    assert row.notice == "1 changed"


def test_a_ready_connection_whose_calls_are_refused_says_so() -> None:
    assert connection_row(replace(NOTES, held_back=(), circuit="open")).notice == "calls refused for a while"


def test_the_detail_of_a_failed_connection_begins_with_why_and_what_to_do() -> None:
    sections = sections_of(WEATHER)
    assert list(sections)[:2] == ["What went wrong", "What to do"]
    assert "weather-server --units metric" in sections["Where it leads"]
    assert sections["Circuit"] == "calls refused for a while"
    assert sections["The end of its stderr"].endswith("No module named 'metar'")


def test_an_error_stays_to_be_seen_after_the_connection_recovered() -> None:
    assert sections_of(NOTES)["The last error, since recovered from"] == "the server ended with exit code 137"


@pytest.mark.parametrize(
    ("version", "shown"), [("2025-11-25", "2025-11-25 (handshake)"), ("2026-07-28", "2026-07-28 (stateless)")]
)
def test_the_protocol_tells_its_era(version: str, shown: str) -> None:
    assert shown in sections_of(replace(NOTES, protocol_version=version))["Where it leads"]


def test_a_disabled_connection_says_that_nothing_is_started() -> None:
    assert "nothing is started" in sections_of(CALENDAR)["What to do"]


def test_the_link_of_a_sign_in_is_shown_whole_with_its_host() -> None:
    assert sections_of(WIKI)["Sign in"] == f"at auth.wiki.example\n{AUTH_URL}"


def test_a_link_that_must_not_be_opened_is_not_shown() -> None:
    assert "no web address" in sections_of(replace(WIKI, auth_url="javascript:alert(1)"))["Sign in"]


@pytest.mark.parametrize(
    ("url", "text", "host"),
    [
        ("https://wiki.example/a?b=c&d=%20", "https://wiki.example/a?b=c&d=%20", "wiki.example"),
        ("https://WIKI.example:444/", "https://wiki.example:444/", "wiki.example:444"),
        ("https://xn--pple-43d.com/", "https://xn--pple-43d.com/", "xn--pple-43d.com"),
        ("https://аpple.com/", "https://xn--pple-43d.com/", "xn--pple-43d.com"),
        ("https://wiki.example/é", "https://wiki.example/%C3%A9", "wiki.example"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x", "127.0.0.1:8080"),
        ("http://localhost/x", "http://localhost/x", "localhost"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x", "[2001:db8::1]"),
    ],
)
def test_an_address_is_shown_as_the_browser_gets_it(url: str, text: str, host: str) -> None:
    address = web_address(url)
    assert (address.text, address.host) == (text, host)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a;rm -rf ~",
        "https://a;b/",
        "https://good.example@evil.example/",
        "https://good.example\\@evil.example/",
        "https://evil.example/\u202egnp",
        "https://evil.example/\x1b[2J",
        "http://wiki.example/",
        "https:///path",
        "https://[broken/",
        "https://host:99999/",
        "https://" + "a" * 9_000,
        *HOSTILE_TEXTS,
    ],
)
def test_an_address_that_could_mislead_is_refused(url: str) -> None:
    with pytest.raises(WebAddressError):
        web_address(url)


def test_a_pause_for_a_sign_in_becomes_a_consent() -> None:
    consent = consent_of(consent_asked())
    assert consent is not None
    assert consent.address is not None
    assert (consent.display_name, consent.scopes) == ("Example Wiki", ("read:pages", "write:pages"))
    assert consent.address.host == "auth.wiki.example"


def test_another_question_is_no_consent() -> None:
    assert consent_of(PersonAsked(step=1, request_id="r", reason="external_event")) is None


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_a_hostile_consent_loses_its_link_and_keeps_its_words_harmless(text: str) -> None:
    consent = consent_of(consent_asked(text, provider=text, display_name=text, scopes=[text, 7, None]))
    assert consent is not None
    assert consent.address is None
    assert consent.problem
    shown = f"{consent.display_name}{consent.provider}{''.join(consent.scopes)}"
    assert {char for char in shown if ord(char) < 32} == set()


def test_tools_are_listed_with_their_arguments_and_what_became_of_them() -> None:
    entries = tool_entries(NOTES, OFFERS, {"notes.save_note"})
    assert [entry.state for entry in entries] == ["usable", "changed", "left_out"]
    line = tool_line(entries[0])
    assert (line.name, line.arguments) == ("save_note", "(title, text, priority?, tags?)")


def test_the_detail_of_a_tool_names_types_choices_and_hints() -> None:
    sections = {
        section.heading: section.body
        for section in tool_detail(tool_entries(NOTES, OFFERS, None)[0]).sections
    }
    assert sections["Arguments (4)"].split("\n") == [
        "title: string  A few words to find it by",
        "text: string  What to remember",
        "priority: choice of low, normal, high, optional",
        "tags: array, optional",
    ]
    assert sections["The server claims"] == "changes things"


def test_words_find_a_tool_by_name_or_description() -> None:
    entries = tool_entries(NOTES, OFFERS, None)
    assert [entry.own_name for entry in matching_tools(entries, "FIND notes")] == ["search_notes"]


def test_what_is_no_tool_is_left_out_of_a_recording() -> None:
    assert tool_entries(NOTES, [*OFFERS, "… (7 more items)", {"a": 1}, None], None)[3:] == ()

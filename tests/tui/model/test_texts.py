"""Figures, bounded JSON, chat entries, rows, details and log lines."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.state.events import (
    ContentRef,
    EventBody,
    FlowHappened,
    MemoryChanged,
    MemoryRead,
    ModelCalled,
    PlannerNoted,
    RunEvent,
    RunFinished,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    UnknownBody,
)
from penguiflow_tui.model import (
    EMPTY,
    RunView,
    Totals,
    TrajectoryKey,
    chat_entries,
    connection_row,
    detail,
    event_line,
    find_subject,
    reduce_all,
    run_row,
    status_fields,
    step_row,
)
from penguiflow_tui.model.bounded_json import compact_json, pretty_json
from penguiflow_tui.model.detail import BODY_CHARS
from penguiflow_tui.model.event_ring import EventRing
from penguiflow_tui.model.figures import cost_text, count_text, duration_text, tokens_text
from penguiflow_tui.model.streamed_text import KEPT_CHARS, NO_TEXT
from penguiflow_tui.model.subject import TrajectorySubject
from penguiflow_tui.sample_run import sample_events

SAMPLE = reduce_all(EMPTY, sample_events())


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "?"),
        (0.2, "<1 ms"),
        (12.4, "12 ms"),
        (3021, "3.0 s"),
        (59_960, "1 min 0 s"),
        (125_000, "2 min 5 s"),
    ],
)
def test_durations_are_written_for_people(ms: float | None, shown: str) -> None:
    assert duration_text(ms) == shown


@pytest.mark.parametrize(
    ("totals", "shown"),
    [
        (Totals(), "$0"),
        (Totals(llm_calls=1, priced_calls=1, cost_usd=0.0012), "$0.0012"),
        (Totals(llm_calls=2, priced_calls=1, unpriced_calls=1, cost_usd=0.0012), "$0.0012+?"),
        (Totals(llm_calls=1, unpriced_calls=1), "cost ?"),
        (Totals(priced_calls=1, cost_usd=0.00001), "<$0.0001"),
        (Totals(priced_calls=1, cost_usd=1234.5), "$1,234.50"),
    ],
)
def test_an_unknown_cost_is_never_shown_as_zero(totals: Totals, shown: str) -> None:
    assert cost_text(totals) == shown


def test_token_counts_say_when_a_call_did_not_count() -> None:
    assert tokens_text(Totals(uncounted_calls=1)) == "tokens ?"
    assert tokens_text(Totals(input_tokens=1240, output_tokens=86)) == "1.2k in 86 out"
    assert tokens_text(Totals(input_tokens=1, output_tokens=2, uncounted_calls=1)) == "1 in 2 out+?"
    assert [count_text(count) for count in (999, 1000, 999_950)] == ["999", "1.0k", "1.0M"]


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_whole_json_reads_back_as_the_value(value: Any) -> None:
    for write in (compact_json, pretty_json):
        shown = write(value, 1_000_000)
        assert not shown.is_cut
        assert json.loads(shown.text) == value


@given(JSON, st.integers(min_value=0, max_value=40))
def test_json_is_never_longer_than_allowed(value: Any, limit: int) -> None:
    for write in (compact_json, pretty_json):
        shown = write(value, limit)
        assert len(shown.text) <= limit
        assert shown.is_cut == (len(write(value, 1_000_000).text) > limit)


def test_json_of_a_bottomless_value_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "…" in compact_json(loop, 10_000).text
    assert "…" in pretty_json(loop, 10_000).text
    assert compact_json(object, 100).text.startswith('"<class')


def test_five_megabytes_are_cut_before_they_are_formatted() -> None:
    rows = [{"id": number, "text": "x" * 1000} for number in range(5000)]
    assert len(pretty_json(rows, 8000).text) == 8000
    assert len(compact_json("x" * 5_000_000, 300).text) == 300


def test_a_stream_keeps_its_end_and_counts_what_it_dropped() -> None:
    text = NO_TEXT
    for number in range(1000):
        text = text.add(f"{number:04} " * 200)
    assert len(text.text) <= KEPT_CHARS + 5000
    assert text.dropped_chars + len(text.text) == 1000 * 1000
    assert text.text.endswith("0999 ")


def test_a_ring_drops_the_oldest_and_keeps_their_numbers() -> None:
    ring = EventRing(10)
    events = [
        RunEvent(session_id="s", run_id="r", seq=seq, ts=0.0, body=RunStarted(question="", agent=""))
        for seq in range(25)
    ]
    ring.extend(events[:5])
    assert ring.extend(events[5:]) == 15
    assert (ring.first, ring.end, len(ring)) == (15, 25, 10)
    assert ring.at(14) is None
    assert ring.at(15) is events[15]
    assert ring.at(25) is None


def test_the_chat_of_a_run_is_question_notices_and_answer() -> None:
    entries = chat_entries(SAMPLE.runs[0])
    assert [entry.kind for entry in entries] == ["question", "notice", "answer"]
    assert "changed the arguments of notes.save_note" in entries[1].text
    assert entries[2].text == "Saved as note 7: Ada calls back on Wednesday at ten."
    assert not entries[2].is_live


def test_a_failed_run_tells_why_and_what_to_do() -> None:
    notice = chat_entries(SAMPLE.runs[1])[-1]
    assert (notice.kind, notice.tone) == ("notice", "error")
    assert "refused the key" in notice.text
    assert notice.hint.startswith("Set SAMPLE_API_KEY")


def test_a_growing_answer_keeps_its_key_when_it_is_final() -> None:
    def event(seq: int, body: RunStarted | TextStreamed | RunFinished) -> RunEvent:
        return RunEvent(session_id="s", run_id="r", seq=seq, ts=0.0, body=body)

    live = reduce_all(
        EMPTY,
        [
            event(0, RunStarted(question="q", agent="a")),
            event(1, TextStreamed(step=1, channel="answer", text="Hel")),
        ],
    )
    done = reduce_all(
        live,
        [
            event(
                2,
                RunFinished(reason="answer_complete", answer="Hello", steps=1, llm_calls=1, latency_ms=1.0),
            )
        ],
    )
    assert live.run is not None
    assert done.run is not None
    before, later = chat_entries(live.run)[-1], chat_entries(done.run)[-1]
    assert (before.text, before.is_live) == ("Hel", True)
    assert (later.text, later.is_live, later.key) == ("Hello", False, before.key)


def test_rows_say_states_in_words() -> None:
    finished, failed, waiting = SAMPLE.runs
    assert run_row(finished).notes[:2] == ("answered", "3 steps")
    assert run_row(failed).is_error
    assert run_row(waiting).mark.word == "waiting for you"
    assert [step_row(finished, step).mark.word for step in finished.steps] == ["failed", "done", "answered"]
    assert [connection_row(known).mark.word for known in SAMPLE.connections] == [
        "ready",
        "failed",
        "needs sign-in",
    ]


def test_the_status_shows_lag_only_when_it_is_worth_a_look() -> None:
    calm = status_fields(SAMPLE, title="notebook", model=None, lag_ms=10)
    assert (calm.lag, calm.model, calm.cost) == (None, "no model", "$0.0013+?")
    slow = status_fields(SAMPLE, title="notebook", model="m", lag_ms=3000)
    assert (slow.lag, slow.lag_tone) == ("lag 3.0 s", "error")
    assert status_fields(EMPTY, title="", model=None, is_starting=True).mark.word == "starting"


def subject(run_id: str, step: int | None = None, call_id: str | None = None) -> TrajectorySubject:
    found = find_subject(SAMPLE, TrajectoryKey(run_id, step, call_id))
    assert found is not None
    return found


def test_the_detail_of_an_edited_call_shows_both_arguments_and_the_result() -> None:
    view = detail(subject("run-1", 2, "call-2"))
    headings = [section.heading for section in view.sections]
    assert headings == ["Thought", "Arguments, changed by a person", "Arguments the model proposed", "Result"]
    assert "Wednesday" in view.sections[1].body
    assert "Tuesday" in view.sections[2].body
    assert "notes.save_note (ok)" in view.plain_text


def test_the_detail_of_a_failed_call_begins_with_its_error_and_shows_its_stream() -> None:
    view = detail(subject("run-1", 1, "call-1"))
    assert view.sections[0].tone == "error"
    assert view.sections[-1].body == "searching 214 notes\ndone\n"


def test_unknown_costs_are_told_in_the_detail() -> None:
    assert "cost ?" in detail(subject("run-3", 1)).figures


def test_a_subject_that_is_not_there_is_none() -> None:
    assert find_subject(SAMPLE, TrajectoryKey("nowhere")) is None
    assert find_subject(SAMPLE, TrajectoryKey("run-1", 99)) is None


def test_a_result_of_five_megabytes_is_cut_and_its_size_told() -> None:
    events = [
        RunEvent(session_id="s", run_id="r", seq=0, ts=0.0, body=ToolStarted(step=1, call_id="c", tool="t")),
        RunEvent(
            session_id="s",
            run_id="r",
            seq=1,
            ts=0.0,
            body=ToolFinished(
                step=1, call_id="c", tool="t", result=["x" * 5_000_000], result_chars=5_000_004
            ),
        ),
    ]
    found = find_subject(reduce_all(EMPTY, events), TrajectoryKey("r", 1, "c"))
    assert found is not None
    result = detail(found).sections[-1].body
    assert "5,000,004 characters" in result
    assert len(result) < BODY_CHARS + 200


@pytest.mark.parametrize("event", sample_events(), ids=lambda event: f"{event.run_id}-{event.seq}")
def test_every_event_has_a_line_and_a_detail(event: RunEvent) -> None:
    line = event_line(event)
    assert line.kind
    assert len(line.glyph) == 1
    assert len(line.time) == 12
    assert detail(event).title.startswith(f"Event {event.seq}")


@pytest.mark.parametrize(
    ("body", "glyph", "kind", "tone", "summary"),
    [
        (PlannerNoted(step=1, event="arg_fill_success"), "∙", "note", "plain", "arg fill success"),
        (
            PlannerNoted(step=1, event="llm_repair", detail={"n": 1}),
            *("∙", "note", "plain", 'llm repair {"n": 1}'),
        ),
        (
            MemoryChanged(change="turn_added", key="k", health="healthy", tokens=1),
            *("≡", "memory", "muted", "turn added · k · about 1 token · healthy"),
        ),
        (
            MemoryRead(content=ContentRef(content_id="c", chars=1_200)),
            *("≡", "memory", "muted", "the model reads 1,200 characters of memory"),
        ),
        (
            FlowHappened(event="node_failed", node="fetch", latency_ms=12.0, detail={"attempt": 2}),
            *("✗", "flow", "error", 'fetch gave up 12 ms {"attempt": 2}'),
        ),
        (FlowHappened(event="trace_done", edge="a->b"), "∙", "flow", "muted", "a->b trace done"),
        (SessionNamed(name="News"), "✎", "named", "plain", "News"),
        (SessionNamed(name=""), "✎", "named", "plain", "(name taken away)"),
        (SessionArchived(), "▫", "archived", "muted", "put away"),
        (SessionArchived(archived=False), "▫", "restored", "muted", "taken back"),
        (
            SessionForked(parent_session_id="s1", parent_run_id="r1"),
            *("↳", "forked", "active", "from session s1 after run r1"),
        ),
        (UnknownBody(kind="later", fields={"n": 1}), "?", "unknown", "muted", 'later {"n": 1}'),
    ],
)
def test_what_happens_beside_the_steps_has_its_line(
    body: EventBody, glyph: str, kind: str, tone: str, summary: str
) -> None:
    line = event_line(RunEvent(session_id="s", run_id="r", seq=0, ts=0.0, body=body))
    assert (line.glyph, line.kind, line.tone, line.summary) == (glyph, kind, tone, summary)
    only_logged = reduce_all(EMPTY, [RunEvent(session_id="s", run_id="r", seq=0, ts=0.0, body=body)])
    assert replace(only_logged, event_count=0, session_id=None) == EMPTY


def test_a_time_no_calendar_has_is_dashes() -> None:
    event = RunEvent(
        session_id="s", run_id="r", seq=0, ts=1e30, body=ModelCalled(step=1, attempt=1, latency_ms=1.0)
    )
    assert event_line(event).time == "--:--:--.---"


@given(st.text())
def test_no_text_from_outside_keeps_a_control_character(text: str) -> None:
    run = RunView(run_id="r", question=text, agent=text, model=text, started_at=0.0, answer=text)
    event = RunEvent(
        session_id=text,
        run_id=text,
        seq=0,
        ts=0.0,
        body=ToolFinished(step=1, call_id=text, tool=text, result={text: text}, error=text),
    )
    view = detail(TrajectorySubject(key=TrajectoryKey("r"), run=run))
    shown = [view.title, view.plain_text, run_row(run).label, event_line(event).summary]
    shown += [detail(event).plain_text, *(entry.text for entry in chat_entries(run))]
    for each in shown:
        assert all(
            char in "\n\t" or (char.isprintable() or not (ord(char) < 32 or 126 < ord(char) < 160))
            for char in each
        )

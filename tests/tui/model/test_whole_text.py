"""Prompts in figures, and the whole texts behind a detail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow.state.bodies import ContentRef
from penguiflow.state.events import ModelCalled, RunEvent, ToolFinished, ToolStarted
from penguiflow_tui.model import EMPTY, TrajectoryKey, detail, find_subject, reduce_all
from penguiflow_tui.model.prompt import prompt_text, role_shares
from penguiflow_tui.model.subject import TrajectorySubject
from penguiflow_tui.model.whole_text import (
    NOT_KEPT,
    NOT_SHOWN,
    TextPart,
    whole_parts,
    whole_sections,
)
from penguiflow_tui.sample_run import sample_contents, sample_events


def ref(content_id: str, chars: int, role: str | None = None, **fields: Any) -> ContentRef:
    return ContentRef(content_id=content_id, chars=chars, role=role, **fields)


MESSAGES = (ref("a", 600, "system"), ref("b", 300, "user"), ref("c", 98, "user"), ref("d", 2, "assistant"))
CALLED = ModelCalled(step=1, attempt=1, latency_ms=5.0, messages=MESSAGES, reply="{}", purpose="critique")


def subject_of(*bodies: Any, call_id: str | None = None) -> TrajectorySubject:
    events = [
        RunEvent(session_id="s", run_id="r", seq=seq, ts=0.0, body=body) for seq, body in enumerate(bodies)
    ]
    found = find_subject(reduce_all(EMPTY, events), TrajectoryKey("r", 1, call_id))
    assert found is not None
    return found


def test_each_role_has_its_share_of_a_prompt() -> None:
    shares = {share.role: (share.chars, share.share) for share in role_shares(MESSAGES)}
    assert shares == {"system": (600, 0.6), "user": (398, 0.398), "assistant": (2, 0.002)}
    assert prompt_text(MESSAGES).splitlines()[0] == "4 messages, 1,000 characters"
    assert [line[-4:] for line in prompt_text(MESSAGES).splitlines()[1:]] == ["60 %", "40 %", "<1 %"]
    assert prompt_text((ref("a", 0),)).splitlines()[1].startswith("message")


def test_the_detail_of_a_step_tells_the_size_of_its_prompt_and_its_reply() -> None:
    sections = {section.heading: section.body for section in detail(subject_of(CALLED)).sections}
    assert sections["Prompt · critique"].startswith("4 messages, 1,000 characters")
    assert sections["Reply"] == "{}"


def test_several_calls_of_one_step_are_told_apart() -> None:
    view = detail(subject_of(CALLED, CALLED))
    headings = [section.heading for section in view.sections]
    assert headings == ["Prompt 1 · critique", "Reply 1", "Prompt 2 · critique", "Reply 2"]
    parts = whole_parts(subject_of(CALLED, CALLED))
    assert parts[0].heading == "Model call 1 · Prompt 1 of 4 · system"
    assert parts[-1].heading == "Model call 2 · Reply"


def test_a_result_that_is_kept_elsewhere_is_told_with_its_size_and_found_whole() -> None:
    whole = ref("w", 64_000, form="json")
    finished = ToolFinished(
        step=1, call_id="c", tool="t", result="abc… (63997 more characters)", content=whole
    )
    subject = subject_of(ToolStarted(step=1, call_id="c", tool="t"), finished, call_id="c")
    assert "the whole has 64,000 characters" in detail(subject).sections[-1].body
    sections = whole_sections(whole_parts(subject), {"w": json.dumps(["x" * 100, "y"])})
    assert (sections[-1].heading, sections[-1].text) == ("Result", f'[\n  "{"x" * 100}",\n  "y"\n]')


def test_a_text_that_is_not_kept_or_was_not_looked_for_says_so() -> None:
    parts = [TextPart(heading="one", ref=ref("1", 5)), TextPart(heading="two", ref=ref("2", 5))]
    assert [section.text for section in whole_sections(parts, {"1": None})] == [NOT_KEPT, NOT_SHOWN]


def test_what_is_shown_is_bounded_in_all() -> None:
    parts = [TextPart(heading=str(number), value="x" * 60) for number in range(3)]
    texts = [section.text for section in whole_sections(parts, {}, max_chars=100)]
    assert texts[0] == "x" * 60
    assert texts[1].startswith("x" * 40 + "...")
    assert texts[2] == NOT_SHOWN
    (cut,) = whole_sections([TextPart(heading="json", value=list(range(99)))], {}, max_chars=20)
    assert cut.text.endswith("… cut after 20 characters")


def test_stored_text_that_is_no_json_is_shown_as_it_is() -> None:
    part = TextPart(heading="broken", ref=ref("1", 5, form="json"))
    assert whole_sections([part], {"1": "{not\x1b[31m json"})[0].text == "{not␛[31m json"


@pytest.mark.parametrize("event", sample_events(), ids=lambda event: f"{event.run_id}-{event.seq}")
def test_every_event_can_be_read_whole(event: RunEvent) -> None:
    sections = whole_sections(whole_parts(event), sample_contents())
    assert sections or isinstance(event.body, ModelCalled)
    assert NOT_KEPT not in [section.text for section in sections]


def test_every_run_and_step_and_call_can_be_read_whole() -> None:
    state = reduce_all(EMPTY, sample_events())
    for run in state.runs:
        for key in [
            TrajectoryKey(run.run_id),
            *(TrajectoryKey(run.run_id, step.number) for step in run.steps),
            *(
                TrajectoryKey(run.run_id, step.number, call.call_id)
                for step in run.steps
                for call in step.calls
            ),
        ]:
            subject = find_subject(state, key)
            assert subject is not None
            assert whole_sections(whole_parts(subject), sample_contents())

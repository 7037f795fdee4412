"""What a person does with the card, and what the session is told."""

from __future__ import annotations

from pathlib import Path

from penguiflow.planner.approvals import Approve, DecisionError, Edit, Reject, Respond, call_hash
from penguiflow.sessions.results import AlreadyDecidedError
from penguiflow_tui.widgets.argument_form import ArgumentForm
from penguiflow_tui.widgets.composer import Composer
from tests.fakes import recorded
from tests.fakes.session import FakeSession
from tests.fakes.workbench import Bench, workbench


def waiting(**options: object) -> FakeSession:
    session = FakeSession(on_start=[recorded.CONNECTED], on_decide=recorded.saved(), **options)  # type: ignore[arg-type] - options of the fake, passed through
    session.happened(*recorded.until_approval())
    return session


async def decided(bench: Bench) -> None:
    await bench.until(lambda: bench.session.decided, "a decision")


async def test_a_approves_exactly_the_call_that_was_shown(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("a")
        await decided(bench)
        approve = Approve(call_hash(recorded.TOOL, recorded.ARGS))
        assert bench.session.decided == [("request-1", approve)]
        await bench.until(lambda: not bench.card.display, "the card is gone")
        assert isinstance(bench.app.focused, Composer)


async def test_keys_pressed_too_early_decide_nothing_and_start_the_wait_anew(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.until(lambda: bench.card.has_focus, "the card has the focus")
        for _ in range(4):  # half a second in all, but never half a second of quiet
            bench.ticks.now += 0.3
            await bench.pilot.press("a")
        assert bench.session.decided == []
        bench.ticks.now += 0.6
        await bench.pilot.press("a")
        await decided(bench)


async def test_enter_and_space_never_approve(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("enter", "space", "y", "enter")
        assert bench.session.decided == []


async def test_the_card_does_not_take_the_focus_from_somebody_who_writes(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        await bench.write("cat")
        session.happened(*recorded.until_approval())
        await bench.until(lambda: bench.card.display, "the card is shown")
        bench.ticks.now += 60
        await bench.write("a")
        assert bench.composer.text == "cata"
        assert session.decided == []
        await bench.pilot.press("ctrl+g")
        await bench.press_when_armed("a")
        await decided(bench)
        assert bench.composer.text == "cata"


async def test_the_card_takes_the_focus_once_the_typing_stops(tmp_path: Path) -> None:
    session = FakeSession(on_ask=recorded.until_approval())
    async with workbench(session, folder=tmp_path) as bench:
        await bench.write("hi")
        await bench.pilot.press("enter")
        await bench.until(lambda: bench.card.display, "the card is shown")
        assert isinstance(bench.app.focused, Composer)
        bench.ticks.now += 1.1
        await bench.until(lambda: bench.card.has_focus, "the card has the focus")


async def test_edited_fields_become_the_arguments(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.pilot.press("tab")
        await bench.write(" Or not.")
        await bench.pilot.press("tab", "right", "tab", "3", "ctrl+s")
        await decided(bench)
        edited = recorded.ARGS | {
            "text": f"{recorded.ARGS['text']} Or not.",
            "priority": "high",
            "remind_in_days": 3,
        }
        assert bench.session.decided == [("request-1", Edit(edited))]


async def test_arguments_that_are_not_valid_stay_in_the_form(tmp_path: Path) -> None:
    session = waiting(check=lambda args: ["`title`: too long", "something else"])
    async with workbench(session, folder=tmp_path) as bench:
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.write("!")
        await bench.pilot.press("ctrl+s")
        await bench.until(lambda: bench.card.query("FormRow.-wrong"), "the error is shown")
        assert session.decided == []
        await bench.pilot.press("escape")
        await bench.until(lambda: bench.card.has_focus, "back at the card")
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.pilot.press("ctrl+s")
        await bench.until(lambda: len(session.checked) >= 2, "it is checked again")
        assert session.checked[-1]["title"] == "Call with Ada!"


async def test_a_number_that_is_none_is_not_even_checked(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.pilot.press("shift+tab")
        await bench.write("soon")
        await bench.pilot.press("ctrl+s")
        await bench.until(lambda: bench.card.query("FormRow.-wrong"), "the error is shown")
        assert bench.session.checked == []
        assert bench.session.decided == []


async def test_all_arguments_can_be_edited_as_json(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.pilot.press("ctrl+r")
        await bench.until(lambda: bench.card.query("#all-arguments:focus"), "the JSON has the focus")
        field = bench.card.query_one("#all-arguments")
        field.load_text('{"title": "t", "text": "x"}')  # type: ignore[attr-defined] - the field is a text area
        await bench.pilot.press("ctrl+s")
        await decided(bench)
        assert bench.session.decided == [("request-1", Edit({"title": "t", "text": "x"}))]


async def test_an_unchanged_form_approves_the_call_as_proposed(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.pilot.press("ctrl+s")
        await decided(bench)
        assert isinstance(bench.session.decided[0][1], Approve)


async def test_a_rejection_carries_its_reason(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("r")
        await bench.until(lambda: not bench.card.has_focus, "the reason has the focus")
        await bench.write("not on a Tuesday")
        await bench.pilot.press("enter")
        await decided(bench)
        assert bench.session.decided == [("request-1", Reject("not on a Tuesday"))]


async def test_a_question_of_the_run_is_answered_with_words(tmp_path: Path) -> None:
    session = FakeSession()
    session.happened(*recorded.until_approval()[:-1], recorded.question_asked())
    async with workbench(session, folder=tmp_path) as bench:
        await bench.press_when_armed("a", "e")
        assert session.decided == []
        await bench.press_when_armed("r")
        await bench.until(lambda: not bench.card.has_focus, "the answer has the focus")
        await bench.pilot.press("enter")
        await bench.write("Ada from Oslo")
        await bench.pilot.press("enter")
        await decided(bench)
        assert session.decided == [("request-1", Respond("Ada from Oslo"))]


async def test_a_deferred_card_comes_back(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("d")
        await bench.until(lambda: bench.card.folded, "the card is folded")
        await bench.until(lambda: isinstance(bench.app.focused, Composer), "the composer has the focus")
        await bench.pilot.press("ctrl+g")
        await bench.press_when_armed("a")
        await decided(bench)


async def test_a_decision_that_came_too_late_is_shown(tmp_path: Path) -> None:
    session = waiting(refuse=AlreadyDecidedError("`request-1` has its answer already"))
    async with workbench(session, folder=tmp_path) as bench:
        await bench.press_when_armed("a")
        await bench.until(lambda: bench.card.query_one(".problem").display, "the problem is shown")
        assert bench.app.is_running


async def test_a_decision_that_does_not_fit_can_be_made_again(tmp_path: Path) -> None:
    session = waiting(refuse=DecisionError("the arguments changed"))
    async with workbench(session, folder=tmp_path) as bench:
        await bench.press_when_armed("a")
        await bench.until(lambda: bench.card.query_one(".problem").display, "the problem is shown")
        session.refuse = None
        await bench.press_when_armed("a")
        await bench.until(lambda: not bench.card.display, "the card is gone")


async def test_two_requests_are_answered_one_after_the_other(tmp_path: Path) -> None:
    session = waiting()
    session.happened(recorded.asked(recorded.EDITED, request_id="request-2", call_id="call-2"))
    async with workbench(session, folder=tmp_path) as bench:
        await bench.until(lambda: bench.card.display, "the card is shown")
        assert "1 of 2" in str(bench.card.border_title)
        await bench.press_when_armed("a")
        await bench.until(
            lambda: bench.card.asked and bench.card.asked.request_id == "request-2", "the second"
        )
        assert "of" not in str(bench.card.border_title)


async def test_the_form_says_when_json_is_not_an_object(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.pilot.press("ctrl+r")
        await bench.until(lambda: bench.card.query("#all-arguments:focus"), "the JSON has the focus")
        bench.card.query_one("#all-arguments").load_text("[1]")  # type: ignore[attr-defined] - a text area
        await bench.pilot.press("ctrl+s")
        form = bench.card.query_one(ArgumentForm)
        await bench.until(lambda: form.query(".verdict.-wrong"), "the error is shown")
        assert bench.session.checked == []

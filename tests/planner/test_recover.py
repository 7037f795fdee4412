"""Runs that break off after somebody answered, and go on from what was kept."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.llm.errors import LLMUnavailableError
from penguiflow.planner import UnknownTokenError
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.planner_tools import Note, Notebook, Saved, answer, call, finished, paused, planner_for

SAVE = call("save", text="fish")
DOWN = LLMUnavailableError("the provider is down")


async def test_a_call_whose_result_was_recorded_is_not_made_again() -> None:
    notebook = Notebook()
    planner, llm = planner_for(SAVE, DOWN, answer("saved"), notebook=notebook)
    pause = paused(await planner.run("q"))
    with pytest.raises(LLMUnavailableError):
        await planner.resume(pause.resume_token, "approve")
    result = finished(await planner.recover(pause.resume_token))
    assert notebook.stored == ["fish"]
    assert result.payload["raw_answer"] == "saved"
    assert llm.received[2] == llm.received[1]


async def test_a_broken_off_token_says_how_to_go_on() -> None:
    planner, _ = planner_for(SAVE, DOWN)
    pause = paused(await planner.run("q"))
    with pytest.raises(LLMUnavailableError):
        await planner.resume(pause.resume_token, "approve")
    with pytest.raises(UnknownTokenError, match="recover"):
        await planner.resume(pause.resume_token, "approve")


async def test_a_waiting_run_and_one_that_is_over_have_nothing_to_recover() -> None:
    planner, _ = planner_for(SAVE, answer())
    pause = paused(await planner.run("q"))
    with pytest.raises(UnknownTokenError, match="still waits"):
        await planner.recover(pause.resume_token)
    finished(await planner.resume(pause.resume_token, "approve"))
    with pytest.raises(UnknownTokenError):
        await planner.recover(pause.resume_token)


async def test_a_question_is_not_asked_again_after_its_answer() -> None:
    planner, llm = planner_for(
        call("ask", text="which?"), DOWN, answer("red"), state_store=InMemoryStateStore()
    )
    pause = paused(await planner.run("q"))
    with pytest.raises(LLMUnavailableError):
        await planner.resume(pause.resume_token, "the red one")
    finished(await planner.fork().recover(pause.resume_token))
    assert [message["content"] for message in llm.received[2]].count("Resume input: the red one") == 1


async def test_a_store_that_fails_while_a_run_goes_on_does_not_stop_it() -> None:
    class Failing(InMemoryStateStore):
        saves = 0

        async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
            self.saves += 1
            if self.saves == 3:  # the pause, the claim, then how far the run has come
                raise OSError("disk full")
            await super().save_planner_state(token, payload)

    @tool(desc="Save a note", requires_approval=True)
    async def save(args: Note, ctx: Any) -> Saved:
        return Saved(stored=args.text)

    planner, _ = planner_for(SAVE, answer("saved"), catalog=[save], state_store=Failing())
    pause = paused(await planner.run("q"))
    assert finished(await planner.resume(pause.resume_token, "approve")).payload["raw_answer"] == "saved"

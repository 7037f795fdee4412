"""The question before a server is started: what it shows, and that nothing but a decision says yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguiflow.safe_text import SafeText
from penguiflow.tools.trust import TrustQuestion
from penguiflow_tui.ports import TrustAnswer
from penguiflow_tui.screens.trust import TrustScreen
from tests.fakes.session import FakeSession
from tests.fakes.workbench import Asking, asking

QUESTION = TrustQuestion(
    project_root=Path("/srv/notebook"),
    name="notes",
    source=Path("/srv/notebook/.mcp.json"),
    definition="0" * 64,
    transport="mcp",
    argv=tuple(map(SafeText, ("uvx", "notes-server", "--database", "my notes.sqlite3"))),
    cwd=SafeText("/srv/notebook"),
    env_names=(SafeText("MODE"),),
    variables=("NOTES_TOKEN",),
    warnings=(SafeText("runs code from the network"),),
)


async def test_it_shows_every_word_of_the_command_and_the_names_of_what_it_gets(tmp_path: Path) -> None:
    async with asking(FakeSession(), [QUESTION], folder=tmp_path) as bench:
        for shown in (
            "my notes.sqlite3",
            "uvx",
            "MODE",
            "NOTES_TOKEN",
            "/srv/notebook/.mcp.json",
            "runs code",
        ):
            assert shown in bench.drawing
        assert bench.workspace.answers == []
        assert bench.app.host.session is None


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["t"], "trusted"),
        (["o"], "once"),
        (["r"], "refused"),
        (["escape"], "later"),
        (["enter"], "later"),
        (["down", "enter"], "refused"),
        (["down", "down", "down", "enter"], "trusted"),
    ],
)
async def test_keys_decide_and_no_is_the_answer_at_hand(
    tmp_path: Path, keys: list[str], answer: TrustAnswer
) -> None:
    async with asking(FakeSession(), [QUESTION], folder=tmp_path) as bench:
        bench.ticks.now += 1
        await bench.pilot.press(*keys)
        await bench.loaded()
        assert bench.workspace.answers == [answer]


async def test_keys_that_were_meant_for_something_else_decide_nothing(tmp_path: Path) -> None:
    async with asking(FakeSession(), [QUESTION], folder=tmp_path) as bench:
        for _ in range(4):
            bench.ticks.now += 0.3
            await bench.pilot.press("t", "enter")
        assert isinstance(bench.app.screen, TrustScreen)
        assert bench.workspace.answers == []


async def test_servers_are_asked_about_one_after_another(tmp_path: Path) -> None:
    async with asking(FakeSession(), [QUESTION, QUESTION], folder=tmp_path) as bench:
        await answered(bench, "t", 1)
        await bench.until(lambda: isinstance(bench.app.screen, TrustScreen), "the second question")
        await answered(bench, "r", 2)
        await bench.loaded()
        assert bench.workspace.answers == ["trusted", "refused"]


async def answered(bench: Asking, key: str, count: int) -> None:
    bench.ticks.now += 1
    await bench.pilot.press(key)
    await bench.until(lambda: len(bench.workspace.answers) == count, "the answer is heard")

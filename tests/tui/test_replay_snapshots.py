"""What a replay and the pager look like, and that the picture shows what the model says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from penguiflow.state.events import ContentRef, EventBody, RunEvent
from penguiflow_tui.replay.playback import INSTANT
from penguiflow_tui.screens.pager import PagerScreen
from penguiflow_tui.themes import DAY
from penguiflow_tui.widgets.text_pages import TextPages
from tests.fakes import recorded
from tests.fakes.replay import ReplayBench, replaying
from tests.fakes.session import STARTED_AT

ScreenShot = Callable[[App[Any]], bool]

every_size = pytest.mark.parametrize(
    "size", [(120, 40), (80, 24), (60, 20)], ids=lambda size: f"{size[0]}x{size[1]}"
)

SYSTEM = "You keep notes for one person. Answer with one JSON object.\n\n" + "\n".join(
    f"{number}. Ask before something is deleted, and never guess a date or a name." for number in range(1, 31)
)
TEXTS = {"system": SYSTEM, "question": recorded.QUESTION}
REFS = (
    ContentRef(content_id="system", chars=len(SYSTEM), role="system"),
    ContentRef(content_id="question", chars=len(recorded.QUESTION), role="user"),
)
ASKED = [
    recorded.CONNECTED,
    *recorded.thinking(),
    recorded.with_prompt(recorded.model_called(1), REFS, reply='{"next_node": "notes.save_note"}'),
    *recorded.until_approval()[3:],
]
WHOLE = [
    *ASKED,
    *recorded.saved(recorded.EDITED),
    *recorded.answered("Saved as **note 1**.\n\n", "Ask me to `list notes` to see it."),
]


def events(*bodies: EventBody) -> list[RunEvent]:
    """One event a second; the person took a minute and a half to decide."""
    times = [seq + (90.0 if seq >= len(ASKED) else 0.0) for seq in range(len(bodies))]
    return [
        RunEvent(session_id="s", run_id="r", seq=seq, ts=STARTED_AT + after_s, body=body)
        for seq, (after_s, body) in enumerate(zip(times, bodies, strict=True))
    ]


async def play_until_the_person_is_asked(bench: ReplayBench) -> None:
    await bench.play((len(ASKED) - 0.5) / bench.playback.speed, until_shown=len(ASKED))
    await bench.until(lambda: bench.card.display, "the card is shown")
    await bench.at_rest()


@every_size
async def test_a_replay_plays(tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]) -> None:
    async with replaying(events(*WHOLE), folder=tmp_path, size=size, speed=2.0) as bench:
        await play_until_the_person_is_asked(bench)
        assert bench.playback.state == "playing"
        assert bench.screen.state.activity == "waiting"
        assert shows_as_before(bench.app)


@every_size
async def test_a_replay_is_paused(tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]) -> None:
    async with replaying(events(*WHOLE), folder=tmp_path, size=size) as bench:
        await play_until_the_person_is_asked(bench)
        await bench.press("full_stop", "full_stop")
        await bench.shown(len(ASKED) + 2)
        await bench.at_rest()
        assert bench.playback.state == "paused"
        assert bench.screen.state.activity == "running_tool"
        assert shows_as_before(bench.app)


@every_size
async def test_a_replay_is_over(tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]) -> None:
    async with replaying(events(*WHOLE), folder=tmp_path, size=size) as bench:
        await bench.press("end")
        await bench.shown(len(WHOLE))
        await bench.at_rest()
        run = bench.screen.state.run
        assert bench.playback.state == "over"
        assert run is not None
        assert run.state == "answered"
        assert shows_as_before(bench.app)


async def test_a_replay_by_day(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    async with replaying(events(*WHOLE), folder=tmp_path, speed=2.0, theme=DAY.name) as bench:
        await play_until_the_person_is_asked(bench)
        assert not bench.app.current_theme.dark
        assert shows_as_before(bench.app)


async def test_a_replay_stands_at_its_start(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    async with replaying(events(*WHOLE), folder=tmp_path, size=(80, 24)) as bench:
        await bench.press("space", "home")
        await bench.shown(0)
        await bench.at_rest()
        assert bench.screen.state.run is None
        assert shows_as_before(bench.app)


@every_size
async def test_a_whole_prompt(tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]) -> None:
    async with replaying(events(*ASKED), folder=tmp_path, size=size, speed=INSTANT) as bench:
        bench.recording.contents.update(TEXTS)
        await bench.shown(len(ASKED))
        await bench.press("f3", "home", "down", "tab", "o")
        await bench.until(lambda: isinstance(bench.app.screen, PagerScreen), "the pager is open")
        pages = bench.app.screen.query_one(TextPages)
        await bench.until(lambda: pages.row_count, "the text is read")
        await bench.press("n")
        await bench.at_rest()
        assert pages.row_count >= len(SYSTEM.splitlines())
        assert shows_as_before(bench.app)

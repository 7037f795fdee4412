"""Recorded runs end as they did, with the same tools and arguments, and ask the model the same things."""

from __future__ import annotations

import json

import pytest

from penguiflow.llm.cassette import CassetteClient, CassetteError
from tests.planner.record_histories import HISTORIES, STORIES, Story, tell

RECORD_ANEW = "if the change is meant: python -m tests.planner.record_histories, and read the difference"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_a_recorded_run_goes_as_it_went(story: Story) -> None:
    client = CassetteClient.replay(story.cassette)
    try:
        told = await tell(story, client)
        client.assert_all_used()
    except CassetteError as exc:
        exc.add_note(RECORD_ANEW)
        raise
    assert told == json.loads(story.expected.read_text(encoding="utf-8")), RECORD_ANEW


def test_every_recorded_file_belongs_to_a_story() -> None:
    files = {path for story in STORIES for path in (story.cassette, story.expected)}
    assert set(HISTORIES.iterdir()) == files, RECORD_ANEW

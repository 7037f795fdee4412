"""A call that is not on the tape is refused loudly and shown; a call that nobody makes is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from penguiflow.llm import ChatMessage, FunctionLLM, LLMError, LLMReply
from penguiflow.llm.cassette import CassetteClient, CassetteMissError, CassetteUnusedError, mask_dates
from penguiflow.planner import ReactPlanner
from tests.fakes.planner_tools import Notebook, answer, call, finished
from tests.fakes.taped import never, said, tape_of


async def recorded(folder: Path, *conversations: list[ChatMessage]) -> CassetteClient:
    """Return a replay of these calls; asking the model during the replay fails the test."""
    recording, path = tape_of(folder, *(f"reply {at}" for at in range(len(conversations))))
    for messages in conversations:
        await recording.complete(messages=messages)
    return CassetteClient.replay(path)


async def miss_of(replay: CassetteClient, messages: list[ChatMessage]) -> str:
    with pytest.raises(CassetteMissError) as caught:
        await replay.complete(messages=messages)
    return str(caught.value)


async def test_a_miss_names_the_cassette_and_the_call_and_shows_where_the_text_differs(
    tmp_path: Path,
) -> None:
    replay = await recorded(tmp_path, said("a"), said("a", "b", '{"stored": "seen milk"}'))
    await replay.complete(messages=said("a"))
    message = await miss_of(replay, said("a", "b", '{"stored": "seen tea"}'))
    assert message.splitlines() == [
        f"cassette `{tmp_path / 'tape.jsonl'}` holds no outcome for call 2; nothing was sent.",
        "The nearest is recorded call 2: message 4 (user) differs at character 18:",
        '- {"stored": "seen milk"}',
        '+ {"stored": "seen tea"}',
        "If the change is meant, record the cassette anew.",
    ]


async def test_a_difference_in_a_long_text_is_shown_with_a_little_of_what_is_around_it(
    tmp_path: Path,
) -> None:
    old, new = ("x" * 5_000 + word + "\x1b[2J\n" + "y" * 5_000 for word in ("milk", "tea"))
    lines = (await miss_of(await recorded(tmp_path, said(old)), said(new))).splitlines()
    assert lines[1].endswith("message 2 (user) differs at character 5001:")
    assert lines[2].startswith("- …" + "x" * 40 + "milk␛[2J⏎yyy")
    assert lines[3].startswith("+ …" + "x" * 40 + "tea␛[2J⏎yyy")
    assert max(len(line) for line in lines[2:4]) < 220


async def test_among_runs_side_by_side_the_nearest_call_is_shown(tmp_path: Path) -> None:
    replay = await recorded(tmp_path, said("Ann"), said("Bob"), said("Bob", "hi", "Bob again"))
    message = await miss_of(replay, said("Bob", "hi", "Bob once more"))
    assert (
        "recorded call 3: message 4 (user) differs at character 5:\n- Bob again\n+ Bob once more" in message
    )


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (said("a"), said("a", "b"), "it ends after 2 message(s), here follows:\n+ {"),
        (said("a", "b"), said("a"), "it has more than these 2 message(s):\n- {"),
        ([{"role": "user", "content": "a"}], [{"role": "tool", "content": "a"}], '"role":"tool"'),
        (said("a"), [], "it has more than these 0 message(s)"),
    ],
)
async def test_a_miss_tells_other_differences_too(
    was: list[ChatMessage], now: list[ChatMessage], told: str, tmp_path: Path
) -> None:
    assert told in await miss_of(await recorded(tmp_path, was), now)


async def test_a_miss_tells_when_the_recording_is_used_up(tmp_path: Path) -> None:
    replay = await recorded(tmp_path, said("a"))
    await replay.complete(messages=said("a"))
    assert "recorded 1 time(s), and all of them were asked for" in await miss_of(replay, said("a"))
    assert "It holds 1 call(s), all asked for already" in await miss_of(replay, said("b"))
    assert "The last message of this one is: none" in await miss_of(replay, [])


async def test_a_file_whose_messages_were_edited_by_hand_is_told(tmp_path: Path) -> None:
    await recorded(tmp_path, said("a"))
    path = tmp_path / "tape.jsonl"
    path.write_text(path.read_text().replace('"content":"a"', '"content":"b"'))
    assert "edited by hand" in await miss_of(CassetteClient.replay(path), said("b"))


async def test_a_miss_passes_whatever_recovers_from_failures_of_models(tmp_path: Path) -> None:
    replay = await recorded(tmp_path, said("a"))
    with pytest.raises(AssertionError) as caught:
        await ReactPlanner(llm_client=replay, catalog=Notebook().catalog()).run("q")
    assert isinstance(caught.value, CassetteMissError)
    assert not isinstance(caught.value, LLMError)


async def test_a_miss_that_somebody_swallowed_is_raised_again_at_the_end(tmp_path: Path) -> None:
    replay = await recorded(tmp_path, said("a"))
    message = await miss_of(replay, said("b"))
    await replay.complete(messages=said("a"))
    with pytest.raises(CassetteMissError) as caught:
        replay.assert_all_used()
    assert str(caught.value) == message


async def test_what_was_recorded_and_never_asked_for_is_told(tmp_path: Path) -> None:
    replay = await recorded(tmp_path, said("a"), said("b"), said("c"))
    await replay.complete(messages=said("b"))
    left = replay.unused()
    assert [(call.number, call.messages[-1]["content"], call.outcome) for call in left] == [
        (1, "a", LLMReply(text="reply 0", model="scripted")),
        (3, "c", LLMReply(text="reply 2", model="scripted")),
    ]
    with pytest.raises(CassetteUnusedError, match="2 of 3 calls were never asked for: 1, 3"):
        replay.assert_all_used()
    for text in ("c", "a"):
        await replay.complete(messages=said(text))
    replay.assert_all_used()


async def test_equal_requests_are_served_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    first_may_end = asyncio.Event()

    class Overtaken(FunctionLLM):
        async def complete(self, *, messages: Sequence[ChatMessage], **keywords: object) -> LLMReply:
            reply = await super().complete(messages=messages)
            if reply.text == "first":
                await first_may_end.wait()
            else:
                first_may_end.set()
            return reply

    texts = iter(("first", "second"))
    path = tmp_path / "tape.jsonl"
    recording = CassetteClient.record(Overtaken(lambda _: next(texts)), path)
    async with asyncio.timeout(5):
        live = await asyncio.gather(*(recording.complete(messages=said("a")) for _ in range(2)))
    replay = CassetteClient.replay(path)
    assert [await replay.complete(messages=said("a")) for _ in range(2)] == live
    assert [reply.text for reply in live] == ["first", "second"]


async def test_runs_side_by_side_are_replayed_in_any_order(tmp_path: Path) -> None:
    def decide(messages: Sequence[ChatMessage]) -> dict[str, object]:
        name = "Ann" if "Ann" in messages[1]["content"] else "Bob"
        return answer(f"for {name}") if len(messages) > 2 else call("look", text=name)

    async def runs(client: CassetteClient, *names: str) -> list[str]:
        planner = ReactPlanner(llm_client=client, catalog=Notebook().catalog())
        ends = await asyncio.gather(*(planner.run(f"look for {name}") for name in names))
        return [finished(end).payload["raw_answer"] for end in ends]

    path = tmp_path / "tape.jsonl"
    recording = CassetteClient.record(FunctionLLM(decide), path)
    assert await runs(recording, "Ann", "Bob") == ["for Ann", "for Bob"]
    replay = CassetteClient.replay(path)
    assert await runs(replay, "Bob", "Ann") == ["for Bob", "for Ann"]
    replay.assert_all_used()


async def test_the_day_in_a_system_message_does_not_count_and_elsewhere_it_does(tmp_path: Path) -> None:
    replay = await recorded(
        tmp_path, said("a", system="Today is 2026-11-27 (UTC)."), said("on 2026-11-27", system="")
    )
    await replay.complete(messages=said("a", system="Today is 2027-01-02 (UTC)."))
    assert "- on 2026-11-27\n+ on 2027-01-02" in await miss_of(replay, said("on 2027-01-02", system=""))


async def test_a_function_of_your_own_masks_what_changes_in_every_message(tmp_path: Path) -> None:
    def without_ticket(text: str) -> str:
        return mask_dates(text.replace("ticket 17", "ticket").replace("ticket 18", "ticket"))

    path = tmp_path / "tape.jsonl"
    recording = CassetteClient.record(FunctionLLM(lambda _: "ok"), path, normalise=without_ticket)
    await recording.complete(messages=said("ticket 17 of 2026-11-27"))
    replay = CassetteClient.replay(path, record_missing=FunctionLLM(never), normalise=without_ticket)
    await replay.complete(messages=said("ticket 18 of 2026-11-28"))
    assert "ticket 17" not in path.read_text()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Today is 2026-11-27 (UTC).", "Today is [date] (UTC)."),
        ("2026-11-27T10:30:00.123Z, 2026-11-27 10:30", "[date], [date]"),
        ("at 2026-11-27T10:30:00+01:00!", "at [date]!"),
        ("order 12026-11-27 and 2026-11-271", "order 12026-11-27 and 2026-11-271"),
    ],
)
def test_dates_are_masked_with_the_time_that_follows(text: str, masked: str) -> None:
    assert mask_dates(text) == masked

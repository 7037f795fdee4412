"""The file: small, complete after every call, free of secrets, and clear about what is wrong in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penguiflow.llm import ChatMessage, FunctionLLM, LLMAuthError, LLMReply, ScriptedLLM
from penguiflow.llm.cassette import CassetteClient, CassetteFileError
from penguiflow.llm.protocol import OnStreamChunk
from tests.fakes.taped import Thinker, ask, said, tape_of

CANARY = "sk-canary-0123456789abcdef"
HEADER = '{"cassette":1,"expects_json_schema":false,"keywords":["messages"],"model":null}\n'
CALL = '{"call":1,"messages":[],"options":{},"reply":{"text":"x"},"request":"0"}\n'


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_a_line_holds_what_earlier_lines_do_not(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    recording = CassetteClient.record(Thinker(), path)
    schema = {"type": "json_object"}
    await recording.complete(messages=said("a"), response_format=schema)
    await recording.complete(messages=said("a", "b", "c"), response_format=schema)
    await recording.complete(messages=said("a", "b", "other"))
    header, first, second, third = lines_of(path)
    assert header == {
        "cassette": 1,
        "expects_json_schema": True,
        "keywords": [
            "messages", "response_format", "stream", "on_stream_chunk", "on_reasoning_chunk", "tools"
        ],
        "model": "thinker",
    }  # fmt: skip
    asked = {"messages": said("a"), "response_format": schema}
    canonical = json.dumps(asked, separators=(",", ":"), sort_keys=True)
    assert first == {
        "call": 1,
        "messages": said("a"),
        "options": {"response_format": schema},
        "reply": {
            "text": "Hello", "cost_usd": None, "usage": None, "model": "thinker", "reasoning": "hm so"
        },
        "request": sha256(canonical.encode()).hexdigest(),
    }  # fmt: skip
    assert second["continues"] == {"call": 1, "messages": 2}
    assert second["messages"] == said("a", "b", "c")[2:]
    assert "options" not in second
    assert third["continues"] == {"call": 2, "messages": 3}
    assert third["options"] == {}

    calls = CassetteClient.replay(path).unused()
    assert [list(call.messages) for call in calls] == [
        said("a"), said("a", "b", "c"), said("a", "b", "other")
    ]  # fmt: skip
    assert [call.options for call in calls] == [{"response_format": schema}] * 2 + [{}]


async def test_the_same_calls_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        recording = CassetteClient.record(ScriptedLLM([{"b": 1, "a": 2}]), tmp_path / name)
        await recording.complete(messages=said("é\u2028\n"), response_format={"type": "x", "a": {}})
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes()
    assert "é" in content.decode("utf-8")


async def test_every_finished_call_is_in_the_file_when_its_reply_is_returned(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, "one", "two")
    for count in (1, 2):
        await recording.complete(messages=said("a"))
        assert len(CassetteClient.replay(path).unused()) == count


async def test_a_call_that_was_cancelled_leaves_nothing(tmp_path: Path) -> None:
    began = asyncio.Event()

    class Hanging:
        async def complete(self, **keywords: Any) -> str:
            began.set()
            await asyncio.Event().wait()
            raise AssertionError

    path = tmp_path / "tape.jsonl"
    task = asyncio.create_task(CassetteClient.record(Hanging(), path).complete(messages=said("a")))
    async with asyncio.timeout(5):
        await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert CassetteClient.replay(path).unused() == ()


async def test_many_calls_at_once_give_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    recording = CassetteClient.record(FunctionLLM(lambda messages: messages[-1]["content"] * 1000), path)
    await asyncio.gather(*(recording.complete(messages=said(str(number))) for number in range(100)))
    replay = CassetteClient.replay(path)
    replies = await asyncio.gather(*(replay.complete(messages=said(str(number))) for number in range(100)))
    assert [reply.text for reply in replies] == [str(number) * 1000 for number in range(100)]
    replay.assert_all_used()


async def test_no_secret_reaches_the_file_and_a_replay_finds_the_calls_all_the_same(tmp_path: Path) -> None:
    def speak(messages: Sequence[ChatMessage]) -> LLMReply:
        if "fail" in messages[-1]["content"]:
            raise LLMAuthError(f"refused {CANARY}", hint=f"replace {CANARY}")
        return LLMReply(text=f'{{"note": "the key is {CANARY}"}}', reasoning=f"so {CANARY}", model=CANARY)

    async def talk(client: CassetteClient) -> list[Any]:
        reply, pieces = await ask(client, f"my key is {CANARY}", response_format={"api_key": CANARY})
        told = await ask(client, f"my key is {CANARY}", reply.text, "go on")
        with pytest.raises(LLMAuthError) as caught:
            await ask(client, "fail")
        return [reply.text, "".join(text for _, text, _ in pieces), told[0].text, str(caught.value)]

    path = tmp_path / "tape.jsonl"
    # Pieces of seven characters: the secret stands in none of them as a whole.
    live = await talk(CassetteClient.record(FunctionLLM(speak, model=CANARY, chunk_chars=7), path))
    content = path.read_text()
    assert CANARY not in content
    assert "canary" not in "".join(
        chunk[1] for line in lines_of(path)[1:] for chunk in line.get("chunks", [])
    )
    replay = CassetteClient.replay(path)
    replayed = await talk(replay)
    assert replayed == [text.replace(CANARY, "[redacted]") for text in live]
    replay.assert_all_used()


async def test_a_secret_in_a_stream_is_cut_out_of_all_its_pieces(tmp_path: Path) -> None:
    class Careless:
        async def complete(self, *, on_reasoning_chunk: OnStreamChunk, **keywords: Any) -> str:
            for piece in ("the key ", "sk-canary-", "", "0123456789", "abcdef"):
                on_reasoning_chunk(piece, False)
            on_reasoning_chunk("", True)
            return "done"

    path = tmp_path / "tape.jsonl"
    await ask(CassetteClient.record(Careless(), path), "hi")
    _, pieces = await ask(CassetteClient.replay(path), "hi")
    reasoning = [(text, done) for channel, text, done in pieces if channel == "reasoning"]
    assert reasoning == [
        ("the key ", False),
        ("[redacted]", False),
        ("", False),
        ("", False),
        ("", False),
        ("", True),
    ]


@settings(deadline=None)
@given(
    text=st.text(st.characters(), max_size=40),
    pieces=st.lists(st.text(st.characters(), max_size=10), max_size=4),
)
@example(text="\ud800 \U0001f427\n\x00\u2028\x85", pieces=["\udc27", "\r\n"])
@example(text="\ud83d\udc27", pieces=["\\ud800", '"'])
def test_any_text_survives(text: str, pieces: list[str]) -> None:
    class Streaming:
        async def complete(self, *, on_stream_chunk: OnStreamChunk, **keywords: Any) -> str:
            for piece in pieces:
                on_stream_chunk(piece, False)
            on_stream_chunk("", True)
            return text

    async def record_and_replay(path: Path) -> None:
        recorded, _ = await ask(CassetteClient.record(Streaming(), path), text, *pieces)
        replay = CassetteClient.replay(path)
        reply, streamed = await ask(replay, text, *pieces)
        assert reply.text == joined(recorded.text)
        assert streamed == [("text", joined(piece), False) for piece in pieces] + [("text", "", True)]
        replay.assert_all_used()

    with TemporaryDirectory() as folder:
        asyncio.run(record_and_replay(Path(folder) / "tape.jsonl"))


def joined(text: str) -> str:
    """Return the text with two halves of a character written as the character, as JSON reads them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "line 1 is damaged: it is no JSON"),
        ("{}\n", "line 1 is damaged: a cassette begins with"),
        ("[1]\n", "line 1 is damaged: it is no JSON object"),
        ('{"cassette":2}\n', "is of version 2, but this program reads version 1; record it anew"),
        ('{"cassette":1}\n', "line 1 is damaged: `keywords`: Field required"),
        (HEADER[:-1], "line 1 is damaged: the line is cut off"),
        (HEADER + "\n", "line 2 is damaged: it is no JSON"),
        (HEADER + CALL + CALL, "line 3 is damaged: call 1 stands on an earlier line too"),
        (HEADER + CALL + '{"call":2,"mess', "line 3 is damaged: the line is cut off; delete it"),
        (HEADER + CALL.replace('"call":1,', ""), "line 2 is damaged: `call`: Field required"),
        (HEADER + CALL.replace('"call"', '"x":1,"call"'), "line 2 is damaged: `x`: Extra inputs"),
        (HEADER + CALL.replace('"text"', '"words"'), "line 2 is damaged: `reply.text`: Field required"),
        (
            HEADER + CALL.replace('"reply"', '"chunks":[["song","",true]],"reply"'),
            "`chunks.0.0`: Input should",
        ),
        (HEADER + CALL.replace('"reply":{"text":"x"},', ""), "a call has either a `reply` or an `error`"),
        (
            HEADER + CALL.replace('"reply"', '"error":{"code":"llm_error","message":""},"reply"'),
            "a call has either a `reply` or an `error`",
        ),
        (
            HEADER + CALL.replace('"reply":{"text":"x"}', '"error":{"code":"odd","message":""}'),
            "line 2 is damaged: the error code `odd` is unknown",
        ),
        (
            HEADER + CALL.replace('"messages"', '"continues":{"call":7,"messages":1},"messages"'),
            "line 2 is damaged: it continues call 7, which no earlier line holds",
        ),
        (HEADER + "[" * 100_000 + "\n", "line 2 is damaged: it is no JSON"),
    ],
)
def test_a_damaged_file_is_refused_with_the_line_and_the_reason(
    content: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_text(content)
    with pytest.raises(CassetteFileError) as caught:
        CassetteClient.replay(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_bytes(HEADER.encode() + b"\xff\n")
    with pytest.raises(CassetteFileError, match="line 2 is damaged: it is no JSON in UTF-8"):
        CassetteClient.replay(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CassetteFileError, match=r"there is no cassette .*record it with"):
        CassetteClient.replay(tmp_path / "none.jsonl")
    with pytest.raises(CassetteFileError, match="cannot be read"):
        CassetteClient.replay(tmp_path)
    with pytest.raises(CassetteFileError, match="cannot be written"):
        CassetteClient.record(ScriptedLLM([]), tmp_path, overwrite=True)


async def test_a_reply_that_cannot_be_written_down_is_not_returned(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, "one")
    path.unlink()
    path.mkdir()
    with pytest.raises(CassetteFileError, match="cannot be written"):
        await recording.complete(messages=said("a"))


async def test_a_conversation_of_many_calls_gives_a_file_that_grows_by_its_new_messages(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tape.jsonl"
    recording = CassetteClient.record(FunctionLLM(lambda messages: f"reply {len(messages)}"), path)
    messages = said("first question " * 20)
    for number in range(200):
        reply = await recording.complete(messages=messages)
        messages = [
            *messages,
            {"role": "assistant", "content": reply.text},
            {"role": "user", "content": f"question {number}"},
        ]
    assert path.stat().st_size < 200 * 500
    replay = CassetteClient.replay(path)
    for call in replay.unused():
        await replay.complete(messages=call.messages)
    replay.assert_all_used()

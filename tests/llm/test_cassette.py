"""A recorded model answers again as it did, without being asked, and looks as it did."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from penguiflow.llm import (
    ChatMessage,
    FunctionLLM,
    LLMError,
    LLMRateLimitError,
    LLMReply,
    LLMSetupError,
    LLMUnavailableError,
    ScriptedLLM,
    TokenUsage,
)
from penguiflow.llm import errors as llm_errors
from penguiflow.llm.cassette import CassetteClient, CassetteFileError, CassetteMissError
from penguiflow.llm.protocol import NativeTools, OnStreamChunk, ToolDescription
from tests.fakes.taped import Thinker, ask, never, said, tape_of

PRICED = LLMReply(
    text='{"next_node": "look"}',
    cost_usd=0.25,
    usage=TokenUsage(input_tokens=10, output_tokens=3, cached_tokens=4, reasoning_tokens=1),
    model="m1",
    reasoning="I look first",
)
ERROR_CLASSES = [
    kind for kind in vars(llm_errors).values() if isinstance(kind, type) and issubclass(kind, LLMError)
]


class Plain:
    """A client without streaming that returns a bare text."""

    async def complete(
        self, *, messages: Sequence[ChatMessage], response_format: Mapping[str, Any] | None = None
    ) -> str:
        return "plain"


class Anything:
    """A client that takes any keyword and returns text with its cost."""

    async def complete(self, **keywords: Any) -> tuple[str, float]:
        return f"seed {keywords.get('seed')}", 0.5


async def test_a_replay_returns_the_same_replies_with_usage_and_cost(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, PRICED, "second")
    first = await recording.complete(messages=said("a"))
    second = await recording.complete(messages=said("a", first.text, "b"))
    assert first == PRICED

    replay = CassetteClient.replay(path)
    assert await replay.complete(messages=said("a", first.text, "b")) == second
    assert await replay.complete(messages=said("a")) == PRICED
    replay.assert_all_used()


async def test_a_replay_streams_the_same_pieces_in_the_same_order(tmp_path: Path) -> None:
    recorded = await ask(CassetteClient.record(Thinker(), tmp_path / "tape.jsonl"), "hi")
    assert recorded[1] == [
        ("reasoning", "hm ", False),
        ("text", "Hel", False),
        ("reasoning", "so", True),
        ("text", "lo", False),
        ("text", "", True),
    ]
    assert await ask(CassetteClient.replay(tmp_path / "tape.jsonl"), "hi") == recorded


async def test_a_reply_that_was_not_streamed_is_streamed_in_one_piece(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, "Hello")
    await recording.complete(messages=said("hi"))
    _, pieces = await ask(CassetteClient.replay(path), "hi")
    assert pieces == [("text", "Hello", False), ("text", "", True)]


async def test_a_streamed_reply_can_be_asked_for_without_a_stream(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, "Hello")
    await recording.complete(messages=said("hi"), stream=True, on_stream_chunk=lambda *_: None)
    pieces: list[str] = []
    replay = CassetteClient.replay(path)
    reply = await replay.complete(messages=said("hi"), on_stream_chunk=lambda text, _: pieces.append(text))
    assert (reply.text, pieces) == ("Hello", [])


@pytest.mark.parametrize("kind", ERROR_CLASSES)
async def test_a_failure_is_raised_again_as_the_same_class(kind: type[LLMError], tmp_path: Path) -> None:
    def fail(_: Sequence[ChatMessage]) -> str:
        raise kind("no luck", hint="try again")

    path = tmp_path / "tape.jsonl"
    with pytest.raises(kind):
        await CassetteClient.record(FunctionLLM(fail), path).complete(messages=said("hi"))
    with pytest.raises(LLMError, match="no luck") as caught:
        await CassetteClient.replay(path).complete(messages=said("hi"))
    assert type(caught.value) is kind
    assert caught.value.hint == "try again"


async def test_pieces_before_a_failure_are_streamed_before_it_is_raised(tmp_path: Path) -> None:
    class BreaksOff:
        async def complete(self, *, on_stream_chunk: OnStreamChunk, **keywords: Any) -> LLMReply:
            on_stream_chunk("Hel", False)
            raise LLMUnavailableError("cut off")

    pieces: list[str] = []
    path = tmp_path / "tape.jsonl"
    for taped in (lambda: CassetteClient.record(BreaksOff(), path), lambda: CassetteClient.replay(path)):
        with pytest.raises(LLMUnavailableError):
            await taped().complete(
                messages=said("hi"), stream=True, on_stream_chunk=lambda text, _: pieces.append(text)
            )
        assert pieces == ["Hel"]
        pieces.clear()


async def test_an_error_class_of_your_own_comes_back_as_the_one_above_it(tmp_path: Path) -> None:
    class QuotaError(LLMRateLimitError):
        code = "quota"

    def fail(_: Sequence[ChatMessage]) -> str:
        raise QuotaError("monthly quota used up")

    path = tmp_path / "tape.jsonl"
    with pytest.raises(QuotaError):
        await CassetteClient.record(FunctionLLM(fail), path).complete(messages=said("hi"))
    with pytest.raises(LLMRateLimitError) as caught:
        await CassetteClient.replay(path).complete(messages=said("hi"))
    assert type(caught.value) is LLMRateLimitError


async def test_a_failure_that_no_model_makes_passes_and_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    with pytest.raises(AssertionError, match="asked for hi"):
        await CassetteClient.record(FunctionLLM(never), path).complete(messages=said("hi"))
    with pytest.raises(CassetteMissError):
        await CassetteClient.replay(path).complete(messages=said("hi"))


@pytest.mark.parametrize(
    ("client", "names"),
    [
        (Plain(), ["messages", "response_format"]),
        (
            Thinker(),
            ["messages", "response_format", "stream", "on_stream_chunk", "on_reasoning_chunk", "tools"],
        ),
        (Anything(), ["keywords"]),
    ],
)
def test_record_and_replay_take_the_keywords_of_the_recorded_client(
    client: Any, names: list[str], tmp_path: Path
) -> None:
    recording = CassetteClient.record(client, tmp_path / "tape.jsonl")
    again = CassetteClient.record(recording, tmp_path / "copy.jsonl")
    for taped in (recording, again, CassetteClient.replay(tmp_path / "copy.jsonl")):
        assert list(inspect.signature(taped.complete).parameters) == names
        assert taped.model == getattr(client, "model", None)
        assert taped.expects_json_schema is getattr(client, "expects_json_schema", False)


async def test_every_form_of_a_reply_is_recorded(tmp_path: Path) -> None:
    plain = CassetteClient.record(Plain(), tmp_path / "plain.jsonl")
    priced = CassetteClient.record(Anything(), tmp_path / "priced.jsonl")
    assert await plain.complete(messages=said("hi")) == LLMReply(text="plain")
    # A keyword of this client alone reaches it, and is no part of what makes two calls the same.
    live: Any = priced.complete
    assert await live(messages=said("hi"), seed=7) == LLMReply(text="seed 7", cost_usd=0.5)
    replay: Any = CassetteClient.replay(tmp_path / "priced.jsonl").complete
    assert await replay(messages=said("hi"), seed=8) == LLMReply(text="seed 7", cost_usd=0.5)
    assert (
        await CassetteClient.replay(tmp_path / "plain.jsonl").complete(messages=said("hi"))
    ).cost_usd is None


async def test_a_client_that_returns_something_else_is_refused(tmp_path: Path) -> None:
    class Wrong:
        async def complete(self, **keywords: Any) -> Any:
            return None

    with pytest.raises(TypeError, match="`NoneType`"):
        await CassetteClient.record(Wrong(), tmp_path / "tape.jsonl").complete(messages=said("hi"))


async def test_tools_and_response_format_reach_the_client_and_tell_calls_apart(tmp_path: Path) -> None:
    thinker = Thinker()
    recording = CassetteClient.record(thinker, tmp_path / "tape.jsonl")
    look = ToolDescription(name="look", description="Look", parameters={"type": "object"})
    tools = NativeTools(system="Today is 2026-11-27.", tools=[look])
    await recording.complete(messages=said("hi"), tools=tools)
    await recording.complete(messages=said("hi"), response_format={"type": "json_object"})
    assert [call["tools"] for call in thinker.given] == [tools, None]

    replay = CassetteClient.replay(tmp_path / "tape.jsonl")
    tomorrow = NativeTools(system="Today is 2026-11-28.", tools=[look])
    await replay.complete(messages=said("hi"), tools=tomorrow)
    assert [call.options for call in replay.unused()] == [{"response_format": {"type": "json_object"}}]
    with pytest.raises(CassetteMissError, match="the messages are the same, but `response_format` differs"):
        await replay.complete(messages=said("hi"), response_format={"type": "text"})


def test_readiness_is_that_of_the_recorded_client_and_a_replay_is_always_ready(tmp_path: Path) -> None:
    class NoKey(Plain):
        def check_ready(self) -> None:
            raise LLMSetupError("no key")

    recording = CassetteClient.record(NoKey(), tmp_path / "tape.jsonl")
    with pytest.raises(LLMSetupError):
        recording.check_ready()
    CassetteClient.record(Plain(), tmp_path / "other.jsonl").check_ready()
    CassetteClient.replay(tmp_path / "tape.jsonl").check_ready()


async def test_missing_calls_are_made_only_with_the_client_given_for_them(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, "one")
    await recording.complete(messages=said("a"))

    both = CassetteClient.replay(path, record_missing=ScriptedLLM(["two", "three"]))
    asked = [await both.complete(messages=said(text)) for text in ("a", "b", "b")]
    assert [reply.text for reply in asked] == ["one", "two", "three"]

    replay = CassetteClient.replay(path, record_missing=FunctionLLM(never))
    assert [(await replay.complete(messages=said(text))).text for text in ("b", "b", "a")] == [
        "two",
        "three",
        "one",
    ]
    replay.assert_all_used()


async def test_missing_calls_can_begin_a_new_cassette(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tape.jsonl"
    client = CassetteClient.replay(path, record_missing=ScriptedLLM(["one"]))
    await client.complete(messages=said("a"))
    assert (await CassetteClient.replay(path).complete(messages=said("a"))).text == "one"


async def test_a_recording_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    recording, path = tape_of(tmp_path, "old")
    await recording.complete(messages=said("a"))
    with pytest.raises(CassetteFileError, match="overwrite=True"):
        CassetteClient.record(ScriptedLLM([]), path)
    assert len(CassetteClient.replay(path).unused()) == 1

    anew = CassetteClient.record(ScriptedLLM(["new"]), path, overwrite=True)
    await anew.complete(messages=said("b"))
    (call,) = CassetteClient.replay(path).unused()
    assert call.messages[-1]["content"] == "b"

"""Clients without a provider behave like one with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from penguiflow.llm import ChatMessage, FunctionLLM, LLMRateLimitError, LLMReply, ScriptedLLM, TokenUsage
from penguiflow.llm.scripted import scripted_reply

HELLO: list[ChatMessage] = [{"role": "user", "content": "hello"}]


async def test_replies_come_in_order_and_what_was_asked_is_kept() -> None:
    llm = ScriptedLLM([{"next_node": "final_response", "args": {"answer": "hé"}}, "plain"])
    assert (
        await llm.complete(messages=HELLO)
    ).text == '{"next_node": "final_response", "args": {"answer": "hé"}}'
    assert (await llm.complete(messages=[])).text == "plain"
    assert llm.received == [HELLO, []]


async def test_a_missing_reply_is_loud() -> None:
    llm = ScriptedLLM(["only one"])
    await llm.complete(messages=HELLO)
    with pytest.raises(AssertionError, match=r"1 replies and call 2 came; the last message is `hello`"):
        await llm.complete(messages=HELLO)


async def test_a_function_sees_the_conversation() -> None:
    def shout(messages: Sequence[ChatMessage]) -> str:
        return messages[-1]["content"].upper()

    assert (await FunctionLLM(shout).complete(messages=HELLO)).text == "HELLO"


async def test_a_stream_comes_in_pieces_and_ends() -> None:
    pieces: list[tuple[str, bool]] = []
    llm = ScriptedLLM(["abcdefg"], chunk_chars=3)
    reply = await llm.complete(
        messages=HELLO, stream=True, on_stream_chunk=lambda *piece: pieces.append(piece)
    )
    assert pieces == [("abc", False), ("def", False), ("g", False), ("", True)]
    assert reply.text == "abcdefg"


async def test_cost_and_model_are_passed_on() -> None:
    llm = ScriptedLLM([LLMReply(text="a", cost_usd=0.5), LLMReply(text="b", model="own")], model="demo")
    first, second = [await llm.complete(messages=HELLO) for _ in range(2)]
    assert (first.cost_usd, first.model) == (0.5, "demo")
    assert (second.cost_usd, second.model) == (None, "own")


async def test_a_reply_is_an_action_with_what_it_cost() -> None:
    usage = TokenUsage(input_tokens=10, output_tokens=2)
    llm = ScriptedLLM([scripted_reply({"answer": "é"}, cost_usd=0.5, usage=usage), scripted_reply("plain")])
    assert await llm.complete(messages=HELLO) == LLMReply(
        text='{"answer": "é"}', cost_usd=0.5, usage=usage, model="scripted"
    )
    assert await llm.complete(messages=HELLO) == LLMReply(text="plain", model="scripted")


async def test_an_exception_in_a_script_is_raised_and_the_script_goes_on() -> None:
    llm = ScriptedLLM([LLMRateLimitError("slow down"), "at last"])
    with pytest.raises(LLMRateLimitError, match="slow down"):
        await llm.complete(messages=HELLO)
    assert (await llm.complete(messages=HELLO)).text == "at last"
    assert len(llm.received) == 2


async def test_a_function_may_wait_and_fail() -> None:
    async def decide(messages: Sequence[ChatMessage]) -> LLMReply | Exception:
        if len(messages) > 1:
            return LLMRateLimitError("too long")
        return LLMReply(text=messages[0]["content"], cost_usd=0.1)

    llm = FunctionLLM(decide)
    assert await llm.complete(messages=HELLO) == LLMReply(text="hello", cost_usd=0.1, model="scripted")
    with pytest.raises(LLMRateLimitError):
        await llm.complete(messages=HELLO * 2)


@pytest.mark.parametrize("stream", [True, False])
async def test_reasoning_comes_before_the_text(stream: bool) -> None:
    heard: list[str] = []
    llm = ScriptedLLM([scripted_reply("4", reasoning="2+2 is 4"), "5"], chunk_chars=5)
    for _ in range(2):
        await llm.complete(
            messages=HELLO,
            stream=stream,
            on_stream_chunk=lambda text, done: heard.append(f"text {text} {done}"),
            on_reasoning_chunk=lambda text, done: heard.append(f"reasoning {text} {done}"),
        )
    reasoning = ["reasoning 2+2 i False", "reasoning s 4 False", "reasoning  True"]
    texts = ["text 4 False", "text  True", "text 5 False", "text  True"] if stream else []
    assert heard == reasoning + texts

"""Clients without a provider behave like one with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from penguiflow.llm import ChatMessage, FunctionLLM, LLMReply, ScriptedLLM

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

"""Tools called natively, through the real client and a real HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from penguiflow.llm import ChatMessage, LiteLLMClient, LLMReply, LLMReplyError, LLMSetupError
from penguiflow.llm._abilities import ToolCalling
from penguiflow.llm.errors import LLMBadRequestError
from penguiflow.llm.protocol import NativeTools, ToolDescription
from tests.fakes.openai_server import (
    Calls,
    CutsOff,
    Fails,
    Hangs,
    OpenAIServer,
    ReceivedRequest,
    Reply,
    Says,
    Usage,
)
from tests.llm.calling import KEY, Chunks, client_of

pytestmark = pytest.mark.usefixtures("nothing_left_behind")

TOOLS = NativeTools(
    system="Call tools.",
    tools=[
        ToolDescription(
            name="docs.read",
            description="Reads a page.",
            parameters={"type": "object", "properties": {"page": {"type": "integer"}}, "required": ["page"]},
        ),
        ToolDescription(
            name="final_response",
            description="Answers.",
            parameters={"type": "object", "properties": {"answer": {"type": "string"}}},
        ),
    ],
)
MESSAGES: list[ChatMessage] = [
    {"role": "system", "content": "Reply with JSON."},
    {"role": "user", "content": '{"query":"q"}'},
]
STEP: list[ChatMessage] = [
    {"role": "assistant", "content": '{"args":{"page":1},"next_node":"docs.read","thought":"I look."}'},
    {"role": "user", "content": '{"observation":{"text":"hi"}}'},
]
FORMAT = {"type": "json_object"}
READ = Calls("docs_read", '{"page": 2}')
READ_ACTION = {"thought": "I look.", "next_node": "docs.read", "args": {"page": 2}}
ANSWER = Calls("final_response", '{"answer": "It says hi."}')
JSON_ACTION = '{"next_node": "docs.read", "args": {"page": 2}}'


async def ask(
    client: LiteLLMClient,
    messages: Sequence[ChatMessage] = MESSAGES,
    *,
    chunks: Chunks | None = None,
    reasoning: Chunks | None = None,
) -> LLMReply:
    return await client.complete(
        messages=messages,
        response_format=FORMAT,
        stream=chunks is not None,
        on_stream_chunk=chunks,
        tools=TOOLS,
        on_reasoning_chunk=reasoning,
    )


async def test_a_model_known_to_call_tools_is_given_them() -> None:
    usage = Usage(prompt_tokens=1000, completion_tokens=200, cached_tokens=400, reasoning_tokens=50)
    async with OpenAIServer.running(Says("I look.", usage, calls=(READ,))) as server:
        reply = await ask(client_of(server), [*MESSAGES, *STEP])
    body = server.requests[0].body
    assert [tool["function"]["name"] for tool in body["tools"]] == ["docs_read", "final_response"]
    assert body["tool_choice"] == "required"
    assert "response_format" not in body
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][0]["content"] == "Call tools."
    assert body["messages"][2]["tool_calls"][0]["function"] == {
        "name": "docs_read",
        "arguments": '{"page":1}',
    }
    assert body["messages"][3]["content"] == '{"observation":{"text":"hi"}}'
    assert json.loads(reply.text) == READ_ACTION
    assert reply.cost_usd is not None
    assert reply.usage is not None
    assert (reply.usage.cached_tokens, reply.usage.reasoning_tokens) == (400, 50)


@pytest.mark.parametrize(
    ("model", "settings", "options", "is_native"),
    [
        ("openai/gpt-4o-mini", {}, {}, True),
        ("openai/gpt-4o-mini", {}, {"tool_calling": "json"}, False),
        ("openai/gpt-4o-mini", {"tool_calling": "json"}, {"tool_calling": "native"}, False),
        ("openai/home-grown", {}, {}, False),
        ("openai/home-grown", {}, {"tool_calling": "native"}, True),
        ("openai/home-grown", {"tool_calling": "native"}, {}, True),
    ],
)
async def test_who_calls_tools_natively(
    model: str, settings: dict[str, Any], options: dict[str, ToolCalling], is_native: bool
) -> None:
    reply = Says(calls=(READ,)) if is_native else Says(JSON_ACTION)
    async with OpenAIServer.running(reply) as server:
        client = client_of(server, model=model, settings=settings, **options)
        assert json.loads((await ask(client)).text) == json.loads(JSON_ACTION)
    body = server.requests[0].body
    assert ("tools" in body) is is_native
    assert ("response_format" in body) is not is_native
    assert "tool_calling" not in body
    if not is_native:
        assert body["messages"] == MESSAGES


async def test_a_call_without_tools_asks_for_json() -> None:
    async with OpenAIServer.running(Says("{}")) as server:
        await client_of(server).complete(messages=MESSAGES, response_format=FORMAT)
    assert server.requests[0].body["response_format"] == FORMAT
    assert "tools" not in server.requests[0].body


def test_ollamas_tools_depend_on_how_it_is_asked() -> None:
    LiteLLMClient("ollama_chat/llama3.2", tool_calling="native").check_ready()
    with pytest.raises(LLMSetupError, match=r"`ollama/llama3\.2` cannot be given tools") as raised:
        LiteLLMClient("ollama/llama3.2", tool_calling="native").check_ready()
    assert "ollama_chat/" in (raised.value.hint or "")


def test_an_unknown_way_of_calling_tools_is_refused() -> None:
    with pytest.raises(LLMSetupError, match="`tool_calling` is 'always'") as raised:
        LiteLLMClient({"model": "openai/gpt-4o-mini", "tool_calling": "always"})
    assert "'auto', 'native', 'json'" in (raised.value.hint or "")


async def test_several_calls_are_one_plan() -> None:
    calls = (READ, Calls("docs_read", '{"page": 3}'), ANSWER)
    async with OpenAIServer.running(Says(calls=calls), Says(calls=calls)) as server:
        client, chunks = client_of(server), Chunks()
        texts = {(await ask(client)).text, (await ask(client, chunks=chunks)).text}
    assert [json.loads(text) for text in texts] == [
        {
            "next_node": "parallel",
            "args": {
                "steps": [
                    {"node": "docs.read", "args": {"page": 2}},
                    {"node": "docs.read", "args": {"page": 3}},
                ],
                "join": None,
            },
        }
    ]
    assert json.loads(chunks.text) == json.loads(JSON_ACTION)


async def test_a_call_streams_as_the_text_of_its_action() -> None:
    chunks = Chunks()
    async with OpenAIServer.running(Says("I have read it.", calls=(ANSWER,))) as server:
        reply = await ask(client_of(server), chunks=chunks)
    assert json.loads(reply.text) == {
        "thought": "I have read it.",
        "next_node": "final_response",
        "args": {"answer": "It says hi."},
    }
    assert chunks.text == reply.text
    assert len(chunks.pieces) > 6
    assert chunks.pieces[0] == '{"thought": "I have r'
    assert chunks.ends == 1
    assert reply.cost_usd is not None


async def test_json_streams_as_it_comes() -> None:
    chunks = Chunks()
    async with OpenAIServer.running(Says(JSON_ACTION)) as server:
        reply = await ask(client_of(server, tool_calling="json"), chunks=chunks)
    assert reply.text == chunks.text == JSON_ACTION
    assert chunks.ends == 1


async def test_text_without_a_call_is_the_answer() -> None:
    chunks = Chunks()
    async with OpenAIServer.running(Says("It says hi."), Says("It says hi.")) as server:
        client = client_of(server)
        replies = [await ask(client), await ask(client, chunks=chunks)]
    expected = {"next_node": "final_response", "args": {"answer": "It says hi."}}
    assert [json.loads(reply.text) for reply in replies] == [expected, expected]
    assert json.loads(chunks.text)["args"] == expected["args"]


async def test_broken_arguments_come_back_as_they_are() -> None:
    async with OpenAIServer.running(Says(calls=(Calls("docs_read", '{"page": two}'),))) as server:
        assert '"args": {"page": two}' in (await ask(client_of(server))).text


async def test_an_answer_without_text_or_call_is_an_error() -> None:
    async with OpenAIServer.running(Says(reasoning="hmm")) as server:
        with pytest.raises(LLMReplyError):
            await ask(client_of(server))


@pytest.mark.parametrize("options", [{}, {"tool_calling": "json"}])
@pytest.mark.parametrize("streams", [True, False])
async def test_reasoning_goes_its_own_way(options: dict[str, ToolCalling], streams: bool) -> None:
    reasoning, chunks = Chunks(), Chunks() if streams else None
    calls = () if options else (READ,)
    said = Says(JSON_ACTION if options else "I look.", calls=calls, reasoning="First I look at it.")
    async with OpenAIServer.running(said) as server:
        reply = await ask(client_of(server, **options), chunks=chunks, reasoning=reasoning)
    assert reasoning.text == reply.reasoning == "First I look at it."
    assert len(reasoning.pieces) == (4 if streams else 2)
    assert reasoning.ends == 1
    assert "First" not in reply.text
    assert chunks is None or chunks.text == reply.text


async def test_reasoning_is_the_thought_of_a_call_without_text() -> None:
    async with OpenAIServer.running(Says(calls=(READ,), reasoning="I look.")) as server:
        reply = await ask(client_of(server))
    assert json.loads(reply.text) == READ_ACTION


@pytest.mark.parametrize("streams", [True, False])
async def test_reasoning_that_nobody_wants_is_dropped(streams: bool) -> None:
    reasoning, chunks = Chunks(), Chunks() if streams else None
    async with OpenAIServer.running(Says(calls=(READ,), reasoning="I look.")) as server:
        client = client_of(server, use_native_reasoning=False)
        reply = await ask(client, chunks=chunks, reasoning=reasoning)
    assert reply.reasoning is None
    assert "thought" not in json.loads(reply.text)
    assert chunks is None or chunks.text == reply.text
    assert reasoning.pieces == []


async def test_without_reasoning_nothing_is_told_of_it() -> None:
    reasoning = Chunks()
    async with OpenAIServer.running(Says(calls=(READ,))) as server:
        await ask(client_of(server), reasoning=reasoning)
    assert reasoning.pieces == []


@pytest.mark.parametrize(
    ("model", "options", "effort", "temperature"),
    [
        ("openai/o3-mini", {"reasoning_effort": "low"}, "low", None),
        ("openai/o3-mini", {"reasoning_effort": "low", "use_native_reasoning": False}, None, None),
        ("openai/gpt-4o-mini", {"reasoning_effort": "low"}, None, 0.0),
        ("openai/home-grown", {"reasoning_effort": "low"}, None, 0.0),
    ],
)
async def test_an_effort_is_asked_only_of_models_that_reason(
    model: str, options: dict[str, Any], effort: str | None, temperature: float | None
) -> None:
    async with OpenAIServer.running(Says(JSON_ACTION)) as server:
        await ask(client_of(server, model=model, **options))
    body = server.requests[0].body
    assert body.get("reasoning_effort") == effort
    assert body.get("temperature") == temperature


def refusing(*unknown: str, choice: str | None = None) -> Any:  # a `decide` of the server
    def decide(request: ReceivedRequest) -> Reply:
        for name in unknown:
            if name in request.body:
                return Fails(400, f"Unrecognized request argument supplied: {name}")
        if choice is not None and request.body.get("tool_choice") == choice:
            return Fails(400, f"tool_choice '{choice}' is not supported")
        return Says(calls=(READ,)) if "tools" in request.body else Says(JSON_ACTION)

    return decide


@pytest.mark.parametrize(
    ("decide", "choices"),
    [
        (refusing(choice="required"), ["required", "auto", "auto"]),
        (refusing("tools"), ["required", None, None]),
        (refusing("tool_choice"), ["required", "auto", None, None]),
        (refusing("tools", "response_format"), ["required", None, None, None]),
    ],
)
async def test_what_a_provider_refuses_is_not_asked_again(decide: Any, choices: list[str | None]) -> None:
    async with OpenAIServer.running(decide=decide) as server:
        client = client_of(server)
        for _ in range(2):
            assert json.loads((await ask(client, chunks=Chunks())).text) == json.loads(JSON_ACTION)
    assert [request.body.get("tool_choice") for request in server.requests] == choices


async def test_another_refusal_is_an_error_and_changes_nothing() -> None:
    replies = (Fails(400, "temperature is odd"), Says(calls=(READ,)))
    async with OpenAIServer.running(*replies) as server:
        client = client_of(server)
        with pytest.raises(LLMBadRequestError, match="temperature"):
            await ask(client)
        await ask(client)
    assert ["tools" in request.body for request in server.requests] == [True, True]


async def test_the_name_of_the_model_is_no_reason_against_tools() -> None:
    async with OpenAIServer.running(Fails(400, "it is odd")) as server:
        client = client_of(server, model="openai/tool-user", tool_calling="native")
        with pytest.raises(LLMBadRequestError):
            await ask(client)
    assert len(server.requests) == 1


LONG = " ".join(f"word{at}" for at in range(300))


@pytest.mark.parametrize(
    "cut",
    [
        CutsOff(LONG),
        CutsOff("I look.", calls=(Calls("final_response", '{"answer": "' + LONG),)),
        CutsOff(reasoning=LONG),
    ],
)
async def test_a_stream_cut_in_its_middle_is_not_shown_twice(cut: CutsOff) -> None:
    chunks, reasoning = Chunks(), Chunks()
    again = Says("I looked.", calls=(ANSWER,), reasoning="It is simple.")
    async with OpenAIServer.running(cut, again) as server:
        reply = await ask(client_of(server), chunks=chunks, reasoning=reasoning)
    assert json.loads(reply.text)["args"] == {"answer": "It says hi."}
    assert reply.cost_usd is None  # nobody says what the first attempt cost
    assert reply.usage is not None
    # The last pieces may go down with the connection.
    assert (chunks.text + reasoning.text).count("word") in range(290, 301)
    assert ("I looked." in chunks.text) is bool(cut.reasoning)
    assert ("It is simple." in reasoning.text) is not bool(cut.reasoning)
    assert (chunks.ends, reasoning.ends) == (1, 1)


@pytest.mark.parametrize(
    "silence", [Hangs(calls=(Calls("docs_read", '{"page": '),)), Hangs(reasoning="hmm, let me see")]
)
async def test_cancelling_closes_the_stream_within_a_second_and_asks_no_more(silence: Hangs) -> None:
    chunks, reasoning = Chunks(), Chunks()
    async with OpenAIServer.running(silence, repeat_last=True) as server:
        call = asyncio.create_task(ask(client_of(server), chunks=chunks, reasoning=reasoning))
        async with asyncio.timeout(5):
            await (chunks if silence.calls else reasoning).first.wait()
        call.cancel()
        async with asyncio.timeout(1):
            with pytest.raises(asyncio.CancelledError):
                await call
            await server.client_left.wait()
    assert len(server.requests) == 1
    assert chunks.ends == reasoning.ends == 0


async def test_the_key_is_not_among_what_is_sent_in_the_body() -> None:
    async with OpenAIServer.running(Says(calls=(READ,))) as server:
        await ask(client_of(server))
    assert KEY not in json.dumps(dict(server.requests[0].body))

"""The real client against a real HTTP server: what a provider does to it, and what it leaves behind."""

from __future__ import annotations

import asyncio
import threading
import traceback

import pytest

from penguiflow.llm import (
    LLMAuthError,
    LLMBadRequestError,
    LLMContextLengthError,
    LLMError,
    LLMRateLimitError,
    LLMReplyError,
    LLMTimeoutError,
    LLMUnavailableError,
    TokenUsage,
)
from tests.fakes.openai_server import CutsOff, Fails, Hangs, OpenAIServer, ReceivedRequest, Reply, Says, Usage
from tests.llm.calling import KEY, QUESTION, Chunks, Waits, client_of

SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "action", "schema": {"type": "object", "properties": {"a": {"type": "integer"}}}},
}


pytestmark = pytest.mark.usefixtures("nothing_left_behind")


async def test_a_reply_comes_with_its_usage_and_cost() -> None:
    usage = Usage(prompt_tokens=1000, completion_tokens=200, cached_tokens=400, reasoning_tokens=50)
    async with OpenAIServer.running(Says('{"a": 1}', usage)) as server:
        reply = await client_of(server).complete(messages=QUESTION)
    assert reply.text == '{"a": 1}'
    assert reply.model == "openai/gpt-4o-mini"
    assert reply.usage == TokenUsage(
        input_tokens=1000, output_tokens=200, cached_tokens=400, reasoning_tokens=50
    )
    assert reply.cost_usd is not None
    assert 0 < reply.cost_usd < 0.01


async def test_a_stream_ends_with_the_same_usage() -> None:
    usage = Usage(prompt_tokens=1000, completion_tokens=200, cached_tokens=400, reasoning_tokens=50)
    async with OpenAIServer.running(Says("hi", usage), Says("hi", usage)) as server:
        client = client_of(server)
        whole = await client.complete(messages=QUESTION)
        streamed = await client.complete(messages=QUESTION, stream=True, on_stream_chunk=Chunks())
    assert streamed == whole


async def test_a_reply_without_usage_has_no_price() -> None:
    async with OpenAIServer.running(Says("hi", None)) as server:
        reply = await client_of(server).complete(messages=QUESTION)
    assert (reply.usage, reply.cost_usd) == (None, None)


async def test_a_stream_arrives_in_pieces_and_returns_the_whole() -> None:
    chunks = Chunks()
    async with OpenAIServer.running(Says("The quick brown fox jumps", Usage(prompt_tokens=7))) as server:
        reply = await client_of(server).complete(messages=QUESTION, stream=True, on_stream_chunk=chunks)
    assert chunks.pieces == ["The quic", "k brown ", "fox jump", "s", ""]
    assert chunks.ends == 1
    assert reply.text == "The quick brown fox jumps"
    assert reply.usage is not None
    assert reply.usage.input_tokens == 7
    assert reply.cost_usd is not None


async def test_the_price_of_an_unknown_model_is_unknown() -> None:
    async with OpenAIServer.running(Says("hi")) as server:
        reply = await client_of(server, model="openai/home-grown").complete(messages=QUESTION)
    assert reply.cost_usd is None
    assert reply.usage is not None


async def test_the_server_receives_the_settings() -> None:
    async with OpenAIServer.running(Says("hi")) as server:
        await client_of(server, temperature=0.5).complete(messages=QUESTION)
    request = server.requests[0]
    assert request.body["model"] == "gpt-4o-mini"
    assert request.body["temperature"] == 0.5
    assert request.messages == QUESTION
    assert request.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("model", "json_schema_mode", "sent"),
    [
        ("openai/gpt-4o-mini", True, "json_schema"),
        ("openai/home-grown", True, "json_schema"),
        ("openai/gpt-4o-mini", False, None),
    ],
)
async def test_the_form_of_json_fits_the_model(model: str, json_schema_mode: bool, sent: str | None) -> None:
    async with OpenAIServer.running(Says("{}")) as server:
        client = client_of(server, model=model, json_schema_mode=json_schema_mode)
        await client.complete(messages=QUESTION, response_format=SCHEMA)
    assert server.requests[0].body.get("response_format", {}).get("type") == sent


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    ("taken", "asked"),
    [
        (("json_schema",), ["json_schema", "json_schema"]),
        (("json_object",), ["json_schema", "json_object", "json_object"]),
        ((), ["json_schema", "json_object", None, None]),
    ],
)
async def test_a_form_of_json_that_a_server_refuses_is_not_asked_for_again(
    taken: tuple[str, ...], asked: list[str | None], status: int
) -> None:
    def decide(request: ReceivedRequest) -> Reply:
        form = request.body.get("response_format", {}).get("type")
        return Says("{}") if form in (None, *taken) else Fails(status, f"response_format {form} is unknown")

    async with OpenAIServer.running(decide=decide) as server:
        client = client_of(server, model="openai/home-grown")
        for _ in range(2):
            assert (await client.complete(messages=QUESTION, response_format=SCHEMA)).text == "{}"
    assert [request.body.get("response_format", {}).get("type") for request in server.requests] == asked


async def test_a_response_format_among_the_settings_wins() -> None:
    own = {"type": "json_object", "schema": {"type": "object"}}
    async with OpenAIServer.running(Says("{}")) as server:
        client = client_of(server, settings={"response_format": own})
        await client.complete(messages=QUESTION, response_format=SCHEMA)
    assert server.requests[0].body["response_format"] == own


@pytest.mark.parametrize("failure", [Fails(429, "slow down"), Fails(500), Fails(503)])
async def test_a_passing_failure_is_tried_again(failure: Fails) -> None:
    waits = Waits()
    async with OpenAIServer.running(failure, failure, Says("at last")) as server:
        reply = await client_of(server, waits=waits).complete(messages=QUESTION)
    assert reply.text == "at last"
    assert reply.cost_usd is not None  # refused requests cost nothing
    assert len(waits.seconds) == 2
    assert all(0 <= wait <= 20 for wait in waits.seconds)


async def test_retries_end() -> None:
    async with OpenAIServer.running(Fails(429, "slow down"), repeat_last=True) as server:
        with pytest.raises(LLMRateLimitError, match="slow down"):
            await client_of(server, max_retries=2).complete(messages=QUESTION)
    assert len(server.requests) == 3


async def test_after_a_cut_stream_the_whole_answer_comes_without_a_second_stream() -> None:
    chunks = Chunks()
    async with OpenAIServer.running(CutsOff("The quick brown"), Says("Another fox")) as server:
        reply = await client_of(server).complete(messages=QUESTION, stream=True, on_stream_chunk=chunks)
    assert reply.text == "Another fox"
    assert "".join(chunks.pieces) == "The quick brown"
    assert chunks.ends == 1
    assert reply.cost_usd is None  # nobody says what the first attempt cost


async def test_a_stream_cut_after_many_pieces_is_made_again_once_and_shown_once() -> None:
    chunks, waits = Chunks(), Waits()
    words = " ".join(f"word{at}" for at in range(300))
    async with OpenAIServer.running(CutsOff(words), Says("All of it.")) as server:
        client = client_of(server, waits=waits)
        reply = await client.complete(messages=QUESTION, stream=True, on_stream_chunk=chunks)
    assert reply.text == "All of it."
    assert words.startswith(chunks.text)
    assert (reply.cost_usd, len(waits.seconds), len(server.requests)) == (None, 1, 2)


async def test_after_a_timeout_the_cost_is_unknown() -> None:
    async with OpenAIServer.running(Hangs(), Says("at last")) as server:
        reply = await client_of(server, timeout_s=0.5).complete(messages=QUESTION)
    assert (reply.text, reply.cost_usd) == ("at last", None)


async def test_a_stream_cut_every_time_is_an_error() -> None:
    async with OpenAIServer.running(CutsOff("The quick brown"), repeat_last=True) as server:
        with pytest.raises(LLMUnavailableError):
            await client_of(server, max_retries=0).complete(
                messages=QUESTION, stream=True, on_stream_chunk=Chunks()
            )


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (
            Fails(401, f"Incorrect API key provided: {KEY}"),
            LLMAuthError,
            r"Incorrect API key provided: \[redacted\]",
        ),
        (Fails(403, "not yours"), LLMAuthError, "not yours"),
        (Fails(429, "You exceeded your current quota"), LLMAuthError, "quota"),
        (Fails(404, "model does not exist"), LLMBadRequestError, "model does not exist"),
        (Fails(400, "temperature is odd"), LLMBadRequestError, "temperature is odd"),
        (
            Fails(400, "This model's maximum context length is 10 tokens", "context_length_exceeded"),
            LLMContextLengthError,
            "maximum context length",
        ),
    ],
)
async def test_a_lasting_failure_is_told_once(failure: Fails, error: type[LLMError], words: str) -> None:
    async with OpenAIServer.running(failure, repeat_last=True) as server:
        with pytest.raises(error, match=rf"^`openai/gpt-4o-mini`: .*{words}") as raised:
            await client_of(server).complete(messages=QUESTION)
    assert len(server.requests) == 1
    assert "litellm" not in str(raised.value).lower()
    assert KEY not in "".join(traceback.format_exception(raised.value))


async def test_an_empty_answer_is_an_error() -> None:
    async with OpenAIServer.running(Says("")) as server:
        with pytest.raises(LLMReplyError):
            await client_of(server).complete(messages=QUESTION)


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with OpenAIServer.running(Hangs(), repeat_last=True) as server:
        with pytest.raises(LLMTimeoutError, match=r"within 0\.2 s"):
            await client_of(server, timeout_s=0.2, max_retries=1).complete(messages=QUESTION)
    assert len(server.requests) == 2


async def test_nobody_listening_is_an_error_with_a_hint() -> None:
    async with OpenAIServer.running() as server:
        client = client_of(server, max_retries=0)
    with pytest.raises(LLMUnavailableError) as raised:
        await client.complete(messages=QUESTION)
    assert "api_base" in (raised.value.hint or "")


@pytest.mark.parametrize("reply", [Hangs("The quick brown fox"), Hangs()])
async def test_cancelling_closes_the_stream_within_a_second_and_asks_no_more(reply: Hangs) -> None:
    chunks = Chunks()
    async with OpenAIServer.running(reply, repeat_last=True) as server:
        call = asyncio.create_task(
            client_of(server).complete(messages=QUESTION, stream=True, on_stream_chunk=chunks)
        )
        async with asyncio.timeout(5):
            await (chunks.first if reply.text else server.asked).wait()
        call.cancel()
        async with asyncio.timeout(1):
            with pytest.raises(asyncio.CancelledError):
                await call
            await server.client_left.wait()
    assert len(server.requests) == 1
    assert chunks.ends == 0


async def test_concurrent_calls_do_not_end_each_other() -> None:
    replies = [Says("slow answer", pause_s=0.02), *(Says("quick") for _ in range(4))]
    async with OpenAIServer.running(*replies) as server:
        client = client_of(server)
        calls = [
            client.complete(messages=QUESTION, stream=True, on_stream_chunk=Chunks())
            for _ in range(len(replies))
        ]
        texts = sorted(reply.text for reply in await asyncio.gather(*calls))
    assert texts == ["quick", "quick", "quick", "quick", "slow answer"]


async def test_a_callback_that_fails_costs_only_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    def failing(text: str, done: bool) -> None:
        raise RuntimeError("broken screen")

    async with OpenAIServer.running(Says("all of it, in pieces")) as server:
        reply = await client_of(server).complete(messages=QUESTION, stream=True, on_stream_chunk=failing)
    assert reply.text == "all of it, in pieces"
    assert "on_stream_chunk" in caplog.text


async def test_the_client_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    async with OpenAIServer.running(Fails(401, "no"), Says("hi")) as server:
        client = client_of(server)
        with pytest.raises(LLMAuthError):
            await client.complete(messages=QUESTION)
        await client.complete(messages=QUESTION, stream=True, on_stream_chunk=Chunks())
    assert capfd.readouterr() == ("", "")


def test_the_client_works_in_one_loop_after_another() -> None:
    async def once() -> str:
        async with OpenAIServer.running(Says("hi")) as server:
            return (await client_of(server).complete(messages=QUESTION)).text

    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(once(), debug=True)))
    thread.start()
    thread.join(timeout=5)
    results.append(asyncio.run(once(), debug=True))
    assert results == ["hi", "hi"]

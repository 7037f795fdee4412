"""What a real server said is replayed after the server is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguiflow.llm import LiteLLMClient, LLMAuthError, LLMReply
from penguiflow.llm.cassette import CassetteClient
from tests.fakes.openai_server import Fails, OpenAIServer, Says
from tests.fakes.taped import Pieces, ask, said

KEY = "canary-key-0123456789"


async def conversation(client: CassetteClient) -> tuple[LLMReply, Pieces, str]:
    reply, pieces = await ask(client, "hi")
    with pytest.raises(LLMAuthError) as caught:
        await client.complete(messages=said("hi", reply.text, "more"))
    return reply, pieces, f"{caught.value} {caught.value.hint}"


@pytest.mark.usefixtures("nothing_left_behind")
async def test_a_recorded_provider_is_not_needed_any_more(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    async with OpenAIServer.running(Says('{"answer": "Hello 🐧"}'), Fails(401, f"bad key {KEY}")) as server:
        settings = {"model": "openai/gpt-4o-mini", "api_base": server.base_url, "api_key": KEY}
        live = await conversation(CassetteClient.record(LiteLLMClient(settings), path))
        assert len(server.requests) == 2
    assert live[0].cost_usd is not None
    assert live[0].usage is not None
    assert len(live[1]) > 2
    assert KEY not in path.read_text()

    replay = CassetteClient.replay(path)
    assert await conversation(replay) == live
    assert replay.model == "openai/gpt-4o-mini"
    replay.assert_all_used()

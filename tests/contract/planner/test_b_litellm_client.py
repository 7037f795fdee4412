"""Section 22: what a provider receives when the planner is given the name of a model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.llm import LiteLLMClient
from penguiflow.planner import PlannerFinish, ReactPlanner
from tests.contract.planner.fakes_b import Bench
from tests.fakes.openai_server import Fails, Hangs, OpenAIServer, ReceivedRequest, Reply, Says
from tests.fakes.planner_tools import Heard, answer

YES = json.dumps(answer("yes"))


def run_against(
    *replies: Reply, model: str = "openai/gpt-4o-mini", settings: dict[str, Any] | None = None, **options: Any
) -> tuple[PlannerFinish, list[ReceivedRequest]]:
    """Run a planner against a server of its own, in a loop of real time."""

    async def run() -> tuple[Any, list[ReceivedRequest]]:
        async with OpenAIServer.running(*replies) as server:
            llm = {"model": model, "api_base": server.base_url, "api_key": "key", **(settings or {})}
            planner = ReactPlanner(llm, catalog=Bench().catalog(), **options)
            async with asyncio.timeout(30):
                return await planner.run("q"), server.requests

    return asyncio.run(run())


def request_of(**options: Any) -> dict[str, Any]:
    """Return the body of the first request."""
    _, requests = run_against(Says(YES), **options)
    return dict(requests[0].body)


def test_the_temperature_is_that_of_the_planner_unless_the_mapping_has_its_own() -> None:
    assert request_of()["temperature"] == 0.0
    assert request_of(temperature=0.3)["temperature"] == 0.3
    assert request_of(temperature=0.3, settings={"temperature": 0.7})["temperature"] == 0.7


def test_the_mapping_reaches_the_provider() -> None:
    body = request_of(settings={"top_p": 0.5})
    assert (body["model"], body["top_p"]) == ("gpt-4o-mini", 0.5)


def test_effort_is_asked_of_models_that_reason_only() -> None:
    assert "reasoning_effort" not in request_of(reasoning_effort="low")
    assert request_of(model="openai/o3-mini", reasoning_effort="low")["reasoning_effort"] == "low"


def test_the_cost_of_a_priced_model_is_not_zero() -> None:
    result, _ = run_against(Says(YES))
    cost = result.metadata["cost"]
    assert cost["total_cost_usd"] > 0
    assert cost["cost_known"] is True
    assert (cost["input_tokens"], cost["output_tokens"]) == (100, 20)


def test_a_streamed_answer_costs_the_same_and_is_told_in_pieces() -> None:
    heard = Heard()
    result, _ = run_against(Says(YES, chunk_chars=4), stream_final_response=True, event_callback=heard)
    pieces = [e.extra["text"] for e in heard.of("llm_stream_chunk") if e.extra["phase"] == "answer"]
    assert "".join(pieces) == "yes" == result.payload["raw_answer"]
    assert result.metadata["cost"]["total_cost_usd"] > 0


def complete_against(*replies: Reply, **options: Any) -> tuple[Any, list[float]]:
    """Make one call of the client itself, without waiting between its attempts."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> Any:
        async with OpenAIServer.running(*replies) as server:
            settings = {"model": "openai/gpt-4o-mini", "api_base": server.base_url, "api_key": "key"}
            client = LiteLLMClient(settings, sleep=wait, **options)
            return await client.complete(messages=[{"role": "user", "content": "q"}])

    return asyncio.run(run()), waits


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_provider_is_asked_again(status: int) -> None:
    reply, waits = complete_against(Fails(status), Fails(status), Says("fine"), max_retries=3)
    assert reply.text == "fine"
    assert len(waits) == 2
    assert all(0 <= wait <= 2 ** (attempt + 1) for attempt, wait in enumerate(waits))


def test_a_provider_that_stays_busy_is_given_up() -> None:
    with pytest.raises(RuntimeError, match="3 retries"):
        complete_against(*[Fails(503)] * 8, max_retries=3)


def test_a_provider_that_never_answers_is_given_up() -> None:
    with pytest.raises(RuntimeError, match="1 retr"):
        complete_against(Hangs(), Hangs(), Hangs(), timeout_s=0.2, max_retries=1)


def test_a_provider_that_says_nothing_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="empty content"):
        complete_against(*[Says("")] * 4)

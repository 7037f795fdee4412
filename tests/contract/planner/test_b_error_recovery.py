"""Section 23: which errors of a model are mended, and which come out of the run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import repeat
from typing import Any

import pytest

from penguiflow.planner import ErrorRecoveryConfig, LLMErrorType
from tests.contract.planner.fakes_b import Bench, Model, planner_with
from tests.fakes.planner_tools import Heard, answer, call, finished

LONG = "l" * 3_000


class ContextWindowExceededError(Exception):
    pass


class BadRequestError(Exception):
    pass


class RateLimitError(Exception):
    pass


class ServiceUnavailableError(Exception):
    pass


class InternalServerError(Exception):
    pass


class APITimeoutError(Exception):
    pass


TOO_LONG = BadRequestError("This model's maximum context length is 8192 tokens")


def test_recovery_has_its_defaults() -> None:
    config = ErrorRecoveryConfig()
    assert (config.enabled, config.max_compress_retries, config.compression_threshold_chars) == (
        True,
        1,
        2000,
    )
    assert config.summarize_on_compress is True


def test_errors_have_six_kinds() -> None:
    assert {kind.value for kind in LLMErrorType} == {
        "context_length_exceeded",
        "rate_limit",
        "service_unavailable",
        "timeout",
        "bad_request_other",
        "unknown",
    }


def recovering(
    *planning: Any, summariser: Iterable[Any] | Model = (), **options: Any
) -> tuple[Any, Model, Heard]:
    """Return a planner with a summariser of its own, its main model and what is heard of it."""
    heard, model = Heard(), Model(*planning)
    if not isinstance(summariser, Model):
        summariser = Model(anything=summariser)
    planner, _ = planner_with(model=model, event_callback=heard, summarizer_llm=summariser, **options)
    return planner, model, heard


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens",
        "context length exceeded",
        "you are over the token limit",
        "max_tokens is too large",
        "input is too long for the model",
    ],
)
async def test_a_conversation_that_is_too_long_is_shortened_and_asked_again(message: str) -> None:
    planner, model, heard = recovering(
        call("echo", text=LONG),
        BadRequestError(message),
        answer("after all"),
        summariser=("a short summary",),
    )
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "after all"
    assert LONG in model.planning[1].text
    shown = [
        json.loads(m["content"])
        for m in model.planning[2].messages
        if m["content"].startswith('{"observation"')
    ]
    assert shown == [{"observation": {"_compressed": True, "summary": "a short summary"}}]
    (attempt,), (compressed,) = heard.of("error_recovery_attempt"), heard.of("trajectory_compressed")
    assert heard.events.index(attempt) < heard.events.index(compressed)
    assert compressed.extra["steps_compressed"] == 1
    assert compressed.extra["original_size_chars"] > 3_000 > compressed.extra["compressed_size_chars"]
    assert {"attempt", "reason"} <= compressed.extra.keys()
    assert result.metadata["cost"]["summarizer_llm_calls"] == 1


async def test_the_full_observation_stays_in_the_metadata() -> None:
    planner, _, _ = recovering(call("echo", text=LONG), TOO_LONG, answer(), summariser=("short",))
    result = finished(await planner.run("q"))
    assert result.metadata["steps"][0]["observation"] == {"said": LONG}


async def test_a_short_observation_is_left_alone() -> None:
    planner, model, heard = recovering(
        call("echo", text="short one"),
        call("echo", text=LONG),
        TOO_LONG,
        answer(),
        summariser=("summary",),
    )
    await planner.run("q")
    assert heard.of("trajectory_compressed")[0].extra["steps_compressed"] == 1
    assert '{"observation":{"said":"short one"}}' in model.planning[-1].text


async def test_a_summary_is_made_of_a_bounded_text() -> None:
    summariser = Model(anything=["summary"])
    planner, _, _ = recovering(call("echo", text="☃" * 9_000), TOO_LONG, answer(), summariser=summariser)
    await planner.run("q")
    shown = summariser.asked[0].text
    assert 1_000 < shown.count("☃") + shown.count("2603") <= 8_000


async def test_a_summary_that_cannot_be_made_is_told_and_the_run_goes_on() -> None:
    planner, model, _ = recovering(
        call("echo", text=LONG),
        TOO_LONG,
        answer("still"),
        summariser=(RuntimeError("no summary"),),
    )
    assert finished(await planner.run("q")).payload["raw_answer"] == "still"
    assert "[Summary unavailable]" in model.planning[-1].text


@pytest.mark.parametrize("text", ["short", LONG])
async def test_a_conversation_that_stays_too_long_is_an_error(text: str) -> None:
    planner, _, _ = recovering(call("echo", text=text), *[TOO_LONG] * 5, summariser=repeat("summary", 5))
    with pytest.raises(BadRequestError, match="maximum context length"):
        await planner.run("q")


async def test_it_is_tried_as_often_as_allowed() -> None:
    planner, model, _ = recovering(
        call("echo", text=LONG),
        *[TOO_LONG] * 5,
        summariser=repeat("summary", 5),
        error_recovery=ErrorRecoveryConfig(max_compress_retries=0),
    )
    with pytest.raises(BadRequestError):
        await planner.run("q")
    assert len(model.planning) == 2


@pytest.mark.parametrize(
    "error",
    [
        BadRequestError("invalid schema"),
        RateLimitError("slow down"),
        ServiceUnavailableError("down"),
        InternalServerError("down"),
        APITimeoutError("slow"),
        TimeoutError("slow"),
        ValueError("what is that"),
    ],
)
async def test_every_other_error_comes_out_of_the_run(error: Exception) -> None:
    planner, model, heard = recovering(call("echo", text=LONG), error)
    with pytest.raises(type(error), match=str(error)):
        await planner.run("q")
    assert len(model.planning) == 2
    assert heard.of("finish") == []
    assert heard.of("error_recovery_success") == []


async def test_switched_off_nothing_is_tried() -> None:
    planner, model, heard = recovering(
        call("echo", text=LONG), TOO_LONG, error_recovery=ErrorRecoveryConfig(enabled=False)
    )
    with pytest.raises(BadRequestError):
        await planner.run("q")
    assert len(model.asked) == 2
    assert heard.of("error_recovery_attempt") == []


async def test_recovery_works_without_a_listener() -> None:
    bench = Bench()
    planner, _ = planner_with(
        call("echo", text=LONG), TOO_LONG, answer("yes"), bench=bench, summarizer_llm=Model(anything=["s"])
    )
    assert finished(await planner.run("q")).payload["raw_answer"] == "yes"
    assert len(bench.done) == 1


class SummarisingToo(Model):
    """Plans by its script, and summarises whatever has another system prompt."""

    async def complete(self, **request: Any) -> Any:
        if self.asked and request["messages"][0]["content"] != self.asked[0].system:
            return "by the main model"
        return await super().complete(**request)


async def test_without_a_summariser_the_main_model_summarises() -> None:
    model = SummarisingToo(call("echo", text=LONG), TOO_LONG, answer("yes"))
    planner, _ = planner_with(model=model)
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "yes"
    assert result.metadata["cost"]["summarizer_llm_calls"] == 1

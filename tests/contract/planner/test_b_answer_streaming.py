"""Section 21: the answer while it is being written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penguiflow.planner import ReflectionConfig
from tests.contract.planner.fakes_b import Model, PlainModel, planner_with
from tests.fakes.planner_tools import Heard, answer, call, finished


class Streaming(Model):
    """Streams every reply in pieces when it is asked to."""

    def __init__(self, *planning: Any, piece: int = 5, **others: Any) -> None:
        super().__init__(*planning, **others)
        self._piece = piece

    async def complete(self, **request: Any) -> Any:
        reply = await super().complete(**request)
        text = reply if isinstance(reply, str) else reply[0]
        on_stream_chunk = request.get("on_stream_chunk")
        if request.get("stream") and on_stream_chunk is not None:
            for start in range(0, len(text), self._piece):
                on_stream_chunk(text[start : start + self._piece], False)
            on_stream_chunk("", True)
        return reply


async def streamed(*replies: Any, piece: int = 5, **options: Any) -> tuple[list[tuple[str, bool]], Streaming]:
    """Return the pieces of the answer with their end marks, and the model."""
    heard, model = Heard(), Streaming(*replies, piece=piece)
    options = {"stream_final_response": True, **options}
    planner, _ = planner_with(model=model, event_callback=heard, **options)
    finished(await planner.run("q"))
    pieces = [
        (event.extra["text"], event.extra["done"])
        for event in heard.of("llm_stream_chunk")
        if event.extra["phase"] == "answer"
    ]
    return pieces, model


TEXTS = ["plain words", 'a "quoted" word', "two\nlines\tand a tab", "back\\slash", "ümläut 🐧 ☃", "x" * 300]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
async def test_the_answer_arrives_in_pieces_and_ends_once(text: str, piece: int) -> None:
    pieces, _ = await streamed({"next_node": "final_response", "args": {"answer": text}}, piece=piece)
    assert "".join(piece_text for piece_text, _ in pieces) == text
    assert pieces[-1] == ("", True)
    assert [done for _, done in pieces].count(True) == 1


@pytest.mark.parametrize("text", TEXTS)
async def test_escaped_characters_arrive_as_what_they_mean(text: str) -> None:
    reply = json.dumps({"next_node": "final_response", "args": {"answer": text}}, ensure_ascii=True)
    pieces, _ = await streamed(reply, piece=3)
    assert "".join(piece for piece, _ in pieces) == text


@pytest.mark.parametrize(
    "reply",
    [
        '{"args": {"answer": "the text"}, "next_node": "final_response"}',
        '{"next_node": "final_response", "args": {"raw_answer": "the text"}}',
        '{"next_node": "final_response", "args": {"route": "kb", "answer": "the text"}}',
        '{"next_node": "final_response", "args": "the text"}',
    ],
)
async def test_other_forms_of_an_answer_are_streamed_too(reply: str) -> None:
    pieces, _ = await streamed(reply)
    assert "".join(piece for piece, _ in pieces) == "the text"


async def test_an_answer_in_several_strings_is_streamed_line_by_line() -> None:
    pieces, _ = await streamed('{"next_node": "final_response", "args": ["one", "two"]}')
    assert "".join(piece for piece, _ in pieces) == "one\ntwo"


async def test_the_pieces_belong_to_the_answer_and_its_step() -> None:
    heard, model = Heard(), Streaming(call("echo"), answer("the text"))
    planner, _ = planner_with(model=model, event_callback=heard, stream_final_response=True)
    await planner.run("q")
    pieces = [event for event in heard.of("llm_stream_chunk") if event.extra["phase"] == "answer"]
    assert {event.extra["channel"] for event in pieces} == {"answer"}
    assert {event.extra["action_seq"] for event in pieces} == {2}


async def test_a_tool_call_streams_no_answer() -> None:
    pieces, _ = await streamed(
        {"next_node": "echo", "args": {"text": "not an answer"}},
        {"next_node": "final_response", "args": {"answer": "yes"}},
    )
    assert "".join(piece for piece, _ in pieces) == "yes"


async def test_a_tool_argument_called_answer_is_no_answer() -> None:
    reply = '{"args": {"text": "x", "answer": "not this"}, "next_node": "echo"}'
    pieces, _ = await streamed(reply, answer("this"))
    assert "".join(piece for piece, _ in pieces) == "this"


async def test_a_thought_is_streamed_as_an_observation_of_the_model() -> None:
    heard, model = Heard(), Streaming(call("echo", "I should look first"), answer("done"))
    planner, _ = planner_with(model=model, event_callback=heard, stream_final_response=True)
    await planner.run("q")
    told = [
        event.extra["text"] for event in heard.of("llm_stream_chunk") if event.extra["phase"] == "observation"
    ]
    assert "".join(told).startswith("I should look first")


async def test_a_revision_is_streamed_under_its_own_phase_and_number() -> None:
    critiques = [{"score": score, "passed": False, "feedback": "f"} for score in (0.1, 0.9)]
    heard = Heard()
    model = Streaming(answer("weak"), answer("strong"), reflection_critique=critiques)
    planner, _ = planner_with(
        model=model,
        event_callback=heard,
        stream_final_response=True,
        reflection_config=ReflectionConfig(enabled=True),
    )
    await planner.run("q")
    told = [event for event in heard.of("llm_stream_chunk") if event.extra["phase"] == "revision"]
    assert "".join(event.extra["text"] for event in told) == "strong"
    assert len({event.extra["revision_idx"] for event in told}) == 1
    answers = [e.extra["text"] for e in heard.of("llm_stream_chunk") if e.extra["phase"] == "answer"]
    assert "".join(answers) == "weak"


async def test_a_client_is_streamed_only_when_the_planner_is_told_so() -> None:
    _, quiet = await streamed(answer(), stream_final_response=False)
    assert [(asked.stream, asked.on_stream_chunk) for asked in quiet.asked] == [(False, None)]
    _, loud = await streamed(answer())
    assert [asked.stream for asked in loud.asked] == [True]
    assert loud.asked[0].on_stream_chunk is not None


async def test_a_client_without_the_keywords_works_with_streaming_on() -> None:
    planner, model = planner_with(model=PlainModel(call("echo"), answer("quiet")), stream_final_response=True)
    assert finished(await planner.run("q")).payload["raw_answer"] == "quiet"
    assert [asked.stream for asked in model.asked] == [False, False]


async def test_without_streaming_no_answer_pieces_are_told() -> None:
    pieces, _ = await streamed(answer("whole"), stream_final_response=False)
    assert "".join(piece for piece, _ in pieces) == ""

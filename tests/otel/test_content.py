"""What is told of prompts, arguments, results and answers: nothing, unless it is wanted."""

from __future__ import annotations

import json

from penguiflow.sessions.projections.otel_content import ContentPolicy, loaded_content
from penguiflow.sessions.projections.otel_spans import spans_of
from penguiflow.sessions.projections.otel_values import SpanValue
from penguiflow.state.events import (
    ContentRef,
    EventBody,
    FlowHappened,
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    PlannerNoted,
    RunFailed,
    ToolFinished,
    ToolStarted,
)
from tests.fakes.history import answered, asked, person_asked, run_of

WORD = "xylophone"
TEXTS = {
    "p1": f"You are a {WORD}.",
    "p2": json.dumps({"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": "tea"}'}}
    ]}),
    "p3": json.dumps({"role": "tool", "tool_call_id": "c1", "content": "green"}),
    "r": f"All of the {WORD}",
    "t": json.dumps({"all": WORD}),
}  # fmt: skip
PROMPT = (
    ContentRef(content_id="p1", chars=9, role="system"),
    ContentRef(content_id="p2", chars=9, role="assistant", form="json"),
    ContentRef(content_id="p3", chars=9, role="tool", form="json"),
)
MODEL = ModelCalled(
    step=1,
    attempt=1,
    latency_ms=1.0,
    model="m",
    messages=PROMPT,
    reply="All of",
    reply_content=ContentRef(content_id="r", chars=99),
)
STARTED = ToolStarted(step=1, call_id="c1", tool="look", args={"q": WORD})
FINISHED = ToolFinished(
    step=1,
    call_id="c1",
    tool="look",
    result={"beginning": WORD},
    content=ContentRef(content_id="t", chars=99, form="json"),
)
EVERYWHERE: tuple[EventBody, ...] = (
    asked(f"What is a {WORD}?"),
    MODEL,
    ModelCalled(step=1, attempt=2, latency_ms=1.0, model="m", error=f"LLMError: no {WORD}", reply=WORD),
    STARTED,
    FINISHED,
    ToolStarted(step=1, call_id="c2", tool="look", args={"q": WORD}),
    ToolFinished(
        step=1, call_id="c2", tool="look", result=WORD, error=f"tool `look` raised No{WORD}: {WORD}"
    ),
    PlannerNoted(step=1, event="critique", detail={"feedback": WORD, "score": 0.5, "all": [WORD]}),
    FlowHappened(event="node_start", trace_id="t", node="n", detail={"payload": WORD}),
    FlowHappened(event="node_error", trace_id="t", node="n", detail={"exception": f"Bad('{WORD}')"}),
    person_asked(),
    PersonAsked(step=1, request_id="2", reason="await_input", prompt=WORD, payload={"question": WORD}),
    PersonAnswered(request_id="2", decision="respond", text=WORD, args={"text": WORD}),
)
WANTED = ContentPolicy(wanted=True, texts=TEXTS)


def told(span: SpanValue, name: str) -> object:
    text = span.attributes[name]
    assert isinstance(text, str)
    return json.loads(text)


def test_without_content_no_word_that_was_said_is_told() -> None:
    for end in (answered(WORD), RunFailed(code="llm_auth", message=WORD, hint=WORD)):
        spans = spans_of(run_of(*EVERYWHERE, end))

        assert len(spans) == 9
        assert WORD not in str(spans).replace(f"No{WORD}", "the name of an exception")


def test_with_content_a_run_tells_question_and_answer() -> None:
    (run,) = spans_of(run_of(asked("Why?"), answered("So.")), content=WANTED)

    assert told(run, "gen_ai.input.messages") == [
        {"role": "user", "parts": [{"type": "text", "content": "Why?"}]}
    ]
    assert told(run, "gen_ai.output.messages") == [
        {"role": "assistant", "parts": [{"type": "text", "content": "So."}]}
    ]


def test_with_content_a_model_call_tells_prompt_and_reply() -> None:
    chat, _ = spans_of(run_of(asked(), MODEL, answered()), content=WANTED)

    assert told(chat, "gen_ai.input.messages") == [
        {"role": "system", "parts": [{"type": "text", "content": "You are a xylophone."}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": {"q": "tea"}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "green"}]},
    ]
    assert told(chat, "gen_ai.output.messages") == [
        {"role": "assistant", "parts": [{"type": "text", "content": "All of the xylophone"}]}
    ]


def test_a_prompt_of_which_a_part_is_missing_is_left_out() -> None:
    some = ContentPolicy(wanted=True, texts={"p1": TEXTS["p1"]})
    chat, _ = spans_of(run_of(asked(), MODEL, answered()), content=some)

    assert "gen_ai.input.messages" not in chat.attributes
    assert told(chat, "gen_ai.output.messages") == [
        {"role": "assistant", "parts": [{"type": "text", "content": "All of"}]}
    ]


def test_with_content_a_tool_call_tells_arguments_and_the_whole_result() -> None:
    tool, _ = spans_of(run_of(asked(), STARTED, FINISHED, answered()), content=WANTED)
    beginning, _ = spans_of(
        run_of(asked(), STARTED, FINISHED, answered()), content=ContentPolicy(wanted=True)
    )

    assert told(tool, "gen_ai.tool.call.arguments") == {"q": WORD}
    assert told(tool, "gen_ai.tool.call.result") == {"all": WORD}
    assert told(beginning, "gen_ai.tool.call.result") == {"beginning": WORD}


def test_with_content_what_failed_tells_why() -> None:
    spans = spans_of(
        run_of(*EVERYWHERE, RunFailed(code="llm_auth", message="wrong key")),
        content=WANTED,
    )

    texts = [span.failure_text for span in spans if span.failed]
    assert texts == [f"LLMError: no {WORD}", f"tool `look` raised No{WORD}: {WORD}", None, "wrong key"]


async def test_the_texts_of_a_run_are_loaded_from_where_they_are_kept() -> None:
    asked_for: list[tuple[str, str]] = []

    async def load(session_id: str, content_id: str) -> str | None:
        asked_for.append((session_id, content_id))
        return TEXTS.get(content_id) if content_id != "p2" else None

    policy = await loaded_content(run_of(asked(), MODEL, FINISHED), load)

    assert policy.wanted is True
    assert policy.texts == {name: TEXTS[name] for name in ("p1", "p3", "r", "t")}
    assert asked_for == [("session-1", name) for name in ("p1", "p2", "p3", "r", "t")]

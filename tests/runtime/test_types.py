from __future__ import annotations

import pickle

import pytest
from pydantic import BaseModel

from penguiflow import WM, FinalAnswer, Headers, StreamChunk
from tests.fakes.flows import message


class Prompt(BaseModel):
    prompt: str


def test_two_messages_have_traces_of_their_own_and_stamps_that_do_not_go_back() -> None:
    first, second = message(), message()

    assert len(first.trace_id) == 32
    assert first.trace_id != second.trace_id
    assert first.ts <= second.ts


def test_a_derived_message_keeps_its_envelope_and_shares_the_meta_dict() -> None:
    original = message("a", deadline_s=9.0, meta={"k": 1})

    derived = original.model_copy(update={"payload": "b"})

    assert (derived.trace_id, derived.ts, derived.deadline_s) == (original.trace_id, original.ts, 9.0)
    assert derived.headers is original.headers
    assert derived.meta is original.meta


def test_an_attribute_that_the_envelope_lacks_is_read_from_the_payload() -> None:
    out = message(Prompt(prompt="hello"))

    assert out.prompt == "hello"
    assert out.payload.prompt == "hello"


def test_an_attribute_that_neither_has_is_an_error_that_names_both() -> None:
    out = message(Prompt(prompt="hello"))

    with pytest.raises(AttributeError, match=r"`Message` nor its payload `Prompt` has an attribute `promt`"):
        _ = out.promt
    assert not hasattr(out, "promt")


def test_an_envelope_attribute_wins_over_one_of_the_payload() -> None:
    inner = message("inner")

    outer = message(inner)

    assert outer.trace_id != inner.trace_id
    assert outer.payload is inner


def test_a_message_survives_pickling_and_copying() -> None:
    original = message(Prompt(prompt="x"), meta={"a": [1]})

    assert pickle.loads(pickle.dumps(original)) == original
    assert original.model_copy(deep=True) == original


def test_the_defaults_are_those_of_the_contract() -> None:
    assert Headers(tenant="t").model_dump() == {"tenant": "t", "topic": None, "priority": 0}
    assert StreamChunk(stream_id="s", seq=0, text="x").model_dump() == {
        "stream_id": "s",
        "seq": 0,
        "text": "x",
        "done": False,
        "meta": {},
    }
    assert WM(query="q").model_dump() == {
        "query": "q",
        "facts": [],
        "hops": 0,
        "budget_hops": 8,
        "tokens_used": 0,
        "budget_tokens": None,
        "confidence": 0.0,
    }
    assert FinalAnswer(text="t").citations == []

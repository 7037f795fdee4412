from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.remote import RemoteCallRequest, RemoteCallResult
from tests.fakes.flows import message, running
from tests.remote.agents import FakeAgent, calling, only


class Answer(BaseModel):
    text: str


class Nameless:
    def __str__(self) -> str:
        raise LookupError("no name")


class Opaque:
    def __str__(self) -> str:
        return "opaque"


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def circular() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


SIZES = {
    "text": ("größe", len('"größe"'.encode())),
    "lone surrogate": ("\ud800", len('""') + 3),
    "number": (12.5, 4),
    "object": ({"a": [1, None]}, len('{"a": [1, null]}')),
    "model": (Answer(text="x"), len('{"text":"x"}')),
    "model inside": ([Answer(text="x")], len('[{"text": "x"}]')),
    "no JSON": (Opaque(), len("opaque")),
    "not even text": (Nameless(), 0),
    "circular": (circular(), len("[[...]]")),
    "10,000 levels deep": (nested(10_000), 0),
    "huge": ("x" * 20_000_000, 20_000_002),
}


@pytest.mark.parametrize("case", SIZES)
async def test_the_size_of_any_payload_and_result_is_told_without_failing_the_call(case: str) -> None:
    value, expected = SIZES[case]

    async def answers(request: RemoteCallRequest) -> RemoteCallResult:
        return RemoteCallResult(value)

    flow, recorder = calling(FakeAgent(send=answers))

    async with running(flow):
        await flow.emit(message(value))
        assert await flow.fetch() is value

    facts = only(recorder, "remote_call_success").extra
    assert (facts["remote_request_bytes"], facts["remote_response_bytes"]) == (expected, expected)

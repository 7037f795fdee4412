from __future__ import annotations

import pytest

from penguiflow._bus.acks import Ack, ack_of, delivery_of


@pytest.mark.parametrize(
    ("data", "headers", "problem", "is_refused"),
    [
        (b'{"stream":"s","seq":7}', None, None, False),
        (b'{"stream":"s","seq":7,"duplicate":true}', {}, None, False),
        (b"", {"Status": "503"}, "no stream takes the subject", False),
        (
            b'{"error":{"code":400,"err_code":10054,"description":"too large"}}',
            None,
            "JetStream error 10054: too large",
            True,
        ),
        (
            b'{"error":{"code":503,"err_code":10077,"description":"full"}}',
            None,
            "JetStream error 10077: full",
            False,
        ),
        (b'{"seq":7}', None, "an answer without a stream: {'seq': 7}", False),
        (b"what?", None, "an answer that is no acknowledgement: b'what?'", False),
        (b"[]", None, "an answer that is no acknowledgement: b'[]'", False),
    ],
)
def test_an_answer_is_read(
    data: bytes, headers: dict[str, str] | None, problem: str | None, is_refused: bool
) -> None:
    assert ack_of(data, headers) == Ack(problem=problem, is_refused=is_refused)


@pytest.mark.parametrize(
    ("acks", "acknowledged", "failure", "is_refused"),
    [
        ({1: Ack(), 2: Ack(), 3: Ack()}, 3, None, False),
        ({}, 0, "silence", False),
        ({1: Ack(), 3: Ack()}, 1, "silence", False),
        ({1: Ack(), 2: Ack(problem="full"), 3: Ack()}, 1, "full", False),
        ({1: Ack(problem="large", is_refused=True), 2: Ack()}, 0, "large", True),
        ({2: Ack(problem="large", is_refused=True)}, 0, "silence", False),
    ],
)
def test_only_what_precedes_the_first_problem_is_acknowledged(
    acks: dict[int, Ack], acknowledged: int, failure: str | None, is_refused: bool
) -> None:
    delivery = delivery_of([1, 2, 3], acks, silence="silence")

    assert (delivery.acknowledged, delivery.is_refused) == (acknowledged, is_refused)
    assert (None if delivery.failure is None else str(delivery.failure)) == failure

from __future__ import annotations

from penguiflow._bus.buffer import Buffer
from penguiflow._bus.transport import Outgoing


def message(seq: int, size: int = 10) -> Outgoing:
    return Outgoing(
        seq=seq, message_id=f"m-{seq}", source="a", target="b", trace_id=None, body=b"x" * size, size=size
    )


def numbers(messages: list[Outgoing]) -> list[int]:
    return [each.seq for each in messages]


def test_what_is_looked_at_stays_until_it_is_removed() -> None:
    buffer = Buffer(max_items=10, max_bytes=1_000)
    for seq in range(5):
        buffer.append(message(seq))

    batch = buffer.oldest(max_items=3, max_bytes=1_000)
    assert (numbers(batch), len(buffer)) == ([0, 1, 2], 5)
    for each in batch:
        buffer.remove(each)

    assert numbers(buffer.oldest(max_items=10, max_bytes=1_000)) == [3, 4]


def test_a_batch_is_bounded_in_bytes_but_holds_at_least_one_message() -> None:
    buffer = Buffer(max_items=10, max_bytes=1_000)
    for seq, size in enumerate([300, 30, 30]):
        buffer.append(message(seq, size))

    assert numbers(buffer.oldest(max_items=10, max_bytes=100)) == [0]
    assert numbers(buffer.oldest(max_items=10, max_bytes=330)) == [0, 1]


def test_a_full_buffer_drops_as_many_of_its_oldest_as_are_needed() -> None:
    buffer = Buffer(max_items=3, max_bytes=100)

    assert [buffer.append(message(seq)) for seq in range(4)] == [False, False, False, True]
    assert buffer.append(message(4, size=85)) is True

    assert numbers(buffer.oldest(max_items=10, max_bytes=1_000)) == [3, 4]
    assert buffer.dropped == 3


def test_a_message_larger_than_the_buffer_is_dropped_alone() -> None:
    buffer = Buffer(max_items=3, max_bytes=100)
    buffer.append(message(1))

    assert buffer.append(message(2, size=101)) is True

    assert (len(buffer), buffer.dropped) == (1, 1)


def test_a_message_that_arrived_after_it_was_dropped_was_not_dropped() -> None:
    buffer = Buffer(max_items=2, max_bytes=100)
    one, two, three = message(1), message(2), message(3)
    for each in (one, two, three):
        buffer.append(each)
    assert buffer.dropped == 1

    buffer.remove(one)
    buffer.remove(two)

    assert buffer.dropped == 0
    assert numbers(buffer.oldest(max_items=10, max_bytes=100)) == [3]

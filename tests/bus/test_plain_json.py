from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, field_serializer

from penguiflow._bus.plain_json import plain_json


class Colour(Enum):
    BLUE = "blue"


class Level(IntEnum):
    HIGH = 3


class Ship(BaseModel):
    name: str
    built: date
    captain: SecretStr = SecretStr("herring")
    ledger: str = Field(default="private", exclude=True)

    @field_serializer("name")
    def shout(self, name: str) -> str:
        return name.upper()


@dataclass
class Fleet:
    ships: list[Ship]


class Unwritable(BaseModel):
    good: int = 1
    bad: int = 2

    @field_serializer("bad")
    def fail(self, bad: int) -> str:
        raise RuntimeError("no")


class Hostile:
    @property
    def __class__(self) -> Any:
        raise RuntimeError("no class")

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"a": [1, 2.5, None, True, "x"]}, {"a": [1, 2.5, None, True, "x"]}),
        ((1, frozenset({2})), [1, [2]]),
        (MappingProxyType({1: "one", None: "none"}), {"1": "one", "None": "none"}),
        (
            Fleet([Ship(name="Fram", built=date(1892, 10, 26))]),
            {"ships": [{"name": "FRAM", "built": "1892-10-26", "captain": "**********"}]},
        ),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        ([Colour.BLUE, Level.HIGH], ["blue", 3]),
        ([Decimal("1.5"), PurePosixPath("a/b")], ["1.5", "a/b"]),
        ([ValueError("no"), deque([1])], ["no", "deque([1])"]),
        (b"caf\xc3\xa9\xff", "café\ufffd"),
        ([float("inf"), float("nan")], ["inf", "nan"]),
        (Unwritable(), {"good": 1, "bad": 2}),
    ],
)
def test_a_value_has_a_json_form(value: object, plain: Any) -> None:
    assert plain_json(value) == plain


def test_values_that_cannot_even_be_looked_at_have_a_form() -> None:
    assert plain_json([Hostile(), {Hostile(): 1}]) == ["<Hostile>", {"<Hostile>": 1}]
    assert plain_json(10**5_000) == "an integer of 16610 bits"
    assert plain_json(Ship).startswith("<class")


def test_an_iterator_is_not_used_up() -> None:
    class Holder(BaseModel):
        items: Any

    def numbers() -> Iterator[int]:
        yield from range(3)

    bare, held = numbers(), numbers()

    plain_json([bare, Holder(items=held)])

    assert (list(bare), list(held)) == ([0, 1, 2], [0, 1, 2])


def test_values_that_contain_themselves_come_to_an_end() -> None:
    twice: list[Any] = []
    twice += [twice, twice]
    model = Unwritable()
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = [deep]

    assert plain_json(twice) == ["… (contains itself)", "… (contains itself)"]
    assert plain_json([model, model]) == [{"good": 1, "bad": 2}] * 2
    assert "nested too deeply" in json.dumps(plain_json(deep))


def test_the_form_is_cut_to_about_the_size_asked_for() -> None:
    value = {"text": "x" * 500, "numbers": list(range(10_000)), "more": ["y" * 50] * 100}

    text = json.dumps(plain_json(value, max_chars=300))
    numbers = json.dumps(plain_json(list(range(10_000)), max_chars=300))

    assert 250 < len(text) < 400
    assert 250 < len(numbers) < 600


Anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(Anything)
def test_every_form_can_be_written_as_strict_json(value: Any) -> None:
    json.dumps(plain_json(value), allow_nan=False)

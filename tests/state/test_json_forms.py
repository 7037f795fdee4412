"""The JSON form of what a planner gives a store to keep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from threading import Lock

import pytest
from pydantic import BaseModel

from penguiflow.state._json_forms import json_form, planner_event_json, trajectory_json
from penguiflow.state.errors import StoreError


class Model(BaseModel):
    day: date
    anything: object = None


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    lock: object = None


@dataclass(frozen=True)
class Telling(Point):
    def serialise(self) -> dict[str, object]:
        return {"told": self.x}

    def to_payload(self) -> dict[str, object]:
        return {"payload": self.x}


class Paying:
    def to_payload(self) -> dict[str, object]:
        return {"payload": 1}


class Silent:
    def serialise(self) -> str:
        return "not a mapping"


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"a": 1}, {"a": 1}),
        (Telling(2), {"told": 2}),
        (Model(day=date(2026, 1, 2)), {"day": "2026-01-02", "anything": None}),
        (Point(3), {"x": 3, "lock": None}),
        (Paying(), {"payload": 1}),
        (Silent(), None),
        (Point, None),
        ("text", None),
    ],
)
def test_the_form_is_what_a_value_tells_best(value: object, form: object) -> None:
    assert json_form(value) == form


def test_values_within_are_told_the_same_way_and_others_as_their_text() -> None:
    lock = Lock()
    value = {"point": Point(1, lock), "days": [Model(day=date(2026, 1, 2), anything=lock)], "set": {1}}

    told = json.loads(trajectory_json("trace", value))

    assert told["point"] == {"x": 1, "lock": str(lock)}
    assert told["days"] == [{"day": "2026-01-02", "anything": str(lock)}]
    assert told["set"] == "{1}"


def test_the_text_is_ascii_whatever_a_model_said() -> None:
    assert trajectory_json("trace", {"a": "\ud800\0ü"}) == '{"a": "\\ud800\\u0000\\u00fc"}'


def test_a_value_that_tells_nothing_is_refused_by_its_trace_and_type() -> None:
    with pytest.raises(StoreError, match="trajectory of trace `t-1` cannot be stored: `Silent`"):
        trajectory_json("t-1", Silent())
    with pytest.raises(StoreError, match="a planner event of trace `t-1` cannot be stored: `str`"):
        planner_event_json("t-1", "text")


def test_a_value_without_end_and_a_key_that_is_no_text_are_refused() -> None:
    endless: dict[str, object] = {}
    endless["self"] = endless

    for value in (endless, {"a": {(1, 2): 3}}):
        with pytest.raises(StoreError, match="cannot be stored"):
            trajectory_json("t-1", value)

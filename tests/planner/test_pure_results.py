"""What the model reads of a result, and what its author marked in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from penguiflow.planner import ObservationGuardrailConfig
from penguiflow.planner._json import json_text
from penguiflow.planner._rules.marked_fields import (
    artifact_fields,
    merged_sources,
    sources_in,
    without_artifacts,
)
from penguiflow.planner._rules.observation import clamp, shortened

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.sampled_from(['"\\' * 500, "ä" * 2_000, "\x00" * 300]),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=40), inner, max_size=6),
    max_leaves=40,
)


@settings(max_examples=200, deadline=None)
@given(value=JSON, chars=st.integers(100, 3_000))
def test_a_shortened_value_has_at_most_so_many_characters(value: Any, chars: int) -> None:
    shorter = shortened(value, chars)
    assert len(json_text(shorter)) <= chars
    if len(json_text(value)) <= chars:
        assert shorter == value
    json.loads(json_text(shorter))


@settings(max_examples=100, deadline=None)
@given(
    value=JSON,
    most=st.integers(1_000, 2_000),
    field=st.integers(100, 2_000),
    keeps=st.booleans(),
)
def test_a_clamped_observation_keeps_its_promise(value: Any, most: int, field: int, keeps: bool) -> None:
    config = ObservationGuardrailConfig(
        max_observation_chars=most, max_field_chars=field, preserve_structure=keeps
    )
    size = len(json_text(value))
    clamped = clamp(value, size, config)
    assert (clamped is None) is (size <= most)
    if clamped is not None:
        assert clamped.original_chars == size
        assert clamped.clamped_chars == len(json_text(clamped.observation)) <= most


@pytest.mark.parametrize(
    ("value", "shorter"),
    [
        ({"a": "x" * 300, "b": 1}, {"a": "x" * 100 + "... [200 characters left out]", "b": 1}),
        (list(range(500)), [*range(20), "... (480 more items)"]),
        ("y" * 300, "y" * 100 + "... [200 characters left out]"),
    ],
)
def test_what_is_left_out_is_counted(value: Any, shorter: Any) -> None:
    assert shortened(value, 200) == shorter


def test_a_value_nobody_can_shorten_is_shown_from_its_beginning() -> None:
    shorter = shortened({f"key {number}": {"deep": [1.5] * 9} for number in range(500)}, 120)
    assert shorter.keys() == {"preview", "left_out"} or "..." in shorter
    assert len(json_text(shorter)) <= 120


class Link(BaseModel):
    model_config = {"json_schema_extra": {"produces_sources": True}}
    title: str | None
    url: str | None = None
    text: str = Field(default="", json_schema_extra={"source_field": "snippet"})
    relevance_score: Any = None


class Page(BaseModel):
    body: str = Field(default="", json_schema_extra={"artifact": True})
    picture: dict[str, Any] | None = Field(default=None, json_schema_extra={"artifact": True})
    caption: str = Field(default="", json_schema_extra={"artifact": "yes"})
    best: Link | None = None
    links: list[Link] = []
    by_name: dict[str, Link] = {}


class Plain(BaseModel):
    title: str = ""


def test_only_marked_fields_are_artifacts() -> None:
    assert artifact_fields(Page) == ("body", "picture")
    assert artifact_fields(Plain) == ()


def test_a_note_stands_for_each_artifact_that_is_there() -> None:
    shown = without_artifacts({"body": "x" * 9, "picture": {"a": 1}, "caption": "c"}, ["body", "picture"])
    assert shown == {"body": "<artifact:str size=9>", "picture": "<artifact:dict size=7>", "caption": "c"}
    assert without_artifacts({"body": "x", "picture": None}, ["picture", "gone"]) == {
        "body": "x",
        "picture": None,
    }


def test_sources_are_found_wherever_they_stand_each_once() -> None:
    first, second = Link(title="one", url="u", text="t"), Link(title="two")
    page = Page(best=first, links=[second, first], by_name={"x": Link(title="three", relevance_score=0.5)})
    assert sources_in(page) == [
        {"title": "one", "url": "u", "snippet": "t", "relevance_score": None},
        {"title": "two", "url": None, "snippet": "", "relevance_score": None},
        {"title": "three", "url": None, "snippet": "", "relevance_score": 0.5},
    ]
    assert sources_in(first)[0]["title"] == "one"


def test_what_cannot_be_named_is_no_source() -> None:
    assert sources_in(Page(best=Link(title=None), links=[Link(title="t", relevance_score="odd")])) == []
    assert sources_in(Plain(title="no source")) == []


SOURCES = st.lists(
    st.fixed_dictionaries(
        {"title": st.sampled_from("ab"), "url": st.sampled_from([None, "u"]), "snippet": st.none()},
        optional={"relevance_score": st.floats(0, 1)},
    )
)


@given(SOURCES, SOURCES)
def test_merging_keeps_the_first_of_the_same_sources(
    known: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    merged = merged_sources(known, more)
    names = [(source["title"], source["url"]) for source in merged]
    assert len(set(names)) == len(names)
    assert set(names) == {(source["title"], source["url"]) for source in [*known, *more]}
    assert merged == merged_sources(merged, [*known, *more])
    if known:
        assert merged[0] is known[0]

"""Section 11: what a tool marks as artifact or source, and where it is found afterwards."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from penguiflow.catalog import tool
from tests.contract.planner.fakes_a import Ran, Text, both, end, run, use

PIXELS = "p" * 5_000


class Chart(BaseModel):
    caption: str
    pixels: str = Field(json_schema_extra={"artifact": True})


class Page(BaseModel):
    model_config = ConfigDict(json_schema_extra={"produces_sources": True})

    title: str
    url: str | None = None
    snippet: str | None = None
    relevance_score: float | None = None


class Pages(BaseModel):
    pages: list[Page] = []


class Paper(BaseModel):
    model_config = ConfigDict(json_schema_extra={"produces_sources": True})

    heading: str = Field(json_schema_extra={"source_field": "title"})
    link: str = Field(json_schema_extra={"source_field": "url"})
    excerpt: str = Field(default="", json_schema_extra={"source_field": "snippet"})


def giving(value: BaseModel, name: str = "give") -> Any:
    async def give(args: Text, ctx: Any) -> Any:
        return value

    give.__name__ = name
    give.__annotations__["return"] = type(value)
    return tool(desc=f"Gives {name}")(give)


def chart(name: str = "draw", pixels: str = PIXELS) -> Any:
    return giving(Chart(caption="penguins per year", pixels=pixels), name)


async def drawn(*replies: Any) -> Ran:
    return await run(*(replies or (use("draw"), end())), catalog=[chart(), chart("draw_too", "q" * 4_000)])


async def test_the_model_reads_a_mark_in_place_of_an_artifact() -> None:
    ran = await drawn()
    observation = ran.requests[1].last["observation"]
    assert observation["caption"] == "penguins per year"
    assert re.fullmatch(r"<artifact:[^ ]+ size=\d+>", observation["pixels"])
    assert PIXELS not in ran.requests[1].text


async def test_the_step_holds_the_artifact_and_what_the_model_read() -> None:
    (step,) = (await drawn()).steps
    assert step["observation"] == {"caption": "penguins per year", "pixels": PIXELS}
    assert step["llm_observation"]["pixels"].startswith("<artifact:")


async def test_the_event_of_the_result_tells_the_mark() -> None:
    (event,) = (await drawn()).events.of("tool_call_result")
    assert PIXELS not in event.extra["result_json"]
    assert json.loads(event.extra["result_json"])["caption"] == "penguins per year"


async def test_artifacts_are_collected_by_tool_and_field() -> None:
    ran = await drawn(use("draw"), use("draw_too"), end())
    collected = {"draw": {"pixels": PIXELS}, "draw_too": {"pixels": "q" * 4_000}}
    assert ran.result.payload["artifacts"] == collected
    assert ran.result.metadata["artifacts"] == collected


async def test_artifacts_of_branches_are_collected_and_marked_too() -> None:
    ran = await drawn(both(use("draw"), use("draw_too")), end())
    assert ran.result.payload["artifacts"].keys() == {"draw", "draw_too"}
    assert PIXELS not in ran.requests[1].text


async def test_collected_artifacts_replace_those_the_model_named() -> None:
    ran = await drawn(use("draw"), end("x", artifacts={"invented": {"by": "the model"}}))
    assert ran.result.payload["artifacts"] == {"draw": {"pixels": PIXELS}}


async def test_artifacts_the_model_named_stay_when_none_were_collected() -> None:
    ran = await drawn(end("x", artifacts={"mine": {"a": 1}}))
    assert ran.result.payload["artifacts"] == {"mine": {"a": 1}}


async def test_artifacts_are_registered_under_a_name_of_their_own() -> None:
    ran = await drawn(use("draw"), use("draw_too"), end())
    registry = ran.result.metadata["trajectory_metadata"]["artifact_registry"]
    assert registry.keys() >= {"counter", "records"}
    assert registry["counter"] == 2
    assert len(registry["records"]) == 2
    assert all(re.search(r"artifact_\d+", json.dumps(record)) for record in named(registry["records"]))


def named(records: Any) -> list[Any]:
    return [[key, record] for key, record in records.items()] if isinstance(records, dict) else list(records)


async def test_a_result_without_artifacts_has_none() -> None:
    ran = await run(use("give"), end(), catalog=[giving(Pages())])
    assert ran.result.payload["artifacts"] == {}
    assert ran.result.metadata["artifacts"] == {}


async def sources(value: BaseModel, *replies: Any) -> list[dict[str, Any]]:
    ran = await run(*(replies or (use("give"), end())), catalog=[giving(value)])
    assert ran.result.payload["sources"] == ran.result.metadata["sources"]
    found: list[dict[str, Any]] = ran.result.payload["sources"]
    return found


FULL: dict[str, Any] = {
    "title": "Penguins",
    "url": "https://p.example",
    "snippet": "black and white",
    "relevance_score": 0.5,
}


async def test_a_result_may_be_a_source() -> None:
    assert await sources(Page(**FULL)) == [FULL]


async def test_the_parts_of_a_result_may_be_sources() -> None:
    found = await sources(Pages(pages=[Page(title="a"), Page(title="b", url="https://b.example")]))
    assert [(source["title"], source["url"]) for source in found] == [("a", None), ("b", "https://b.example")]


async def test_fields_of_other_names_may_be_marked() -> None:
    (found,) = await sources(Paper(heading="On penguins", link="https://p.example", excerpt="they swim"))
    assert found == {
        "title": "On penguins", "url": "https://p.example", "snippet": "they swim", "relevance_score": None,
    }  # fmt: skip


async def test_the_same_source_is_named_once() -> None:
    page = Page(title="a", url="https://a.example", snippet="s", relevance_score=0.1)
    again = page.model_copy(update={"relevance_score": 0.9})
    other = page.model_copy(update={"snippet": "t"})
    found = await sources(Pages(pages=[page, again, other]), use("give"), use("give", text="b"), end())
    assert [source["snippet"] for source in found] == ["s", "t"]


async def test_sources_of_several_calls_and_branches_are_collected() -> None:
    catalog = [giving(Page(title="a"), "first"), giving(Page(title="b"), "second")]
    ran = await run(use("second"), both(use("first"), use("second")), end(), catalog=catalog)
    assert sorted(source["title"] for source in ran.result.payload["sources"]) == ["a", "b"]


async def test_collected_sources_replace_those_the_model_named() -> None:
    (found,) = await sources(Page(title="real"), use("give"), end("x", sources=[{"title": "invented"}]))
    assert found["title"] == "real"


async def test_sources_the_model_named_stay_when_none_were_collected() -> None:
    ran = await run(end("x", sources=[{"title": "said"}]))
    assert [source["title"] for source in ran.result.payload["sources"]] == ["said"]


class Unmarked(BaseModel):
    title: str
    url: str


async def test_a_result_that_is_not_marked_is_no_source() -> None:
    assert await sources(Unmarked(title="a", url="https://a.example")) == []


@pytest.mark.parametrize("reply", [use("give"), both(use("give"))], ids=["alone", "as a branch"])
async def test_the_model_reads_sources_as_they_are(reply: dict[str, Any]) -> None:
    ran = await run(reply, end(), catalog=[giving(Page(**FULL))])
    assert "black and white" in ran.requests[1].messages[-1]["content"]

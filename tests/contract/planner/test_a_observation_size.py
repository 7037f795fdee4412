"""Section 11: how much of a result the model reads, and where the rest stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from penguiflow import InMemoryArtifactStore, NoOpArtifactStore
from penguiflow.catalog import tool
from penguiflow.planner.models import ObservationGuardrailConfig
from tests.contract.planner.fakes_a import Ran, Text, both, end, run, use


class Table(BaseModel):
    title: str = "t"
    rows: list[Any] = []
    note: str = ""


def giving(table: Table) -> Any:
    @tool(desc="Reads a table")
    async def table_of(args: Text, ctx: Any) -> Table:
        return table

    return table_of


async def read(table: Table, guardrail: ObservationGuardrailConfig | None = None, **options: Any) -> Ran:
    return await run(
        use("table_of"), end(), catalog=[giving(table)], observation_guardrail=guardrail, **options
    )


def shown(ran: Ran) -> Any:
    return ran.requests[1].last["observation"]


def size(value: Any) -> int:
    return len(json.dumps(value))


def test_the_limits_have_their_defaults() -> None:
    config = ObservationGuardrailConfig()
    assert (config.max_observation_chars, config.max_field_chars) == (50_000, 10_000)
    assert (config.preserve_structure, config.auto_artifact_threshold, config.preview_length) == (
        True,
        20_000,
        500,
    )
    assert "{truncated_chars}" in config.truncation_suffix


@pytest.mark.parametrize("limit", [{"max_observation_chars": 999}, {"max_field_chars": 99}])
def test_limits_below_the_least_are_refused(limit: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        ObservationGuardrailConfig(**limit)  # type: ignore[arg-type]  # integers all
    ObservationGuardrailConfig(**{key: value + 1 for key, value in limit.items()})  # type: ignore[arg-type]


async def test_a_result_within_the_limit_is_shown_as_it_is() -> None:
    table = Table(note="x" * 40_000)
    ran = await read(table)
    assert shown(ran) == table.model_dump()
    assert ran.events.of("observation_clamped") == []


async def test_a_long_field_alone_is_no_reason_to_cut() -> None:
    table = Table(note="x" * 20_000)
    assert shown(await read(table)) == table.model_dump()


LARGE = {
    "a long text": Table(note="x" * 90_000),
    "many rows": Table(rows=[f"row {n}" for n in range(9_000)]),
    "twenty long rows": Table(rows=["x" * 3_000] * 20),
    "many long rows": Table(rows=["x" * 3_000] * 200),
    "deep rows": Table(rows=[{"a": {"b": ["x" * 500] * 30}}] * 30),
    "many keys": Table(rows=[{f"key {n}": n for n in range(9_000)}]),
    "many numbers": Table(rows=list(range(20_000))),
}


@pytest.mark.parametrize("limit", [1_000, 5_000, 50_000])
@pytest.mark.parametrize("table", LARGE.values(), ids=LARGE)
async def test_what_the_model_reads_is_bounded(table: Table, limit: int) -> None:
    ran = await read(table, ObservationGuardrailConfig(max_observation_chars=limit))
    assert size(shown(ran)) <= limit


@pytest.mark.parametrize("store", [None, NoOpArtifactStore()], ids=["no store", "a store that keeps nothing"])
@pytest.mark.parametrize("table", LARGE.values(), ids=LARGE)
async def test_nothing_is_lost_without_a_store(table: Table, store: Any) -> None:
    ran = await read(table, artifact_store=store)
    assert ran.steps[0]["observation"] == table.model_dump()
    assert size(shown(ran)) <= 50_000


async def test_without_a_store_the_result_is_cut_and_says_so() -> None:
    ran = await read(Table(title="kept", note="x" * 90_000))
    assert shown(ran)["title"] == "kept"
    assert shown(ran)["note"].startswith("xxx")
    assert len(shown(ran)["note"]) < 90_000
    assert not shown(ran)["note"].endswith("x" * 100)
    (event,) = ran.events.of("observation_clamped")
    assert event.extra["method"] == "truncate"


async def test_the_words_of_a_cut_can_be_chosen() -> None:
    config = ObservationGuardrailConfig(truncation_suffix=" (and {truncated_chars} more)")
    text = shown(await read(Table(note="x" * 90_000), config))["note"]
    left = len(text.split(" (and ")[0])
    assert text.endswith(f" (and {90_000 - left} more)")


async def test_the_cut_is_told() -> None:
    table = Table(note="x" * 90_000)
    ran = await read(table)
    (event,) = ran.events.of("observation_clamped")
    assert event.node_name == "table_of"
    assert event.extra.keys() >= {"original_size", "clamped_size", "method", "reduction_pct"}
    assert event.extra["original_size"] >= 90_000
    assert event.extra["clamped_size"] == pytest.approx(size(shown(ran)), rel=0.05)
    assert 0 < event.extra["reduction_pct"] <= 100


async def test_with_a_store_the_result_is_kept_there_and_a_preview_is_shown() -> None:
    store, table = InMemoryArtifactStore(), Table(note="x" * 90_000)
    ran = await read(table, artifact_store=store)
    assert shown(ran).keys() == {"artifact", "summary", "preview"}
    assert len(shown(ran)["preview"]) <= 600
    kept = await store.get(shown(ran)["artifact"]["id"])
    assert kept is not None
    assert json.loads(kept) == table.model_dump()
    assert shown(ran)["artifact"]["id"].startswith("observation.table_of")
    (event,) = ran.events.of("observation_clamped")
    assert event.extra["method"] == "artifact"


async def test_the_length_of_the_preview_can_be_chosen() -> None:
    config = ObservationGuardrailConfig(preview_length=50)
    ran = await read(Table(note="x" * 90_000), config, artifact_store=InMemoryArtifactStore())
    assert len(shown(ran)["preview"]) <= 150


async def test_below_the_threshold_a_result_is_cut_and_not_stored() -> None:
    store = InMemoryArtifactStore()
    config = ObservationGuardrailConfig(max_observation_chars=1_000)
    ran = await read(Table(note="x" * 15_000), config, artifact_store=store)
    assert store.count == 0
    assert size(shown(ran)) <= 1_000
    assert ran.events.of("observation_clamped")[0].extra["method"] == "truncate"


async def test_a_threshold_of_zero_stores_nothing() -> None:
    store = InMemoryArtifactStore()
    config = ObservationGuardrailConfig(auto_artifact_threshold=0)
    ran = await read(Table(note="x" * 90_000), config, artifact_store=store)
    assert store.count == 0
    assert size(shown(ran)) <= 50_000


async def test_the_results_of_branches_are_bounded_too() -> None:
    table = Table(rows=["x" * 3_000] * 40)
    ran = await run(both(use("table_of"), use("table_of", text="b")), end(), catalog=[giving(table)])
    branches = ran.requests[1].last["observation"]["branches"]
    assert all(size(branch["observation"]) <= 50_000 for branch in branches)
    assert len(ran.events.of("observation_clamped")) == 2
    assert [b["observation"] for b in ran.steps[0]["observation"]["branches"]] == [table.model_dump()] * 2

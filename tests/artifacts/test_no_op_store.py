"""The store that keeps nothing says so."""

from __future__ import annotations

import logging

import pytest

from penguiflow.artifacts import NoOpArtifactStore


async def test_nothing_can_be_read_back() -> None:
    store = NoOpArtifactStore()
    ref = await store.put_bytes(b"abc", namespace="x")

    assert ref.id.startswith("x_")
    assert await store.get(ref.id) is None
    assert await store.get_ref(ref.id) is None
    assert await store.exists(ref.id) is False
    assert await store.delete(ref.id) is False


async def test_the_ref_of_bytes_says_that_they_are_lost() -> None:
    ref = await NoOpArtifactStore().put_bytes(b"abc", meta={"tool": "download"})

    assert ref.size_bytes == 3
    assert (ref.source["tool"], ref.source["truncated"], ref.source["original_size"]) == ("download", True, 3)
    assert "not stored" in ref.source["warning"]
    assert "preview" not in ref.source


@pytest.mark.parametrize(
    ("text", "preview", "truncated"), [("abcdef", "abc", True), ("abc", "abc", False), ("", "", False)]
)
async def test_the_ref_of_a_text_shows_its_beginning(text: str, preview: str, *, truncated: bool) -> None:
    ref = await NoOpArtifactStore(max_inline_preview=3).put_text(text)

    assert (ref.source["preview"], ref.source["truncated"]) == (preview, truncated)
    assert ref.source["original_size"] == len(text)


async def test_each_instance_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="penguiflow.artifacts")
    one, two = NoOpArtifactStore(), NoOpArtifactStore()

    for store in (one, one, two):
        await store.put_text("text")
        await store.put_bytes(b"bytes")

    assert [record.name for record in caplog.records] == ["penguiflow.artifacts"] * 2
